"""Routes of the password page: the student's own choice, or the number of a suggestion shown.

One form has both. `suggestion` is a number, or `own` for what is typed in `password`; both a number
and a typed password are refused, because either could be the one that the student noted down. The
script that puts a suggestion into the field `password` sends `suggested` with it.
"""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from domain.contracts.submissions import PasswordSubmission
from starter import page_contexts
from starter.page_state import PageState
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.submissions import onward, stamp, submit
from translations import N_
from web import forms
from web.forms import Form
from web.view import Errors

router = APIRouter()

_OWN = "own"
_EMPTY = N_("Enter a password, or choose a suggested one")
_BOTH = N_("You typed a password and also chose a suggested one. Keep one of the two")
_NONE_CHOSEN = N_("Choose one of the suggested passwords below")
_NOT_OFFERED = N_("Choose one of the suggested passwords below. Older ones can no longer be used")


@router.get("/password")
async def password(ctx: CurrentRequest) -> Response:
    return await _password_page(ctx, await ctx.state_on("/password"))


@router.post("/password")
async def password_chosen(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    view = _view_of_page(ctx, form.get("form"))
    if form.all("suggestion") in ([], [_OWN]):
        state, chosen = await ctx.state_on("/password"), form.get("password")
        if errors := await _judge(ctx, chosen, state):
            return await _password_page(ctx, state, errors, await ctx.app.passwords.offered(view))
    else:
        # Read before the state: after a double click it is gone, and the state redirects onward.
        offered = await ctx.app.passwords.offered(view)
        state = await ctx.state_on("/password")
        chosen, errors = _take_suggestion(ctx, form, offered)
        if errors:
            return await _password_page(ctx, state, errors, offered)
    response = await _seal(ctx, form, state, chosen)
    if form.get("password") != chosen or form.get("suggested"):
        await ctx.app.passwords.forget(view)
    return response


async def _judge(ctx: PortalRequest, chosen: str, state: PageState) -> Errors:
    if not chosen:
        return {"password": [ctx.words.say(_EMPTY)]}
    broken = await ctx.app.passwords.judge(chosen, _student_words(state))
    return {"password": ctx.words.rules(broken)} if broken else {}


def _take_suggestion(ctx: PortalRequest, form: Form, offered: Sequence[str]) -> tuple[str, Errors]:
    """Return the suggestion that the form names, or what is wrong with the choice."""
    numbered = {str(number): text for number, text in enumerate(offered, 1)}
    chosen = numbered.get(form.get("suggestion"), "")
    if not chosen:
        wrong = _NOT_OFFERED if form.get("suggestion") else _NONE_CHOSEN
    elif form.get("password"):
        wrong = _BOTH
    else:
        return chosen, {}
    return "", {"suggestion": [ctx.words.say(wrong)]}


async def _seal(ctx: PortalRequest, form: Form, state: PageState, chosen: str) -> Response:
    await ctx.app.passwords.seal(state.reference, form.submission_id, chosen)
    submission = PasswordSubmission(**await stamp(ctx, form), sealed_id=form.submission_id)
    answer = await submit(ctx, "submit_password", submission)
    return await onward(ctx, answer)


async def _password_page(
    ctx: PortalRequest, state: PageState, errors: Errors | None = None, offered: Sequence[str] = ()
) -> Response:
    """Render the page and store its suggestions; after an error they are those of before."""
    service = ctx.app.passwords
    offered = offered or service.suggest(ctx.language, _student_words(state))
    await service.offer(_view_of_page(ctx, ctx.form_token), offered)
    shown = page_contexts.password(ctx, state)
    return ctx.page("password", state=state, errors=errors, suggestions=offered, **shown)


def _view_of_page(ctx: PortalRequest, form_token: str) -> str:
    """Return the key of one view of the page in one browser."""
    return f"{forms.name_of(ctx.token or '')}\0{form_token}"


def _student_words(state: PageState) -> Sequence[str]:
    """Return the student's own names and numbers, empty while no worker answers."""
    return state.progress.password_context if state.progress else ()
