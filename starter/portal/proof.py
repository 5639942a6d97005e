"""Proving who comes: the code sent to the contact and, when several share it, one question."""

from fastapi import APIRouter
from fastapi.responses import Response

from domain import identity, pins
from domain.contracts.submissions import IdentitySubmission, PinSubmission, ResendRequest
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import Channel, Question, Step
from domain.rules import InvalidInput
from starter.portal import places, uniform
from starter.portal.answers import onward, stamp, submit, wish
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Elsewhere, Visit
from starter.web.forms import Form
from starter.web.view import Errors

router = APIRouter()


@router.get("/pin")
async def pin(visit: AnyVisit) -> Response:
    place = await visit.place_on("/pin")
    if place.veiled:
        return await uniform.page(visit, place)
    return await _pin_page(visit, place)


@router.post("/pin")
async def pin_given(visit: AnyVisit) -> Response:
    form = await visit.form()
    try:
        digits = pins.read(form.get("pin"))
    except InvalidInput as invalid:
        place = await visit.place_on("/pin")
        errors = {"pin": [visit.words.rule(invalid.rule)]}
        if place.veiled:
            return await uniform.page(visit, place, errors)
        return await _pin_page(visit, place, errors)
    submission = PinSubmission(**await stamp(visit, form), pin=digits)
    if visit.uniform:
        return await uniform.given(visit, await visit.place_on("/pin"), submission)
    answer = await submit(visit, "submit_pin", submission)
    if answer.verdict is not Verdict.ACCEPTED:
        return await _pin_not_taken(visit, answer)
    # What this cookie is worth has just risen: a copy of the old one must not rise with it.
    await visit.rotate()
    return await onward(visit, answer, leaves={Step.PIN})


@router.post("/pin/resend")
async def pin_again(visit: AnyVisit) -> Response:
    form = await visit.form()
    channel = form.get("channel")
    if channel not in list(Channel):
        raise Elsewhere("/pin")
    request = ResendRequest(**await wish(visit, form), channel=Channel(channel))
    if visit.uniform:
        return await uniform.again(visit, await visit.place_on("/pin"), request)
    answer = await submit(visit, "resend_pin", request)
    if answer.verdict is Verdict.ACCEPTED:
        return visit.see("/pin?sent")
    return await _pin_not_taken(visit, answer)


@router.get("/identify")
async def identify(visit: AnyVisit) -> Response:
    return _identify_page(visit, await visit.place_on("/identify"))


@router.post("/identify")
async def identified(visit: AnyVisit) -> Response:
    form = await visit.form()
    try:
        answered = identity.read(await _asked(visit, form), form.get("answer"))
    except InvalidInput as invalid:
        place = await visit.place_on("/identify")
        return _identify_page(visit, place, {"answer": [visit.words.rule(invalid.rule)]})
    submission = IdentitySubmission(**await stamp(visit, form), answer=answered)
    answer = await submit(visit, "identify", submission)
    view = answer.progress.identify
    if answer.verdict is Verdict.WRONG and view and view.tries_left:
        errors = {"answer": [visit.words.wrong_answer(view.tries_left)]}
        return _identify_page(visit, places.of(answer.progress), errors)
    await visit.rotate()
    return await onward(visit, answer, leaves={Step.IDENTIFY})


async def _asked(visit: Visit, form: Form) -> Question:
    """Return the question the form was shown with, so that no worker is needed to read it."""
    if form.get("question") in list(Question):
        return Question(form.get("question"))
    place = await visit.place_on("/identify")
    assert place.progress is not None  # noqa: S101 - without both this is not the place
    assert place.progress.identify is not None  # noqa: S101 - as above
    return place.progress.identify.question


def _identify_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    return visit.page("identify", place=place, errors=errors)


async def _pin_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    view = place.progress.pin if place.progress else None
    now = await visit.now()
    locked_until = view.locked_until if view else None
    over = view and view.expires_at and (view.expires_at <= now or not view.tries_left)
    return visit.page(
        "pin",
        place=place,
        view=view,
        typed=None if view else await visit.typed(place.reference),
        errors=errors,
        sent="sent" in visit.request.query_params,
        locked_until=visit.clock(locked_until) if locked_until and locked_until > now else None,
        expired=over,
        none_sent=view and view.spent and (over or not view.expires_at),
        resend_later=view and view.resend_at and view.resend_at > now,
        notice=visit.words.wait(place.step, place.wait_reason),
    )


async def _pin_not_taken(visit: Visit, answer: Answer) -> Response:
    place = await places.with_reason(visit.parts.engine, places.of(answer.progress))
    return await _pin_page(visit, place, _pin_refused(visit, answer))


def _pin_refused(visit: Visit, answer: Answer) -> Errors:
    """Say why a PIN, or the wish for a new one, was not taken."""
    view = answer.progress.pin
    words = visit.words
    if view and view.locked_until and answer.verdict is Verdict.LOCKED:
        return {"pin": [words.locked_pin(visit.clock(view.locked_until))]}
    if view and view.resend_at and answer.verdict is Verdict.TOO_SOON:
        return {"resend": [words.too_soon(visit.clock(view.resend_at, seconds=True))]}
    if view and answer.verdict is Verdict.WRONG:
        return {"pin": [words.wrong_pin(view.tries_left)]}
    return {"pin": [words.expired_pin()]}
