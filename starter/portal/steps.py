"""The student's steps from the PIN to the password: each a page, and the door it speaks through."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from domain import insurance, passwords, pins
from domain.contracts import (
    Answer,
    Channel,
    Choice,
    ConsentSubmission,
    InsuranceSubmission,
    PasswordSubmission,
    PinSubmission,
    ResendRequest,
    Step,
    Submission,
    Verdict,
)
from domain.rules import InvalidInput
from ledger import passwords as sealed_passwords
from security import sealing
from starter.portal import places
from starter.portal.places import Place
from starter.portal.view import Errors, clock
from starter.portal.visit import AnyVisit, Elsewhere, Visit

router = APIRouter()

_PATIENCE = timedelta(seconds=2.5)


@router.get("/pin")
async def pin(visit: AnyVisit) -> Response:
    return _pin_page(visit, await visit.place_on("/pin"))


@router.post("/pin")
async def pin_given(visit: AnyVisit) -> Response:
    form = await visit.form()
    try:
        digits = pins.read(form.get("pin"))
    except InvalidInput as invalid:
        place = await visit.place_on("/pin")
        return _pin_page(visit, place, {"pin": [visit.words.rule(invalid.rule)]})
    answer = await _submit(
        visit, "submit_pin", PinSubmission(**_names(form.submission_id), pin=digits)
    )
    if answer.verdict is not Verdict.ACCEPTED:
        return _pin_page(visit, places.of(answer.progress), _pin_refused(visit, answer))
    # What this cookie is worth has just risen: a copy of the old one must not rise with it.
    await visit.rotate()
    return await _onward(visit, answer, leaves={Step.PIN})


@router.post("/pin/resend")
async def pin_again(visit: AnyVisit) -> Response:
    form = await visit.form()
    channel = form.get("channel")
    if channel not in list(Channel):
        raise Elsewhere("/pin")
    answer = await _submit(
        visit,
        "resend_pin",
        ResendRequest(**_names(form.submission_id), channel=Channel(channel)),
    )
    if answer.verdict is Verdict.ACCEPTED:
        return visit.see("/pin?sent")
    return _pin_page(visit, places.of(answer.progress), _pin_refused(visit, answer))


@router.get("/insurance")
async def insurance_page(visit: AnyVisit) -> Response:
    place = await visit.place_on("/insurance")
    return visit.page("insurance", place=place)


@router.post("/insurance")
async def insurance_given(visit: AnyVisit) -> Response:
    form = await visit.form()
    today = datetime.now(UTC).date()
    try:
        number, warnings = insurance.check(insurance.AMKA, form.get("number"), None, today)
    except InvalidInput as invalid:
        place = await visit.place_on("/insurance")
        errors = {"number": [visit.words.rule(invalid.rule)]}
        return visit.page("insurance", place=place, errors=errors)
    submission = InsuranceSubmission(
        **_names(form.submission_id), scheme=insurance.AMKA, number=number, warnings=warnings
    )
    answer = await _submit(visit, "submit_insurance", submission)
    return await _onward(visit, answer, leaves={Step.INSURANCE})


@router.get("/review")
async def review(visit: AnyVisit) -> Response:
    return visit.page("review", place=await visit.place_on("/review"))


@router.post("/review")
async def review_decided(visit: AnyVisit) -> Response:
    form = await visit.form()
    if form.get("decision") != "agree":
        raise Elsewhere("/review")
    chosen = tuple(choice for choice in Choice if choice in form.all("choice"))
    submission = ConsentSubmission(
        **_names(form.submission_id),
        shown_hash=form.get("shown_hash"),
        choices=chosen,
        language=visit.language,
    )
    answer = await _submit(visit, "give_consent", submission)
    if answer.verdict is Verdict.STALE and answer.progress.review:
        place = places.of(answer.progress)
        errors = {"agree": [visit.words.stale()]}
        return visit.page("review", place=place, errors=errors, chosen=chosen)
    await visit.rotate()
    return await _onward(visit, answer, leaves={Step.REVIEW})


@router.get("/password")
async def password(visit: AnyVisit) -> Response:
    return _password_page(visit, await visit.place_on("/password"))


@router.post("/password")
async def password_chosen(visit: AnyVisit) -> Response:
    form = await visit.form()
    place = await visit.place_on("/password")
    chosen = form.get("password")
    broken = passwords.judge(chosen, _context(visit, place))
    if broken:
        return _password_page(visit, place, {"password": visit.words.rules(broken)})
    parts = visit.parts
    await sealed_passwords.put(
        parts.pool,
        reference=place.reference,
        sealed_id=form.submission_id,
        sealed=sealing.seal(parts.keys, place.reference, chosen),
        ttl=timedelta(hours=parts.settings.sealed_password_hours),
    )
    submission = PasswordSubmission(**_names(form.submission_id), sealed_id=form.submission_id)
    answer = await _submit(visit, "submit_password", submission)
    return await _onward(visit, answer, leaves={Step.PROVISIONING})


# --- what the pages share ----------------------------------------------------------------------


def _names(submission_id: str) -> dict[str, object]:
    return {"submission_id": submission_id, "received_at": datetime.now(UTC)}


async def _submit(visit: Visit, door: str, submission: Submission) -> Answer:
    """Hand in an answer; without a worker it is kept all the same, and the page says so."""
    reference = await visit.reference()
    if reference is None:
        raise Elsewhere("/contact")
    answer = await visit.parts.engine.submit(reference, door, submission)
    if answer is None:
        raise Elsewhere("/progress?received")
    if answer.verdict is Verdict.OUT_OF_STEP:
        raise Elsewhere(places.of(answer.progress).path)
    return answer


async def _onward(visit: Visit, answer: Answer, *, leaves: Collection[Step]) -> Response:
    """Go where the activation stands once this answer has had its effect, or a moment later."""
    reference = answer.progress.reference
    settled = await visit.parts.engine.settled(reference, leaves=leaves, within=_PATIENCE)
    place = places.of(settled or answer.progress)
    return visit.see("/progress" if place.step in leaves else place.path)


def _pin_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    view = place.progress.pin if place.progress else None
    now = datetime.now(UTC)
    return visit.page(
        "pin",
        place=place,
        view=view,
        errors=errors,
        sent="sent" in visit.request.query_params,
        locked=view and view.locked_until and view.locked_until > now,
        expired=view and view.expires_at and view.expires_at <= now,
        resend_later=view and view.resend_at and view.resend_at > now,
        notice=visit.words.wait(place.step, place.wait_reason),
    )


def _pin_refused(visit: Visit, answer: Answer) -> Errors:
    """Say why a PIN, or the wish for a new one, was not taken."""
    view = answer.progress.pin
    words = visit.words
    if view and view.locked_until and answer.verdict is Verdict.LOCKED:
        return {"pin": [words.locked_pin(clock(view.locked_until, language=visit.language))]}
    if view and view.resend_at and answer.verdict is Verdict.TOO_SOON:
        return {"resend": [words.too_soon(clock(view.resend_at, language=visit.language))]}
    if view and answer.verdict is Verdict.WRONG:
        return {"pin": [words.wrong_pin(view.tries_left)]}
    return {"pin": [words.expired_pin()]}


def _password_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    progress = place.progress
    refusal = progress.password_refusal if progress else None
    return visit.page(
        "password",
        place=place,
        errors=errors,
        refusal=visit.words.refusal(refusal) if refusal else None,
        minimum=passwords.MIN_LENGTH,
    )


def _context(visit: Visit, place: Place) -> list[str]:
    """Return the words a password must not be made of."""
    institution = visit.parts.settings.institution
    words = [institution.name_el, institution.name_en, institution.domain.split(".")[0]]
    progress = place.progress
    if progress and progress.username:
        words.append(progress.username)
    if progress and progress.review:
        shown = progress.review
        words += [shown.username, shown.name_el, shown.name_latin]
        words += [study.student_number for study in shown.studies]
    return words
