"""Routes for a page that is open: how long its session lasts, and the wish to continue it.

They answer in JSON, with durations: the browser's clock and the ledger's need not agree. A look is
no use of the session, so that an open page does not keep it alive by itself.
"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from starter.portal.portal_request import CurrentRequest, PortalRequest

router = APIRouter()


@router.get("/session.json")
async def look(ctx: CurrentRequest) -> Response:
    await ctx.find_session()
    return _told(ctx)


@router.post("/session")
async def continued(ctx: CurrentRequest) -> Response:
    await ctx.form()
    await ctx.find_session()
    return _told(ctx)


def _told(ctx: PortalRequest) -> Response:
    time = ctx.session_time()
    if time is None:
        return JSONResponse({"error": "no session"}, 401)
    until = ctx.site.views.clock(time.ends_at, ctx.language)
    return ctx.with_cookies(
        JSONResponse({"idle": time.idle, "in_all": time.in_all, "until": until})
    )
