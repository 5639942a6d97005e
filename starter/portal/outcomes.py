"""Routes of the pages that ask nothing of the student: waiting, done, ended."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, RedirectResponse, Response

from starter import page_contexts, page_state, pages
from starter.page_state import PageState
from starter.portal.portal_request import CurrentRequest
from starter.portal.redirects import RedirectTo
from web.context import REFRESHED

router = APIRouter()


@router.get("/progress")
async def progress(ctx: CurrentRequest) -> Response:
    """Show the waiting page; while no worker answers it is shown at every step."""
    state = await ctx.state(waiting=True)
    if state.path != "/progress" and (state.progress or state.path in pages.END_PATHS):
        return ctx.redirect(f"{state.path}?{REFRESHED}" if ctx.by_itself else state.path)
    received = "received" in ctx.request.query_params
    shown = page_contexts.progress(ctx, state, await ctx.now())
    return ctx.page("progress", state=state, received=received, **shown)


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
    """End the session and clear the browser's data, for students at a shared computer."""
    await ctx.form()
    if ctx.token:
        await ctx.app.sessions.end(ctx.token)
    response = RedirectResponse("/", 303)
    # Honoured over https only; "cookies" clears the whole registered domain, so that sessions
    # at other services of the institution end too.
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    ctx.site.session_cookie.delete(response)
    ctx.site.language_cookie.delete(response)
    return response
