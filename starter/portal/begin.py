"""Routes before the PIN: the first page, the role, and the contact that finds the student."""

from collections.abc import Callable, Mapping
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response

from domain import contacts
from domain.contracts.views import Progress
from domain.contracts.vocabulary import Step
from domain.rules import InputRule, InvalidInput
from domain.text import note
from starter import page_contexts, page_state
from starter.page_state import PageState
from starter.portal import (
    barrier,
    crowd,
    enumeration_protection,
    limits,
    mail_question,
    typed_contacts,
)
from starter.portal.portal_request import CurrentRequest, PortalRequest, UncountedRequest
from starter.portal.redirects import RedirectTo, SessionEnded
from starter.portal.submissions import RECEIVED
from web import times
from web.forms import Form
from web.view import Errors

router = APIRouter()

_ASK_AGAIN = "300"


@router.get("/")
async def start(ctx: CurrentRequest) -> Response:
    pause = await ctx.app.pauses.current()
    return ctx.page("start", paused=pause and pause.text(ctx.language))


@router.get("/who")
async def who(ctx: CurrentRequest) -> Response:
    """Show the start; `?continue` leads on to this browser's activation, where it has one."""
    again = ctx.request.query_params.get("again")
    if "continue" in ctx.request.query_params:
        session = await ctx.find_session()
        if session and session.reference:
            return ctx.redirect("/progress")
        again = "none"
    return await _paused(ctx, again=again) or ctx.page("who", again=again)


@router.post("/who")
async def who_chosen(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    paused = await _paused(ctx)
    if paused:
        return paused
    if form.get("who") != "student":
        return ctx.page("who", errors={"who": [ctx.words.role()]})
    await ctx.begin()
    return ctx.redirect("/contact")


@router.get("/contact")
async def contact(ctx: CurrentRequest) -> Response:
    state = await _current_state(ctx)
    paused = await _paused(ctx)
    if paused and (state is None or state.step is Step.NOT_FOUND):
        return paused
    if state and state.step is Step.NOT_FOUND:
        return _not_found(ctx, state, {}, status=200)
    return ctx.page("contact")


@router.post("/contact")
async def contact_given(ctx: UncountedRequest) -> Response:
    form = await ctx.genuine_form()
    typed = {name: note(form.get(name)) for name in ("mobile", "email")}
    read, errors = _read(ctx, typed)
    async with ctx.time.postponed(), crowd.turn(ctx) as in_turn:
        if in_turn is None:
            return await crowd.retry_later_page(ctx, form, reference=None)
        await ctx.count_genuine()
        present = await _current_or_new(ctx)
        if errors:
            return ctx.page("contact", errors=errors, typed=typed)
        read["email"], question = mail_question.settle(form, read["email"])
        if question:
            return ctx.page("contact", status=422, typed=typed, question=question)
        if form.get("meant"):
            typed["email"] = read["email"] or ""
        noted = await _note_and_attach(ctx, form, read, present, in_turn=in_turn)
    if isinstance(noted, Response):
        return noted
    # Under enumeration protection everybody waits for the same time.
    within = times.LOOKED_UP if ctx.protects_enumeration else ctx.time.left()
    with ctx.time.handing_in():
        found = await ctx.app.starts.start(noted, ctx.language, read, within=within)
    ctx.time.taken(RECEIVED)
    return await _result_page(ctx, found, typed)


async def _current_or_new(ctx: PortalRequest) -> PageState | None:
    """Return `_current_state`, or begin a session if it ended: the contact is not typed twice."""
    try:
        return await _current_state(ctx)
    except SessionEnded:
        # A new session has no activation yet, so there is nothing to prove.
        await ctx.begin()
        return None


async def _note_and_attach(
    ctx: PortalRequest,
    form: Form,
    read: dict[str, str | None],
    present: PageState | None,
    *,
    in_turn: bool,
) -> Response | str:
    """Record the activation, attach the session and return the reference, or a page instead."""
    if present and await _awaits_code(ctx, present, read):
        return ctx.redirect("/pin")
    typed = [ctx.app.keys.index(name, value) for name, value in read.items() if value]
    # Before a start is counted or given a slot, so that programs take none from students.
    refused = await _paused(ctx, form) or await barrier.refusal(ctx, form, read)
    if refused is None:
        # Checked before look-ups are counted, so that a refused start is not counted.
        inside = present is not None and present.goes_on
        refused = await crowd.refusal(ctx, form, read, typed, in_turn=in_turn, inside=inside)
    if refused:
        return refused
    async with ctx.app.starts.released_on_failure(form.references[0]):
        await limits.count_look_up(ctx, form.references[0], typed)
        reference = await ctx.app.starts.note(form.references, ctx.language, read)
        # Attached before the start: an activation without a session would send a stray message.
        await ctx.attach(reference, typed_contacts.of(read))
        if ctx.protects_enumeration:
            once = form.submission_id
            await enumeration_protection.count_first_message(ctx, reference, once)
    return reference


async def _result_page(
    ctx: PortalRequest, found: Progress | None, typed: Mapping[str, str]
) -> Response:
    """Return the page that the look-up leads to; `found` is None while it lasts."""
    if found and found.step is Step.LOOKUP and found.wait_reason:
        # A start that waits for the registrar keeps no worker busy; workers release other leases.
        await ctx.app.starts.release(found.reference)
    if ctx.protects_enumeration:
        await ctx.time.not_before(times.ANSWERED_SECONDS)
    if found is None:
        return ctx.redirect(RECEIVED)
    state = ctx.disclosed(page_state.of(found))
    if state.step is Step.NOT_FOUND:
        return _not_found(ctx, state, typed)
    await ctx.keep(found)
    return ctx.redirect(state.path)


def _not_found(
    ctx: PortalRequest, state: PageState, typed: Mapping[str, str], status: int = 422
) -> Response:
    """Render the contact form with an error, and with what was typed if that is known."""
    errors, shown = page_contexts.not_found(ctx, state, typed)
    return ctx.page("contact", status=status, errors=errors, **shown)


async def _paused(
    ctx: PortalRequest, form: Form | None = None, *, again: str | None = None
) -> Response | None:
    """Return the page that says that activations are paused, with this form; None if not paused.

    `again` is why the first page would say that the activation is not open here.
    """
    pause = await ctx.app.pauses.current()
    if pause is None:
        return None
    text = pause.text(ctx.language)
    headers, kept = {"Retry-After": _ASK_AGAIN}, form and ctx.kept(form)
    return ctx.page("paused", status=503, headers=headers, text=text, form=kept, again=again)


async def _current_state(ctx: PortalRequest) -> PageState | None:
    """Return the state of this browser's activation, None without one.

    Raises `RedirectTo` once the contact is proved: until then it may be changed.
    """
    session = await ctx.active_session()
    if session.reference is None:
        return None
    state = await ctx.state_of(session, session.reference)
    if state.path not in ("/contact", "/pin") and state.step is not Step.LOOKUP:
        raise RedirectTo(state.path)
    if state.step is Step.PIN and state.progress is None:
        # The right code may have been submitted already, which only a worker knows.
        raise RedirectTo("/progress")
    return state


async def _awaits_code(ctx: PortalRequest, state: PageState, read: dict[str, str | None]) -> bool:
    """Whether a valid code was already sent, or is being sent, to the same contact.

    Under enumeration protection: whether it was the same contact.
    """
    pin = state.progress.pin if state.progress else None
    expired = pin and pin.expires_at and pin.expires_at <= await ctx.now()
    if not state.concealed and (pin is None or expired or not pin.tries_left):
        return False
    return await ctx.app.starts.began_with(state.reference, read)


def _read(ctx: PortalRequest, typed: dict[str, str]) -> tuple[dict[str, str | None], Errors]:
    """Return both contacts in normalised form, and the errors in them."""
    if not any(typed.values()):
        return {}, {"mobile": [ctx.words.rule(InputRule.CONTACT_NONE)]}
    settings = ctx.app.settings
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
            errors[name] = [ctx.words.rule(invalid.rule)]
    return read, errors
