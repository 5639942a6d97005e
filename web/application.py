"""Builds the FastAPI application of portal and console: static files, routes and the `Shield`."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from web.files import folder_route
from web.measured import Measured
from web.shield import ErrorPage, Shield
from web.traced import Begin, TracedRequests
from web.view import STATIC, brand, static_path


def application(
    connected: Callable[[], AbstractAsyncContextManager[object]],
    *,
    public_url: str,
    routers: Iterable[APIRouter],
    error_page: ErrorPage,
    longer: Mapping[str, int] | None = None,
    traced: Begin | None = None,
) -> FastAPI:
    """Return an application whose lifespan holds the context that `connected` opens.

    `error_page` renders the page of a status that no route handles; `longer` maps paths to their
    body limit in bytes, where it is larger than a form's; `traced` begins the span of a request.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connected() as context:
            app.state.context = context
            yield

    app = FastAPI(
        lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.add_route(f"{static_path()}/{{name}}", folder_route(STATIC))
    app.add_route("/brand/{name}", brand)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Shield, public_url=public_url, error_page=error_page, longer=longer)
    app.add_middleware(Measured)
    if traced:
        app.add_middleware(TracedRequests, begin=traced)
    return app
