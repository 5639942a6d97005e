"""Traces the requests of portal and console by route, where traces are on."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.measured import method_of, route_of

_UNTRACED = ("/static/", "/brand/", "/healthz", "/readyz")


class Span(Protocol):
    """What is told of a request."""

    def update_name(self, name: str) -> None: ...

    def set_attributes(self, attributes: Mapping[str, str | int]) -> None: ...


Begin: TypeAlias = Callable[[], AbstractContextManager[Span]]


class TracedRequests:
    """The middleware; `begin` begins a span, under which the request runs."""

    def __init__(self, app: ASGIApp, *, begin: Begin) -> None:
        self._app = app
        self._begin = begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            await self._app(scope, receive, send)
            return
        with self._begin() as span:

            async def traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    method, route = method_of(scope), route_of(scope)
                    span.update_name(f"{method} {route}")
                    attributes = {"http.request.method": method, "http.route": route}
                    status = {"http.response.status_code": message["status"]}
                    span.set_attributes({**attributes, **status})
                await send(message)

            await self._app(scope, receive, traced)
