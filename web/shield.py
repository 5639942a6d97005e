"""The outermost ASGI middleware of portal and console: security headers, limits, error pages.

Each response, errors and static files included, carries the security headers; a body over the
size or time limit, an unknown host name and an unexpected exception get error pages. No request
data is logged, nor a disconnected client.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.forms import MAX_BODY, origins

log = structlog.get_logger(__name__)

_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # no-referrer would send `Origin: null` with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
_TOO_SLOW, _TOO_LARGE = 408, 413
_HSTS = "max-age=31536000"
_PROBES = ("/healthz", "/readyz")
BODY_WITHIN = 10.0
"""Seconds for receiving the whole body, after the headers."""

_LIMIT = "time_limit"

ErrorPage = Callable[[Request, int], Awaitable[Response]]


@asynccontextmanager
async def answered_within(request: Request, seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Limit the time until the response begins; sending the response is not limited here."""
    async with asyncio.timeout(seconds) as limit:
        setattr(request.state, _LIMIT, limit)
        try:
            yield limit
        finally:
            delattr(request.state, _LIMIT)


class BodyRefused(Exception):
    """The body is over the limit of size or time; the rest of it is not read."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Shield:
    """The middleware. `longer` maps paths to body limits in bytes larger than a form's."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        public_url: str,
        error_page: ErrorPage,
        longer: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._longer = longer or {}
        self._error_page = error_page
        self._hosts = {origin.split("://")[1] for origin in origins(public_url)}
        self._headers = dict(_HEADERS)
        if public_url.startswith("https://"):
            self._headers["Strict-Transport-Security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:
            # Served as GET without the body here, so that no route has to implement HEAD.
            scope = dict(scope, method="GET")
        outward = _SendWithHeaders(
            send, self._headers, scope.setdefault("state", {}), body=not head
        )
        status = self._refusal(scope) or await self._respond(scope, receive, outward)
        if status:
            response = await self._error_page(Request(scope, receive), status)
            if status == _TOO_SLOW:
                response.headers["Connection"] = "close"
            await response(scope, receive, outward)

    async def _respond(
        self, scope: Scope, receive: Receive, outward: "_SendWithHeaders"
    ) -> int | None:
        """Run the application; returns the status of the error page if it failed, else None."""
        try:
            await self._app(scope, _receive_limited(receive, self._body_limit(scope)), outward)
        except BodyRefused as refused:
            return refused.status
        except ClientDisconnect:
            return None
        except Exception:
            log.exception("request failed", method=scope["method"], status=500)
            if outward.started:
                raise
            return 500
        return None

    def _refusal(self, scope: Scope) -> int | None:
        """Return the status that rejects a request before the application; None to accept it."""
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        known = headers.get("host", "").lower() in self._hosts or scope["path"] in _PROBES
        if not known or not length.isdecimal():
            return 400
        return _TOO_LARGE if int(length) > self._body_limit(scope) else None

    def _body_limit(self, scope: Scope) -> int:
        return self._longer.get(scope["path"], MAX_BODY)


class _SendWithHeaders:
    """An ASGI `send` that adds the security headers, and drops the body of a HEAD response."""

    def __init__(
        self, send: Send, headers: Mapping[str, str], state: Mapping[str, Any], *, body: bool
    ) -> None:
        self._send = send
        self._headers = headers
        self._state = state
        self._body = body
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if limit := self._state.get(_LIMIT):
                limit.reschedule(None)
            headers = MutableHeaders(scope=message)
            headers.update(self._headers)
            headers.setdefault("Cache-Control", "no-store")
        elif not self._body:
            message = dict(message, body=b"")
        await self._send(message)


def _receive_limited(receive: Receive, most: int) -> Receive:
    """Wrap `receive`: raises `BodyRefused` beyond `most` bytes, or after the time-out."""
    seen, more = 0, True
    until = asyncio.get_running_loop().time() + BODY_WITHIN

    async def receive_limited() -> Message:
        nonlocal seen, more
        if not more:
            return await receive()  # Waits for the disconnect message.
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise BodyRefused(_TOO_SLOW) from None
        seen += len(message.get("body", b""))
        more = message.get("more_body", False)
        if seen > most:
            raise BodyRefused(_TOO_LARGE)
        return message

    return receive_limited
