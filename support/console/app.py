"""Wires the console's application, and maps each failure to its page.

uvicorn runs `create()`; tests pass their own context. It starts also while the ledger, Temporal or
the directory is away, and answers with a 503 page until they are back.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial

import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

import postgres
import settings as configuration
from adapters.directory.wiring import staff_groups_of
from adapters.oidc.provider import Provider
from domain.text import note
from ledger import clock
from postgres import Pool
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from settings import Settings
from starter.client.connect import DESK, Connection, TemporalUnavailable, connections
from starter.client.health import PROBES, page_probes, temporal_ready
from starter.client.traces import Tracing, tracing
from support.console import (
    action_pages,
    assignments,
    audit,
    campaigns,
    case,
    codec,
    findings,
    not_activated,
    notes,
    operations,
    provider,
    queue,
    registrar,
    requests,
    second_factor,
    signin,
    student_page,
)
from support.console.console_request import (
    SIGN_IN,
    ConsoleContext,
    ConsoleRequest,
    SignedOut,
    SignInByProvider,
)
from support.verbs.actions import ActionRefused
from support.verbs.histories import UnknownReference
from support.verbs.reply_texts import replies
from support.verbs.requests import UnknownRequest
from support.verbs.signin import SignIn
from support.verbs.staff import NotAllowed
from translations import N_
from web import times
from web.application import application
from web.context import Site
from web.cookies import Cookie
from web.forms import ForgedForm
from web.limits import RateLimited, RateLimits, retry_after
from web.view import Views

_RETRY_AFTER = "30"
_NOT_TAKEN = N_(
    "Your session had ended, so your text was not saved. Copy it, sign in and send it again."
)
_STATUS_OF: Mapping[type[Exception], int] = {
    ForgedForm: 403,
    NotAllowed: 403,
    UnknownReference: 404,
    UnknownRequest: 404,
    # A value that PostgreSQL cannot represent, such as one with a NUL, does not exist.
    asyncpg.DataError: 404,
}
"""The status of each failure whose page says nothing more."""
_PAGES = (
    *(signin, second_factor, provider, queue, case, student_page, action_pages),
    *(assignments, notes, registrar, requests, audit, operations, campaigns, findings),
    *(not_activated, codec),
)


def create(context: ConsoleContext | None = None) -> FastAPI:
    """Make the application; without a context it connects at start-up by the settings."""
    settings = context.settings if context else configuration.load()
    traced = None if context else tracing(settings, "console")
    app = application(
        partial(nullcontext, context) if context else partial(_connected, settings, traced),
        public_url=settings.console.public_url,
        routers=[module.router for module in _PAGES],
        error_page=_error_page,
        longer={codec.DECODE: codec.MAX_BODY},
        traced=traced.request if traced else None,
    )
    if context:
        app.state.context = context  # Tests call it without starting it.
    app.add_api_route("/", _first, methods=["GET"])
    app.router.routes.extend(PROBES)
    _add_failures(app)
    return app


@asynccontextmanager
async def _connected(settings: Settings, traced: Tracing | None) -> AsyncIterator[ConsoleContext]:
    listen, seconds = settings.console, times.CONSOLE_LEDGER_SECONDS
    measured = listen.health_port is not None
    async with (
        connections(
            settings, seconds=seconds, measured=measured, identity=DESK, traced=traced
        ) as opened,
        page_probes(listen, *opened),
    ):
        yield assemble(settings, *opened)


def assemble(settings: Settings, keys: KeyRing, pool: Pool, client: Connection) -> ConsoleContext:
    """Build the context that all requests share."""
    return ConsoleContext(
        settings=settings,
        pool=pool,
        client=client,
        site=Site(
            views=Views(settings.institution, "console"),
            keys=keys,
            limits=RateLimits(pool, keys, settings.limits),
            public_url=settings.console.public_url,
            default_language=settings.institution.default_language,
            session_cookie=Cookie("desk", settings.console.public_url, "strict"),
            # Read also on the way back from the provider, which is another site.
            language_cookie=Cookie("desk-lang", settings.console.public_url, "lax"),
        ),
        student_views=Views(settings.institution, "pages"),
        sign_in=SignIn(
            staff_groups_of(settings.directory, settings.console.user_dn), settings.console
        ),
        replies=replies(settings),
        oidc=_by_provider(settings),
        health=partial(temporal_ready, client),
    )


def _by_provider(settings: Settings) -> SignInByProvider | None:
    oidc, public_url = settings.console.oidc, settings.console.public_url
    if oidc is None:
        return None
    # The way back is a link on another site, with which no strict cookie comes.
    cookie = Cookie("desk-flow", public_url, "lax")
    return SignInByProvider(Provider(oidc, public_url), oidc, cookie)


async def _first(request: Request) -> Response:
    """Redirect to the first page that this person's roles allow."""
    ctx = ConsoleRequest(request)
    await ctx.load_staff()
    return ctx.see(ctx.menu[0][0])


def _add_failures(app: FastAPI) -> None:
    """Register an exception handler with a page for every failure."""

    async def signed_out(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, SignedOut)  # noqa: S101 - registered for nothing else
        ctx = ConsoleRequest(request)
        with suppress(ForgedForm):  # Also a GET has no form.
            form = await ctx.form()
            if kept := note(form.get("text") or form.get("note")):
                away = ctx.say(_NOT_TAKEN)
                return ctx.page("signin", status=403, away=away, next="/", kept=kept)
        return ctx.see(SIGN_IN, next=failure.path)

    async def impossible(request: Request, failure: Exception) -> Response:
        ctx = ConsoleRequest(request)
        return ctx.error(409, sentence=ctx.say(str(failure)))

    async def away(request: Request, _: Exception) -> Response:
        return ConsoleRequest(request).error(503, {"Retry-After": _RETRY_AFTER})

    async def too_many(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, RateLimited)  # noqa: S101 - as above
        assert failure.opens is not None  # noqa: S101 - these limits open by themselves
        ctx = ConsoleRequest(request)
        headers = retry_after(failure.opens, await clock.now(ctx.app.pool))
        not_before = ctx.site.views.clock(failure.opens, ctx.language)
        return ctx.error(429, headers, not_before=not_before)

    async def refused(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, HTTPException)  # noqa: S101 - as above
        return ConsoleRequest(request).error(failure.status_code, failure.headers)

    for failure, status in _STATUS_OF.items():
        app.add_exception_handler(failure, partial(_page_of_failure, status=status))
    app.add_exception_handler(SignedOut, signed_out)
    app.add_exception_handler(ActionRefused, impossible)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RateLimited, too_many)
    for unavailable in (TemporalUnavailable, KeyUnavailable, *postgres.UNAVAILABLE):
        app.add_exception_handler(unavailable, away)


async def _page_of_failure(request: Request, _: Exception, *, status: int) -> Response:
    return ConsoleRequest(request).error(status)


async def _error_page(request: Request, status: int) -> Response:
    return ConsoleRequest(request).error(status)
