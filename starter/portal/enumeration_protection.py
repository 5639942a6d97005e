"""The PIN step under enumeration protection (`portal.disclosure`): hides which contacts exist.

Until a code proves the contact, each page depends only on what was typed and on counters of the
portal, never on what the activation found, and takes the same time in both cases.
"""

from datetime import datetime

from fastapi.responses import Response

from domain.contracts.channels import Channel
from domain.contracts.submissions import PinSubmission, ResendRequest, Submission
from domain.contracts.views import Answer, Verdict
from ledger import budgets
from starter import page_contexts, page_state, resend_wait, wording
from starter.client.activations import ActivationEnded
from starter.page_state import PageState
from starter.portal import limits, typed_contacts
from starter.portal.portal_request import PortalRequest
from starter.portal.redirects import RedirectTo
from starter.portal.submissions import RECEIVED, onward, received, submit
from translations import N_
from web import times
from web.forms import Form
from web.view import Errors

_WRONG_OR_EXPIRED = N_("The six-digit code (pin) is not correct, or it has expired")


async def page(
    ctx: PortalRequest,
    state: PageState,
    errors: Errors | None = None,
    locked_until: datetime | None = None,
) -> Response:
    typed = typed_contacts.masked(await ctx.typed(state.reference))
    uses = await budgets.ends(ctx.app.pool, _wishes(ctx, state.reference).bucket)
    wait = resend_wait.until(ctx, next(iter(uses), None), await ctx.now())
    if wait and errors and "answer" in errors:
        errors = {"resend": errors["answer"]}  # The page has no answer field then.
    return ctx.page(
        "pin-uniform",
        state=state,
        errors=errors,
        wait=wait,
        typed=typed,
        channels=page_contexts.offered(ctx, [each for each in Channel.all() if each in typed]),
        locked_until=locked_until and ctx.clock(locked_until),
        sent="sent" in ctx.request.query_params,
    )


async def count_first_message(ctx: PortalRequest, reference: str, submission_id: str) -> None:
    """Count the start as a wish for a message, because the engine refuses another one at first."""
    await budgets.take(ctx.app.pool, [_wishes(ctx, reference)], submission_id)


def _wishes(ctx: PortalRequest, reference: str) -> budgets.Bound:
    return budgets.Bound(
        f"resend:{reference}", 1, ctx.app.settings.policy.resend_after + times.SENT_WITHIN
    )


async def find_state(ctx: PortalRequest) -> PageState:
    """Return the state for a submission of the code page; raises `RedirectTo` as `state_on`.

    No worker is asked where Temporal's record shows that the state is concealed anyway.
    """
    session = await ctx.active_session()
    if session.reference:
        recorded = await page_state.find_recorded(ctx.app.engine, session.reference)
        if recorded:
            state = page_state.without_worker(session.reference, recorded)
            shown = ctx.disclosed(state, proved=bool(session.proofs))
            if shown.concealed:
                await ctx.time.not_before(times.CONCEALED_SECONDS)
                return shown
    return await ctx.state_on("/pin")


async def check_pin(ctx: PortalRequest, submission: PinSubmission) -> Response:
    """Check a code; for a contact that is not on file every code is wrong."""
    state = await find_state(ctx)
    policy = ctx.app.settings.policy
    tries = budgets.Bound(f"pin:{state.reference}", policy.pin_tries, policy.pin_lock)
    if opens := await _limit_reached(ctx, tries, submission):
        text = ctx.words.say(wording.LOCKED_PIN, time=ctx.clock(opens))
        return await page(ctx, state, {"pin": [text]}, locked_until=opens)
    answer = await _submit_concealed(ctx, state, "submit_pin", submission)
    if answer and answer.verdict is Verdict.ACCEPTED:
        return await onward(ctx, answer, rotates=True)
    await ctx.time.not_before(times.ANSWERED_SECONDS)
    return await page(ctx, state, {"pin": [ctx.words.say(_WRONG_OR_EXPIRED)]})


async def resend(ctx: PortalRequest, request: ResendRequest, form: Form) -> Response:
    """Request another message; the answer is the same whatever happens to it."""
    state = await find_state(ctx)
    if opens := await _limit_reached(ctx, _wishes(ctx, state.reference), request):
        text = ctx.words.say(wording.TOO_SOON, time=ctx.clock(opens, seconds=True))
        return await page(ctx, state, {"resend": [text]})
    if request.answers and (opens := (await limits.take_second(ctx, form)).opens):
        text = ctx.words.say(wording.NO_MORE_ANSWERS, time=ctx.clock(opens))
        return await page(ctx, state, {"answer": [text]})
    await _submit_concealed(ctx, state, "resend_pin", request)
    await ctx.time.not_before(times.ANSWERED_SECONDS)
    return ctx.redirect("/pin?sent")


async def _submit_concealed(
    ctx: PortalRequest, state: PageState, name: str, submission: Submission
) -> Answer | None:
    """Return the activation's answer; None if it ended because nobody was found.

    A worker is asked once in either case, so that a loaded engine is as late for both.
    """
    try:
        if not state.over:
            return await submit(ctx, name, submission)
        await limits.admit(ctx, state.reference, submission.submission_id)
        elsewhere = await _without_worker(ctx, state, name)
    except ActivationEnded:
        if not state.concealed:
            raise
        elsewhere = await _without_worker(ctx, state, name)
    except RedirectTo as redirect:
        if redirect.path != RECEIVED:
            raise
        elsewhere = redirect
    if elsewhere is None:
        return None
    await ctx.time.not_before(times.RECEIVED_SECONDS)
    raise elsewhere


async def _without_worker(ctx: PortalRequest, state: PageState, name: str) -> RedirectTo | None:
    """Return where a contact on file is redirected to while no worker answers; None: one does."""
    return None if await ctx.app.engine.progress(state.reference) else await received(ctx, name)


async def _limit_reached(
    ctx: PortalRequest, bound: budgets.Bound, submission: Submission
) -> datetime | None:
    """Count this submission; a double click is no second one."""
    taken = await budgets.take(ctx.app.pool, [bound], submission.submission_id)
    return budgets.latest(taken)
