"""Routes of the help page, which error pages link to: a request to support, with the reference.

A request has arrived once it is in the ledger: a workflow mails it to support staff, and the
outbox starts that workflow as soon as Temporal is available. No session is needed.
"""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from domain import contacts, references
from domain.rules import InvalidInput
from domain.text import note, plain
from starter.portal import limits
from starter.portal.portal_request import CurrentRequest, PortalRequest
from translations import N_
from web.limits import Purpose
from web.view import Errors

router = APIRouter()

_LONGEST = {"name": 100, "reply_to": 254, "text": 2000}
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
    reference = await ctx.app.help_requests.unless_away(_reference(ctx, raw))
    sent = "sent" in ctx.request.query_params
    return ctx.page("problem", reference=reference, sent=sent)


@router.post("/problem")
@router.post("/problem/{raw}")
async def problem_told(ctx: CurrentRequest, raw: str | None = None) -> Response:
    form = await ctx.form()
    reference = await _reference(ctx, raw)
    typed = {name: note(form.get(name)) for name in _LONGEST}
    read, errors = _read(ctx, typed)
    if errors:
        return ctx.page("problem", reference=reference, typed=typed, errors=errors)
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
        if not read[name]:
            errors[name] = [ctx.words.say(_MISSING[name])]
        elif len(read[name]) > longest:
            errors[name] = [ctx.words.say(_TOO_LONG[name], n=longest)]
    return read, errors


async def _count(ctx: PortalRequest) -> None:
    """Count this request for help; raises `RateLimited` beyond a limit."""
    rates = ctx.site.limits
    browser = rates.by(Purpose.HELP, "browser", limits.browser(ctx))
    await rates.take([browser, *rates.by_address(Purpose.HELP, ctx.host)])
