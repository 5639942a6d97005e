"""The application that portal and console are: static files, routes, and the shield around them."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from web.brand import brand
from web.shield import ErrorPage, Shield
from web.view import static, static_path


def application(
    connected: Callable[[], AbstractAsyncContextManager[object]],
    *,
    public_url: str,
    routers: Iterable[APIRouter],
    error_page: ErrorPage,
    longer: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return an application that makes its context, `connected`, when it starts.

    `error_page` renders what no route answers; `longer` names the paths whose bodies may have more
    bytes than a form.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connected() as context:
            app.state.context = context
            yield

    app = FastAPI(
        lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.mount(static_path(), static())
    app.add_route("/brand/{name}", brand)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Shield, public_url=public_url, error_page=error_page, longer=longer)
    return app
