"""Sends the student's submissions to the activation, and redirects to the page that follows."""

from fastapi.responses import Response

from domain.contracts.submissions import Submission
from domain.contracts.views import Answer, Verdict
from starter import page_state
from starter.portal import limits
from starter.portal.portal_request import PortalRequest
from starter.portal.redirects import RedirectTo
from web import forms, times
from web.forms import Form

RECEIVED = "/progress?received"
"""The page that says that a submission was received, while it has no answer yet."""
_RAISES_TRUST = frozenset({"submit_pin", "identify", "give_consent"})
"""Updates that give a session more rights; without an answer their success is assumed."""
_BEFORE_PROOF = frozenset({"submit_pin", "resend_pin"})


async def stamp(ctx: PortalRequest, form: Form) -> dict[str, object]:
    """Return the fields of every submission: its id, and the ledger's time of receipt.

    The submission is counted by the same statement. Under enumeration protection other limits may
    refuse it first: only `submit` counts it then.
    """
    if not ctx.protects_enumeration:
        ctx.counted = await ctx.active_session(counts=form.submission_id)
    return {"submission_id": form.submission_id, "received_at": await ctx.now()}


async def stamp_untyped(ctx: PortalRequest, form: Form) -> dict[str, object]:
    """Return the same as `stamp` for a form without typed values, whose id changes each minute."""
    now = await ctx.now()
    return {"submission_id": forms.wish(form.submission_id, now), "received_at": now}


async def submit(ctx: PortalRequest, name: str, submission: Submission) -> Answer:
    """Send a submission and return its answer; without a worker raises `RedirectTo` RECEIVED.

    Raises `RateLimited`, and `RedirectTo` with the right page when it is out of step.
    """
    session = ctx.counted or await ctx.active_session()
    if session.reference is None:
        raise RedirectTo("/contact")
    if name not in _BEFORE_PROOF and (ctx.protects_enumeration or not session.proofs):
        await _require_proof(ctx)
    if session is ctx.counted:
        limits.refuse(session.spent)
    else:
        await limits.admit(ctx, session.reference, submission.submission_id)
    with ctx.time.handing_in(times.BUSY_PAGE):
        answer = await ctx.app.engine.submit(
            session.reference, name, submission, within=ctx.time.left()
        )
    if answer is None:
        raise await received(ctx, name)
    state = ctx.disclosed(page_state.of(answer.progress))
    ctx.check(session, state)
    if answer.verdict is Verdict.OUT_OF_STEP and not state.concealed:
        raise RedirectTo(await _path_of(ctx, answer))
    return answer


async def _require_proof(ctx: PortalRequest) -> None:
    """Raise `RedirectTo` before the submission is sent, if the contact is not proved yet."""
    state = await ctx.found_state()
    if state.concealed or state.progress is None:
        raise RedirectTo(state.path)


async def received(ctx: PortalRequest, name: str) -> RedirectTo:
    """Return the redirect to the page that says that the submission was received."""
    if name in _RAISES_TRUST:
        await ctx.rotate()
    return RedirectTo(RECEIVED)


async def onward(ctx: PortalRequest, answer: Answer, *, rotates: bool = False) -> Response:
    """Redirect to the page that follows; a form sent long ago brings its old answer again.

    `rotates`: the session has gained rights, so its token is rotated: a copied cookie must not gain
    them.
    """
    if rotates:
        is_newest = await ctx.rotate(answer.progress)
        ctx.time.taken(RECEIVED)
        return ctx.redirect(await _path_after(ctx, answer, is_newest=is_newest))
    ctx.time.taken(RECEIVED)
    return ctx.redirect(await _path_of(ctx, answer))


async def _path_of(ctx: PortalRequest, answer: Answer) -> str:
    return await _path_after(ctx, answer, is_newest=await ctx.keep(answer.progress))


async def _path_after(ctx: PortalRequest, answer: Answer, *, is_newest: bool) -> str:
    return (page_state.of(answer.progress) if is_newest else await ctx.state()).path
