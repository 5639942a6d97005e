"""Routes for a page that is open: how long its session lasts, and the wish to continue it.

They answer in JSON, with durations: the browser's clock and the ledger's need not agree. A look is
no use of the session, so that an open page does not keep it alive by itself.
"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.sessions import SessionTime

router = APIRouter()


@router.get("/session.json")
async def look(ctx: CurrentRequest) -> Response:
    session = await ctx.app.sessions.last_use(ctx.token)
    time = session and session.told_at and ctx.app.sessions.time_left(session, session.told_at)
    return _told(ctx, time or None)


@router.post("/session")
async def continued(ctx: CurrentRequest) -> Response:
    await ctx.form()
    await ctx.find_session()
    return _told(ctx, ctx.session_time())


def _told(ctx: PortalRequest, time: SessionTime | None) -> Response:
    if time is None:
        return JSONResponse({"error": "no session"}, 401)
    until = ctx.site.views.clock(time.ends_at, ctx.language)
    return ctx.with_cookies(
        JSONResponse({"idle": time.idle, "in_all": time.in_all, "until": until})
    )
