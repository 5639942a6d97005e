"""Serves the codec server of Temporal's web UI, for operators who are signed in to the console.

CORS allows only that UI's origin, with the console's cookie; encoding is not offered.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from google.protobuf import json_format
from starlette.exceptions import HTTPException
from temporalio.api.common.v1 import Payloads

from support.console.console_request import ConsoleContext, ConsoleRequest, SignedOut
from support.verbs import payloads
from support.verbs.staff import Action, NotAllowed
from web.limits import RateLimited

router = APIRouter()

DECODE = "/codec/decode"
MAX_BODY = 4 * 1024 * 1024
"""Bytes; Temporal's web UI sends the payloads of many events at once, each of at most 2 MB."""

_REFUSED: Mapping[type[Exception], tuple[int, str]] = {
    SignedOut: (401, "sign in at the console first"),
    NotAllowed: (403, str(NotAllowed())),
    RateLimited: (429, "you have decoded too much: wait a little"),
}


def _allowed(request: Request) -> dict[str, str]:
    """Return the CORS headers for Temporal's web UI; raises 403 for any other origin."""
    context: ConsoleContext = request.app.state.context
    url = urlsplit(context.settings.console.temporal_ui_url)
    origin = f"{url.scheme}://{url.netloc}"
    if not url.netloc or request.headers.get("origin") != origin:
        raise HTTPException(403)
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


class _Decoding(ConsoleRequest):
    """A request of Temporal's web page, whose script looks again by itself."""

    by_itself = True


async def _operator_request(request: Request) -> AsyncIterator[ConsoleRequest]:
    # No redirect to the sign-in: the client is a script that reads the status.
    yield _Decoding(request)


_operator_request.action = Action.DECODE  # type: ignore[attr-defined] # read by the test of the whole matrix


@router.options(DECODE)
async def preflight(request: Request) -> Response:
    asked = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=_allowed(request) | asked)


@router.post(DECODE)
async def decode(
    request: Request, ctx: Annotated[ConsoleRequest, Depends(_operator_request)]
) -> Response:
    headers = _allowed(request)

    def refused(status: int, why: str) -> Response:
        return JSONResponse({"message": why}, status, headers)

    try:
        # Apart, so that who reads histories may send forms all the same.
        if not await ctx.counts_by_session("decode:"):
            await ctx.count_forged()
        await ctx.load_staff()
        staff_context = ctx.staff_context
        staff_context.staff.check(Action.DECODE)
    except (SignedOut, NotAllowed, RateLimited) as error:
        return refused(*_REFUSED[type(error)])
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return refused(415, "JSON only")
    if request.headers.get("x-namespace") != staff_context.client.namespace:
        return refused(400, "another namespace")
    try:
        asked = json_format.Parse(await request.body(), Payloads())
    except (json_format.ParseError, UnicodeDecodeError):
        return refused(400, "not payloads")
    try:
        shown = Payloads(payloads=await payloads.decode(staff_context, asked.payloads))
    except RateLimited as error:
        return refused(*_REFUSED[type(error)])
    return JSONResponse(json_format.MessageToDict(shown), headers=headers)
