"""The PIN step under enumeration protection (`portal.disclosure`): hides which contacts exist.

Until a code proves the contact, each page depends only on what was typed and on counters of the
portal, never on what the activation found, and takes the same time in both cases.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi.responses import Response

from domain import masks
from domain.contracts.channels import Channel
from domain.contracts.submissions import PinSubmission, ResendRequest, Submission
from domain.contracts.views import Answer, Verdict
from ledger import budgets
from starter.client.activations import ActivationEnded
from starter.portal import limits, wording
from starter.portal.page_state import PageState
from starter.portal.portal_request import PortalRequest
from starter.portal.submissions import onward, received, submit
from translations import N_
from web import times
from web.forms import Form
from web.view import Errors

_WRONG_OR_EXPIRED = N_("The code is not correct, or it has expired")


def masked(read: Mapping[str, str | None]) -> dict[str, str]:
    """Return the masked contacts that were typed, by channel."""
    return {
        channel: masks.contact(channel.contact, typed)
        for channel in Channel.all()
        if (typed := read.get(channel.contact))
    }


async def page(
    ctx: PortalRequest,
    state: PageState,
    errors: Errors | None = None,
    locked_until: datetime | None = None,
) -> Response:
    typed = await ctx.typed(state.reference)
    return ctx.page(
        "pin-uniform",
        state=state,
        errors=errors,
        typed=typed,
        channels=[(each, ctx.words.send_by(each)) for each in Channel.all() if each in typed],
        locked_until=locked_until and ctx.clock(locked_until),
        sent="sent" in ctx.request.query_params,
    )


async def check_pin(ctx: PortalRequest, state: PageState, submission: PinSubmission) -> Response:
    """Check a code; for a contact that is not on file every code is wrong."""
    policy = ctx.app.settings.policy
    this = f"pin:{submission.submission_id}"
    # A double click is not a second try: its submission was counted already.
    if not await budgets.used(ctx.app.pool, this):
        if opens := await _limit_reached(ctx, state, "pin", policy.pin_tries, policy.pin_lock):
            text = ctx.words.say(wording.LOCKED_PIN, time=ctx.clock(opens))
            return await page(ctx, state, {"pin": [text]}, locked_until=opens)
        await budgets.take(ctx.app.pool, this, limit=1, window=policy.pin_lock)
    answer = await _submit_concealed(ctx, state, "submit_pin", submission)
    if answer and answer.verdict is Verdict.ACCEPTED:
        await ctx.rotate()
        return await onward(ctx, answer)
    await ctx.time.not_before(times.ANSWERED_SECONDS)
    return await page(ctx, state, {"pin": [ctx.words.say(_WRONG_OR_EXPIRED)]})


async def resend(
    ctx: PortalRequest, state: PageState, request: ResendRequest, form: Form
) -> Response:
    """Request another message; the answer is the same whatever happens to it."""
    after = ctx.app.settings.policy.resend_after
    clicks = f"resend:{request.submission_id}"
    if await budgets.take(ctx.app.pool, clicks, limit=1, window=after):
        return ctx.redirect("/pin?sent")  # A double click.
    if opens := await _limit_reached(ctx, state, "resend", 1, after):
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
    """Return the activation's answer; None if it ended because nobody was found."""
    try:
        return await submit(ctx, name, submission)
    except ActivationEnded:
        if not state.concealed:
            raise
        if state.progress is None:
            # Without a worker a contact on file gets "received", so this one gets it too.
            raise await received(ctx, name) from None
        return None
    finally:
        if state.progress is None:
            await ctx.time.not_before(times.RECEIVED_SECONDS)


async def _limit_reached(
    ctx: PortalRequest, state: PageState, what: str, limit: int, window: timedelta
) -> datetime | None:
    bucket = f"{what}:{state.reference}"
    return await budgets.take(ctx.app.pool, bucket, limit=limit, window=window)
