"""Proving who comes: the code sent to the contact and, when several share it, one question."""

from datetime import UTC, date, datetime

from fastapi import APIRouter
from fastapi.responses import Response

from domain import identity, pins
from domain.contracts.submissions import IdentitySubmission, PinSubmission, ResendRequest
from domain.contracts.views import Answer, PinView, Verdict
from domain.contracts.vocabulary import Channel, Question, Step
from domain.rules import InvalidInput, Rule
from ledger.budgets import Taken
from starter.portal import places, second, uniform
from starter.portal.answers import onward, stamp, submit, wish
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Elsewhere, Visit
from web.forms import Form
from web.view import Errors

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
        return await _pin_once_more(visit, {"pin": [visit.words.rule(invalid.rule)]})
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
    typed = form.get("answer").strip()
    answers = identity.readings(typed, _today())
    if typed and not answers:
        return await _pin_once_more(visit, {"answer": [visit.words.rule(Rule.IDENTITY_SECOND)]})
    request = ResendRequest(**await wish(visit, form), channel=Channel(channel), answers=answers)
    if visit.uniform:
        return await uniform.again(visit, await visit.place_on("/pin"), request, form)
    tries = await second.take(visit, form) if answers else Taken(0)
    if tries.opens:
        text = visit.words.no_more_answers(visit.clock(tries.opens))
        return await _pin_once_more(visit, {"answer": [text]})
    answer = await submit(visit, "resend_pin", request)
    if answer.verdict is Verdict.ACCEPTED:
        return visit.see("/pin?sent")
    return await _not_sent(visit, answer, request, tries.left)


@router.get("/identify")
async def identify(visit: AnyVisit) -> Response:
    return _identify_page(visit, await visit.place_on("/identify"))


@router.post("/identify")
async def identified(visit: AnyVisit) -> Response:
    form = await visit.form()
    try:
        answered = identity.read(await _asked(visit, form), form.get("answer"), _today())
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


def _today() -> date:
    return datetime.now(UTC).date()


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


async def _pin_once_more(visit: Visit, errors: Errors) -> Response:
    place = await visit.place_on("/pin")
    if place.veiled:
        return await uniform.page(visit, place, errors)
    return await _pin_page(visit, place, errors)


async def _pin_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    view = place.progress.pin if place.progress else None
    now = await visit.now()
    locked_until = view.locked_until if view else None
    over = view and view.expires_at and (view.expires_at <= now or not view.tries_left)
    kept_at = _kept_at(view, now)
    if errors and "answer" in errors and kept_at != now:
        errors = {"resend": errors["answer"]}  # The page has no field for it.
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
        kept_now=kept_at == now,
        kept_from=kept_at if kept_at != now else None,
        notice=visit.words.wait(place.step, place.wait_reason),
    )


def _kept_at(view: PinView | None, now: datetime) -> datetime | None:
    """Return from when the kept message may go; None where it is not needed, or does not help."""
    if view is None or view.kept_at is None or view.resend_at is None:
        return None
    at = max(view.kept_at, now)
    return at if at < view.resend_at else None


async def _pin_not_taken(visit: Visit, answer: Answer) -> Response:
    return await _refused_page(visit, answer, _pin_refused(visit, answer))


async def _refused_page(visit: Visit, answer: Answer, errors: Errors) -> Response:
    place = await places.with_reason(visit.parts.engine, places.of(answer.progress))
    return await _pin_page(visit, place, errors)


def _pin_refused(visit: Visit, answer: Answer) -> Errors:
    """Say why a PIN was not taken, or that none counts now."""
    view = answer.progress.pin
    words = visit.words
    if view and view.locked_until and answer.verdict is Verdict.LOCKED:
        return {"pin": [words.locked_pin(visit.clock(view.locked_until))]}
    if view and answer.verdict is Verdict.WRONG:
        return {"pin": [words.wrong_pin(view.tries_left)]}
    return {"pin": [words.expired_pin()]}


async def _not_sent(
    visit: Visit, answer: Answer, request: ResendRequest, tries_left: int
) -> Response:
    """Say why another message was not sent."""
    view, words, now = answer.progress.pin, visit.words, await visit.now()
    errors: Errors
    if answer.verdict is Verdict.WRONG:
        errors = {"answer": [words.wrong_answer(tries_left)]}
    elif answer.verdict is not Verdict.TOO_SOON or view is None or view.resend_at is None:
        errors = _pin_refused(visit, answer)
    elif view.channel is not request.channel:
        errors = {"resend": [words.none_there()]}
    elif (kept_at := _kept_at(view, now)) == now and not request.answers:
        errors = {"answer": [words.rule(Rule.IDENTITY_SECOND)]}
    else:
        opens = (kept_at if request.answers else None) or view.resend_at
        errors = {"resend": [words.too_soon(visit.clock(opens, seconds=True))]}
    return await _refused_page(visit, answer, errors)
