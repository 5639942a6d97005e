"""The password: one's own choice or a suggested one, judged here, sealed before it goes anywhere.

A suggestion comes back as its number; the password itself stays in the ledger, with the view of
the page that showed it.
"""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from domain import passwords, personal
from domain.contracts.submissions import PasswordSubmission
from domain.contracts.vocabulary import Step
from domain.suggestions import suggest
from ledger import passwords as sealed_passwords
from ledger import suggestions
from postgres import NO_RESULT
from security import sealing
from starter.portal.page_state import PageState
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.submissions import onward, stamp, submit
from web import forms
from web.forms import Form
from web.view import Errors

router = APIRouter()

_SUGGESTED = 3
_JUDGING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judging")
"""To judge takes up to 30 ms, which no other request shall wait for, and one at a time."""


@router.get("/password")
async def password(ctx: CurrentRequest) -> Response:
    return await _password_page(ctx, await ctx.state_on("/password"))


@router.post("/password")
async def password_chosen(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    if form.all("suggestion") or form.get("suggested"):
        return await _take_suggestion(ctx, form)
    state = await ctx.state_on("/password")
    chosen = form.get("password")
    broken = await asyncio.get_running_loop().run_in_executor(
        _JUDGING,
        passwords.judge,
        chosen,
        _context(state),
        _institution(ctx),
        ctx.app.settings.institution.common_words,
    )
    if broken:
        errors = {"password": ctx.words.rules(broken)}
        offered = await _offered(ctx, form)
        return await _password_page(ctx, state, errors, offered)
    return await _seal(ctx, form, state, chosen)


async def _take_suggestion(ctx: PortalRequest, form: Form) -> Response:
    context, page = ctx.app, _view_of_page(ctx, form.get("form"))
    # Read before the place: whose second click finds it gone has moved on, and is sent there.
    offered = await _offered(ctx, form)
    state = await ctx.state_on("/password")
    numbered = {str(number): text for number, text in enumerate(offered, 1)}
    chosen = numbered.get(form.get("suggestion"))
    if chosen is None:
        words = ctx.words
        wrong = words.not_offered() if form.get("suggestion") else words.none_chosen()
        errors = {"suggestion": [wrong]}
        return await _password_page(ctx, state, errors, offered)
    response = await _seal(ctx, form, state, chosen)
    with suppress(*NO_RESULT):  # The password is handed in; what was offered expires by itself.
        await suggestions.forget(context.pool, context.keys, page=page)
    return response


async def _seal(ctx: PortalRequest, form: Form, state: PageState, chosen: str) -> Response:
    context = ctx.app
    await sealed_passwords.put(
        context.pool,
        reference=state.reference,
        sealed_id=form.submission_id,
        sealed=sealing.seal(context.keys, state.reference, chosen),
        ttl=timedelta(hours=context.settings.sealed_password_hours),
    )
    submission = PasswordSubmission(**await stamp(ctx, form), sealed_id=form.submission_id)
    answer = await submit(ctx, "submit_password", submission)
    return await onward(ctx, answer, leaves={Step.PROVISIONING})


async def _offered(ctx: PortalRequest, form: Form) -> Sequence[str]:
    """Return what the page offered that this form was sent from, if that holds yet."""
    page = _view_of_page(ctx, form.get("form"))
    return await suggestions.offered(ctx.app.pool, ctx.app.keys, page=page)


async def _password_page(
    ctx: PortalRequest, state: PageState, errors: Errors | None = None, offered: Sequence[str] = ()
) -> Response:
    """Show the page with its suggestions, those from before an error; they hold for this view."""
    facts = (*_context(state), *_institution(ctx))
    offered = offered or [
        suggest(ctx.language, secrets.randbelow, facts) for _ in range(_SUGGESTED)
    ]
    page = _view_of_page(ctx, ctx.form_token)
    await suggestions.offer(ctx.app.pool, ctx.app.keys, page=page, suggestions=offered)
    refusal = state.progress.password_refusal if state.progress else None
    return ctx.page(
        "password",
        state=state,
        errors=errors,
        refusal=ctx.words.refusal(refusal) if refusal else None,
        minimum=passwords.MIN_LENGTH,
        maximum=passwords.MAX_LENGTH,
        suggestions=offered,
    )


def _view_of_page(ctx: PortalRequest, form_token: str) -> str:
    """Name one view of the page in one browser."""
    return f"{forms.name_of(ctx.token or '')}\0{form_token}"


def _context(state: PageState) -> Sequence[str]:
    """Return the student's own names and numbers, as far as the engine tells them."""
    return state.progress.password_context if state.progress else ()


def _institution(ctx: PortalRequest) -> Sequence[str]:
    institution = ctx.app.settings.institution
    names = (institution.name_el, institution.name_en, institution.domain.split(".")[0])
    return personal.without(names, institution.plain_words)
