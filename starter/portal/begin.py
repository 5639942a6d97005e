"""The pages before the PIN: what this is, who comes, and the contact that finds the student."""

from collections.abc import Callable, Mapping
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response

from domain import contacts
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Step
from domain.rules import InvalidInput, Rule
from domain.text import note
from ledger import activations, starts
from starter.portal import crowd, limits, places, uniform
from starter.portal.answers import RECEIVED
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Elsewhere, SessionEnded, Visit
from web.forms import Form
from web.view import Errors

router = APIRouter()

_ASK_AGAIN = "300"


@router.get("/")
async def start(visit: AnyVisit) -> Response:
    pause = await visit.parts.pauses.current()
    return visit.page("start", paused=pause and pause.text(visit.language))


@router.get("/who")
async def who(visit: AnyVisit) -> Response:
    return await _paused(visit) or visit.page("who", again=visit.request.query_params.get("again"))


@router.post("/who")
async def who_chosen(visit: AnyVisit) -> Response:
    form = await visit.form()
    paused = await _paused(visit)
    if paused:
        return paused
    if form.get("who") != "student":
        return visit.page("who", errors={"who": [visit.words.role()]})
    await visit.begin()
    return visit.see("/contact")


@router.get("/contact")
async def contact(visit: AnyVisit) -> Response:
    place = await _unproved(visit)
    paused = await _paused(visit)
    if paused and (place is None or place.step is Step.NOT_FOUND):
        return paused
    if place and place.step is Step.NOT_FOUND:
        return _not_found(visit, place, {}, status=200)
    return visit.page("contact")


@router.post("/contact")
async def contact_given(visit: AnyVisit) -> Response:
    form = await visit.form()
    typed = {name: note(form.get(name)) for name in ("mobile", "email")}
    read, errors = _read(visit, typed)
    async with crowd.turn(visit) as in_turn:
        if in_turn is None:
            return await crowd.come_again(visit, form, reference=None)
        present = await _present(visit)
        if errors:
            return visit.page("contact", errors=errors, typed=typed)
        noted = await _attached(visit, form, read, present, in_turn=in_turn)
    if isinstance(noted, Response):
        return noted
    with visit.handing_in():
        await visit.parts.engine.start(
            ActivationStart(
                reference=noted,
                language=visit.language,
                policy=visit.parts.texts.named_in(visit.parts.settings.policy),
                always_ask=visit.parts.settings.identity.always_ask,
                **read,
            )
        )
    visit.taken(RECEIVED)
    return await _looked_up(visit, noted, typed)


async def _present(visit: Visit) -> Place | None:
    """As `_unproved`; a session that ended begins anew, so that nobody types the contact twice."""
    try:
        return await _unproved(visit)
    except SessionEnded:
        # Nothing had begun that a new session would have to prove.
        await visit.begin()
        return None


async def _attached(
    visit: Visit, form: Form, read: dict[str, str | None], present: Place | None, *, in_turn: bool
) -> Response | str:
    """Note the activation, attach the session and return the reference; or the page instead."""
    if present and await _code_still_holds(visit, present, read):
        return visit.see("/pin")
    refused = await _paused(visit, form)
    if refused is None and not (present and present.goes_on):
        # Before the counting of look-ups: who is told to come again is not counted for it.
        refused = await crowd.refusal(visit, form, read, in_turn=in_turn)
    if refused:
        return refused
    async with crowd.given_back_if_nothing_begins(visit, form):
        await _count_look_up(visit)
        reference = await _note(visit, form, read)
        # Attached first: an activation that no browser knows would be a message out of nowhere.
        await visit.attach(reference, uniform.masked(read))
    return reference


async def _looked_up(visit: Visit, reference: str, typed: Mapping[str, str]) -> Response:
    """Wait for the look-up as long as a page may, and go where it leads."""
    # Where nobody may tell who is on file, all wait for the same moment.
    within = uniform.LOOKED_UP_WITHIN if visit.uniform else visit.left()
    found = await visit.parts.engine.settled(reference, leaves={Step.LOOKUP}, within=within)
    if found and found.wait_reason:
        # What waits for the registrar keeps no worker busy.
        await starts.release(visit.parts.pool, reference)
    if visit.uniform:
        await visit.not_before(uniform.ANSWERED_AFTER)
    if found is None:
        return visit.see(RECEIVED)
    place = visit.as_told(places.of(found))
    if place.step is Step.NOT_FOUND:
        return _not_found(visit, place, typed)
    return visit.see(place.path)


def _not_found(visit: Visit, place: Place, typed: Mapping[str, str], status: int = 422) -> Response:
    """Return the form with what to check; as long as it is known, with what was typed."""
    field = next((name for name, value in typed.items() if value), "mobile")
    errors = {field: [visit.words.not_found(place.wait_reason)]}
    return visit.page("contact", status=status, errors=errors, typed=typed, not_found=True)


async def _paused(visit: Visit, form: Form | None = None) -> Response | None:
    """Return the page that says that no activation begins now, with this form; None if they do."""
    pause = await visit.parts.pauses.current()
    if pause is None:
        return None
    text = pause.text(visit.language)
    headers, kept = {"Retry-After": _ASK_AGAIN}, form and visit.kept(form)
    return visit.page("paused", status=503, headers=headers, text=text, form=kept)


async def _unproved(visit: Visit) -> Place | None:
    """Return where this browser's activation stands, if it has begun one.

    The contact may be changed as long as it has not been proved; raises `Elsewhere` after that.
    """
    session = await visit.here()
    if session.reference is None:
        return None
    place = await visit.standing(session, session.reference)
    if place.path not in ("/contact", "/pin") and place.step is not Step.LOOKUP:
        raise Elsewhere(place.path)
    if place.step is Step.PIN and place.progress is None:
        # The right code may have been handed in already: only a worker can tell.
        raise Elsewhere("/progress")
    return place


async def _code_still_holds(visit: Visit, place: Place, read: dict[str, str | None]) -> bool:
    """Whether this browser already waits for a code sent to the same contact, or on its way.

    Where that may not be told, whether it was the same contact.
    """
    pin = place.progress.pin if place.progress else None
    expired = pin and pin.expires_at and pin.expires_at <= await visit.now()
    if not place.veiled and (pin is None or expired or not pin.tries_left):
        return False
    parts = visit.parts
    return await activations.same_contact(
        parts.pool, parts.keys, place.reference, read.get("mobile"), read.get("email")
    )


async def _note(visit: Visit, form: Form, read: dict[str, str | None]) -> str:
    """Write the activation down and return its reference, the first that is not another's."""
    parts = visit.parts
    for reference in form.references:
        if await activations.begin(
            parts.pool, parts.keys, reference=reference, language=visit.language, **read
        ):
            return reference
    raise LookupError("every reference drawn is taken")


def _read(visit: Visit, typed: dict[str, str]) -> tuple[dict[str, str | None], Errors]:
    """Return both contacts in the spelling that is compared, and what is wrong with them."""
    if not any(typed.values()):
        return {}, {"mobile": [visit.words.rule(Rule.CONTACT_NONE)]}
    settings = visit.parts.settings
    readers: dict[str, Callable[[str], str]] = {
        "mobile": partial(contacts.mobile, region=settings.registrar.phone_region),
        "email": partial(contacts.email_elsewhere, own=settings.institution.mail_domains),
    }
    read: dict[str, str | None] = {}
    errors = {}
    for name, reader in readers.items():
        try:
            read[name] = reader(typed[name]) if typed[name] else None
        except InvalidInput as invalid:
            errors[name] = [visit.words.rule(invalid.rule)]
    return read, errors


async def _count_look_up(visit: Visit) -> None:
    """Count this look-up against its network address; raises `limits.Flood` past the limit."""
    portal = visit.parts.settings.portal
    await limits.take(
        visit,
        limits.by_address(visit, "lookup"),
        limit=portal.lookups_per_address,
        minutes=portal.lookups_window_minutes,
    )
