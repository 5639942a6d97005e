"""Routes of the help page, which error pages link to: a request to support, with the reference.

A request has arrived once it is in the ledger: a workflow mails it to support staff, and the
outbox starts that workflow as soon as Temporal is available. No session is needed.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from domain import contacts, references
from domain.contracts.vocabulary import Language, Step
from domain.rules import InvalidInput
from domain.text import note, plain
from starter.portal import limits, mail_question, typed_contacts
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.redirects import RedirectTo
from translations import N_
from web.limits import Purpose
from web.view import Errors

router = APIRouter()

_LONGEST = {"name": 100, "reply_to": 254, "phone": 16, "text": 2000}
_MISSING = {
    "name": N_("Write your name"),
    "reply_to": N_("Write the e-mail where support will answer you"),
    "text": N_("Write what went wrong"),
}
_TOO_LONG = {
    "name": N_("The name may have at most %(n)d characters"),
    "reply_to": N_("The e-mail may have at most %(n)d characters"),
    "text": N_("The text may have at most %(n)d characters"),
}


@router.get("/problem")
@router.get("/problem/{raw}")
async def problem(ctx: CurrentRequest, raw: str | None = None) -> Response:
    # The page opens whatever fails: it is where every failure leads.
    if_possible = ctx.app.help_requests.if_possible
    reference = _given(raw) or await if_possible(_own_reference(ctx))
    sent = "sent" in ctx.request.query_params
    known = {}
    if reference and not sent:
        known = await if_possible(_typed(ctx, reference)) or {}
        known["name"] = await if_possible(_name(ctx, reference)) or ""
    return ctx.page("problem", reference=reference, sent=sent, typed=known)


@router.post("/problem")
@router.post("/problem/{raw}")
async def problem_told(ctx: CurrentRequest, raw: str | None = None) -> Response:
    form = await ctx.form()
    reference = _given(raw) or await _own_reference(ctx)
    typed = {name: note(form.get(name)) for name in _LONGEST}
    read, errors = _read(ctx, typed)
    if errors:
        return ctx.page("problem", reference=reference, typed=typed, errors=errors)
    own = ctx.app.settings.institution.mail_domains
    reply_to, question = mail_question.settle(form, read["reply_to"], own)
    if question:
        return ctx.page("problem", status=422, reference=reference, typed=typed, question=question)
    read["reply_to"] = reply_to or ""
    await _count(ctx)
    requests = ctx.app.help_requests
    step = await requests.state_text(reference) if reference else None
    sent = f"{ctx.request.url.path}?sent"
    with ctx.time.handing_in():
        await requests.keep(
            form.submission_id, reference=reference, step=step, language=ctx.language, **read
        )
    ctx.time.taken(sent)
    await requests.mail(form.submission_id)
    return ctx.redirect(sent)


async def _typed(ctx: PortalRequest, reference: str) -> dict[str, str]:
    """Return the contacts that this session itself has typed, whether or not it has proved them."""
    if not await _is_own(ctx, reference):
        return {}
    typed = await ctx.typed(reference)
    return {
        "reply_to": typed_contacts.given(typed, "email"),
        "phone": typed_contacts.given(typed, "mobile"),
    }


async def _name(ctx: PortalRequest, reference: str) -> str | None:
    """Return the registrar's name of whoever has proved the contact in this session."""
    session = await ctx.found_session()
    if session is None or not session.proofs or not await _is_own(ctx, reference):
        return None
    with suppress(RedirectTo):
        state = await ctx.state_of(session, reference)
        review = state.progress and state.progress.review
        if review and state.step is not Step.PIN and not state.concealed:
            return review.name_el if ctx.language is Language.EL else review.name_latin
    return None


async def _is_own(ctx: PortalRequest, reference: str) -> bool:
    """Whether the activation is this browser's own, and no other has taken it over."""
    session = await ctx.found_session()
    return session is not None and session.reference == reference and not session.superseded


def _given(raw: str | None) -> str | None:
    """Return the reference in the path; raises 404 for what is none."""
    reference = references.normalise(raw) if raw is not None else None
    if raw is not None and reference is None:
        raise HTTPException(404)
    return reference


async def _own_reference(ctx: PortalRequest) -> str | None:
    session = await ctx.find_session()
    return session.reference if session else None


def _read(ctx: PortalRequest, typed: Mapping[str, str]) -> tuple[dict[str, str], Errors]:
    """Return the cleaned fields, and the errors of those that are missing, invalid or too long."""
    readers: Mapping[str, Callable[[str], str]] = {
        "name": lambda raw: " ".join(plain(note(raw)).split()),
        "reply_to": contacts.email,
        "phone": partial(contacts.phone, region=ctx.app.settings.registrar.phone_region),
        "text": note,
    }
    read: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for name, longest in _LONGEST.items():
        try:
            read[name] = readers[name](typed[name]) if typed[name].strip() else ""
        except InvalidInput as invalid:
            errors[name] = [ctx.words.rule(invalid.rule)]
            continue
        if not read[name] and name in _MISSING:
            errors[name] = [ctx.words.say(_MISSING[name])]
        elif len(read[name]) > longest:
            errors[name] = [ctx.words.say(_TOO_LONG[name], n=longest)]
    return read, errors


async def _count(ctx: PortalRequest) -> None:
    """Count this request for help; raises `RateLimited` beyond a limit."""
    rates = ctx.site.limits
    browser = rates.by(Purpose.HELP, "browser", limits.browser(ctx))
    await rates.take([browser, *rates.by_address(Purpose.HELP, ctx.host)])
