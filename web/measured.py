"""Measures the requests of portal and console by route, for Prometheus."""

import time

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGES = Histogram(
    "activation_page_seconds",
    "Time until the response of a page begins, by the pattern of its path and by status.",
    ["method", "route", "status"],
    buckets=(0.03, 0.1, 0.3, 1, 3, 10),
)
_METHODS = frozenset({"GET", "HEAD", "POST"})
_OTHER = "other"


def method_of(scope: Scope) -> str:
    return str(scope["method"]) if scope["method"] in _METHODS else _OTHER


def route_of(scope: Scope) -> str:
    """Return the pattern of the path, once the request was routed."""
    return str(getattr(scope.get("route"), "path", _OTHER))


class Measured:
    """The middleware; what no route serves counts as `other`, so that nobody invents labels."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                labels = method_of(scope), route_of(scope), message["status"]
                PAGES.labels(*labels).observe(time.monotonic() - begun)
            await send(message)

        await self._app(scope, receive, measured)
