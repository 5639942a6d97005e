"""The codec server of Temporal's web page: readable payloads for an operator who is signed in here.

Only that page's own origin may ask, with the console's cookie; there is nothing to encode.
"""

from collections.abc import AsyncIterator
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

router = APIRouter()

DECODE = "/codec/decode"
MAX_BODY = 4 * 1024 * 1024
"""Temporal's page sends the payloads of many events at once, each of two megabytes at most."""


def _allowed(request: Request) -> dict[str, str]:
    """Return the headers that let Temporal's page read the answer; raises 403 for any other."""
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


async def _seat(request: Request) -> AsyncIterator[ConsoleRequest]:
    # Nobody is led to the sign-in here: a script asks, and reads the answer's status.
    yield ConsoleRequest(request)


_seat.action = Action.DECODE  # type: ignore[attr-defined] # read by the test of the whole matrix


@router.options(DECODE)
async def preflight(request: Request) -> Response:
    asked = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=_allowed(request) | asked)


@router.post(DECODE)
async def decode(request: Request, ctx: Annotated[ConsoleRequest, Depends(_seat)]) -> Response:
    headers = _allowed(request)

    def refused(status: int, why: str) -> Response:
        return JSONResponse({"message": why}, status, headers)

    try:
        await ctx.load_staff()
        staff_context = ctx.staff_context
        staff_context.staff.check(Action.DECODE)
    except SignedOut:
        return refused(401, "sign in at the console first")
    except NotAllowed as error:
        return refused(403, str(error))
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return refused(415, "JSON only")
    if request.headers.get("x-namespace") != staff_context.client.namespace:
        return refused(400, "another namespace")
    try:
        asked = json_format.Parse(await request.body(), Payloads())
    except (json_format.ParseError, UnicodeDecodeError):
        return refused(400, "not payloads")
    shown = Payloads(payloads=await payloads.decode(staff_context, asked.payloads))
    return JSONResponse(json_format.MessageToDict(shown), headers=headers)
