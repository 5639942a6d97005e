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
from security.keyfiles import KeyUnavailable
from starter.client.connect import NO_ANSWER
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
    # The page must work when the ledger does not.
    away = ctx.app.help_requests.unless_away
    reference = await away(_reference(ctx, raw))
    sent = "sent" in ctx.request.query_params
    known = None if sent or reference is None else await away(_known(ctx, reference))
    return ctx.page("problem", reference=reference, sent=sent, typed=known)


@router.post("/problem")
@router.post("/problem/{raw}")
async def problem_told(ctx: CurrentRequest, raw: str | None = None) -> Response:
    form = await ctx.form()
    reference = await _reference(ctx, raw)
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


async def _known(ctx: PortalRequest, reference: str) -> dict[str, str]:
    """Return the fields that a session which has proved its contact need not fill in again."""
    session = await ctx.found_session()
    if session is None or session.superseded or session.reference != reference:
        return {}
    with suppress(RedirectTo, KeyUnavailable, *NO_ANSWER):
        state = await ctx.state_of(session, reference)
        if session.proofs and state.step is not Step.PIN and not state.concealed:
            typed, review = await ctx.typed(reference), state.progress and state.progress.review
            name = review and (review.name_el if ctx.language is Language.EL else review.name_latin)
            return {
                "name": name or "",
                "reply_to": typed_contacts.given(typed, "email"),
                "phone": typed_contacts.given(typed, "mobile"),
            }
    return {}


async def _reference(ctx: PortalRequest, raw: str | None) -> str | None:
    """Return the reference in the path, else that of this browser's activation."""
    if raw is None:
        session = await ctx.find_session()
        return session.reference if session else None
    reference = references.normalise(raw)
    if reference is None:
        raise HTTPException(404)
    return reference


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
