"""Routes of the pages that ask nothing of the student: waiting, done, ended."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from domain.contracts.vocabulary import Step, WaitReason
from starter import pages
from starter.portal import page_state
from starter.portal.page_state import PageState
from starter.portal.portal_request import CurrentRequest
from starter.portal.redirects import RedirectTo

router = APIRouter()

_REFRESH = ((timedelta(seconds=30), 5), (timedelta(minutes=3), 10))
_SLOWEST_REFRESH = 30

_MAYBE_GIVEN = frozenset(
    {
        WaitReason.WAITING_PIN,
        WaitReason.WAITING_IDENTITY,
        WaitReason.WAITING_INSURANCE,
        WaitReason.WAITING_PASSWORD,
    }
)
"""Waits for the student that may be over already, which only a worker knows."""


@router.get("/progress")
async def progress(ctx: CurrentRequest) -> Response:
    """Show the waiting page; while no worker answers it is shown at every step."""
    state = await ctx.state(waiting=True)
    if state.path != "/progress" and (state.progress or state.path in pages.END_PATHS):
        return ctx.redirect(state.path)
    view, reason = state.progress, state.wait_reason
    # Only a worker knows whether the student has given this already.
    unknown = view is None and reason in _MAYBE_GIVEN
    shown_reason = WaitReason.LEDGER_DOWN if unknown else reason
    next_try_at = (view and view.next_try_at) or state.next_try_at
    now = await ctx.now()
    return ctx.page(
        "progress",
        state=state,
        sentence=ctx.words.wait(state.step, shown_reason),
        next_try_at=next_try_at if next_try_at and next_try_at > now else None,
        received="received" in ctx.request.query_params,
        with_support=state.step is Step.NEEDS_SUPPORT,
        delayed=reason is not None,
        since=None if unknown else state.since,
        look_again=_refresh_after(now - state.since if state.since else _REFRESH[-1][0]),
    )


def _refresh_after(waited: timedelta) -> int:
    """Return the refresh interval in seconds of a page without script; longer in a long wait."""
    return next((pause for until, pause in _REFRESH if waited < until), _SLOWEST_REFRESH)


@router.get("/progress.json")
async def progress_json(ctx: CurrentRequest) -> Response:
    try:
        session = await ctx.active_session()
        if session.reference is None:
            return JSONResponse({"error": "no activation"}, 401)
        state = await ctx.state_of(session, session.reference, waiting=True)
    except RedirectTo:
        return JSONResponse({"error": "no session"}, 401)
    shown = {"reference": state.reference, "step": state.step, "wait_reason": state.wait_reason}
    return JSONResponse(shown)


@router.get("/done")
async def done(ctx: CurrentRequest) -> Response:
    return ctx.page("done", state=await ctx.state_on("/done"))


@router.get(page_state.CONTINUED)
async def continued(ctx: CurrentRequest) -> Response:
    """Tell a browser that its activation was taken over by another browser."""
    session = await ctx.session()
    if not (session.superseded and session.reference):
        return ctx.redirect((await ctx.state()).path)
    return ctx.page("continued", state=PageState(session.reference, None))


@router.get("/ended")
async def ended(ctx: CurrentRequest) -> Response:
    return ctx.page("ended", state=await ctx.state_on("/ended"))


@router.post("/end")
async def finished(ctx: CurrentRequest) -> Response:
    """End the session, for students at a shared computer."""
    await ctx.form()
    return await ctx.end()
