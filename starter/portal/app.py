"""The student portal: wiring, and the exception handlers with their error pages.

uvicorn runs `create()`; tests pass a context of their own. It starts while the ledger or Temporal
is unavailable, and answers with a 503 page until they are back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

import postgres
import settings as configuration
from domain.contracts.vocabulary import Language, Step
from domain.text import note
from postgres import Pool
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import ActivationEnded, Activations, TooManySubmissions
from starter.client.connect import TemporalUnavailable, connections
from starter.client.health import PROBES, page_probes, temporal_ready
from starter.client.traces import Tracing, tracing
from starter.page_state import Engine, PageState
from starter.portal import (
    begin,
    hooks,
    info,
    insurance,
    limits,
    not_me,
    outcomes,
    password,
    problem,
    proof,
    review,
    session_time,
)
from starter.portal.admission import Admission
from starter.portal.attack_mode import AttackMode
from starter.portal.help_service import HelpService
from starter.portal.limits import TooManyAnswers
from starter.portal.password_service import PasswordService
from starter.portal.pause import Pauses
from starter.portal.portal_context import Health, PortalContext
from starter.portal.portal_request import PortalRequest
from starter.portal.receipts import ReceiptService
from starter.portal.redirects import RedirectTo, SessionEnded
from starter.portal.sessions import Sessions
from starter.portal.start_service import StartService
from starter.portal.stop_service import StopService
from starter.portal.texts import Texts
from starter.portal.tickets import Tickets
from starter.wording import Wording
from web import times
from web.application import application
from web.context import Site
from web.cookies import Cookie
from web.forms import ForgedForm
from web.limits import RateLimited, RateLimits
from web.view import Views
from workflows.steps import ENDS

_RETRY_AFTER = "30"


def create(context: PortalContext | None = None) -> FastAPI:
    """Make the application; without a context it connects by the settings when it starts."""
    settings = context.settings if context else configuration.load()
    traced = None if context else tracing(settings, "portal")
    steps = (begin, proof, insurance, review, password, outcomes, problem, not_me, info, hooks)
    app = application(
        partial(nullcontext, context) if context else partial(_connected, settings, traced),
        public_url=settings.portal.public_url,
        routers=[module.router for module in (*steps, session_time)],
        error_page=_error_page,
        traced=traced.request if traced else None,
    )
    if context:
        app.state.context = context  # Tests do not run the lifespan.
    app.router.routes.extend(PROBES)
    _add_failures(app)
    return app


@asynccontextmanager
async def _connected(settings: Settings, traced: Tracing | None) -> AsyncIterator[PortalContext]:
    listen, seconds = settings.portal, times.LEDGER_SECONDS
    measured = listen.health_port is not None
    async with (
        connections(settings, seconds=seconds, measured=measured, traced=traced) as opened,
        page_probes(listen, *opened, processes=listen.processes),
    ):
        keys, pool, client = opened
        health = partial(temporal_ready, client)
        yield assemble(settings, keys, pool, Activations(client), health)


def assemble(
    settings: Settings, keys: KeyRing, pool: Pool, engine: Engine, health: Health
) -> PortalContext:
    texts = Texts(settings)
    return PortalContext(
        settings=settings,
        pool=pool,
        engine=engine,
        health=health,
        site=Site(
            views=Views(settings.institution, "pages"),
            keys=keys,
            limits=RateLimits(pool, keys, settings.limits),
            public_url=settings.portal.public_url,
            default_language=settings.institution.default_language,
            session_cookie=Cookie("session", settings.portal.public_url, "lax"),
            language_cookie=Cookie("lang", settings.portal.public_url, "lax"),
        ),
        sessions=Sessions(pool, settings.portal, keys),
        pauses=Pauses(pool),
        texts=texts,
        starts=StartService(pool, keys, settings, texts, engine),
        stops=StopService(pool, engine),
        help_requests=HelpService(pool, keys, engine),
        passwords=PasswordService(pool, keys, settings),
        receipts=ReceiptService(pool, keys, settings),
        admission=Admission(),
        attack_mode=AttackMode(pool, settings.limits),
        tickets=Tickets(keys, settings.portal.barrier_tries),
        wordings={language: Wording(language) for language in Language},
    )


def _add_failures(app: FastAPI) -> None:
    """Register the exception handlers."""

    async def elsewhere(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, RedirectTo)  # noqa: S101 - registered for nothing else
        return PortalRequest(request).redirect(failure.path)

    async def session_ended(request: Request, failure: Exception) -> Response:
        ctx = PortalRequest(request)
        form = await ctx.form() if request.method == "POST" else None
        if form and form.get("note"):
            return ctx.page("who", status=403, again="sent", kept=note(form.get("note")))
        return await elsewhere(request, failure)

    async def ended(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, ActivationEnded)  # noqa: S101 - as above
        step = failure.step if failure.step in ENDS else Step.CANCELLED
        state = PageState(failure.reference, step)
        # A terminated run has no end step: redirecting to its page would lead here again.
        if step is failure.step:
            return PortalRequest(request).redirect(state.path)
        return PortalRequest(request).page("ended", state=state)

    async def forged(request: Request, _: Exception) -> Response:
        return await _error_page(request, 403)

    async def refused(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, HTTPException)  # noqa: S101 - as above
        return await PortalRequest(request).error(failure.status_code, failure.headers)

    async def too_many(request: Request, failure: Exception) -> Response:
        assert isinstance(failure, RateLimited | TooManySubmissions)  # noqa: S101 - as above
        limited = failure if isinstance(failure, RateLimited) else TooManyAnswers(None)
        return await limits.page(PortalRequest(request), limited)

    app.add_exception_handler(RateLimited, too_many)
    app.add_exception_handler(TooManySubmissions, too_many)
    app.add_exception_handler(RedirectTo, elsewhere)
    app.add_exception_handler(SessionEnded, session_ended)
    app.add_exception_handler(ActivationEnded, ended)
    app.add_exception_handler(ForgedForm, forged)
    app.add_exception_handler(HTTPException, refused)
    for unavailable in (TemporalUnavailable, KeyUnavailable, *postgres.UNAVAILABLE):
        app.add_exception_handler(unavailable, _away)


async def _away(request: Request, _: Exception) -> Response:
    """Redirect onward if the submission was accepted; else say whether it was, as far as known."""
    ctx = PortalRequest(request)
    handed_in = ctx.time.handed_in
    if handed_in.onward:
        return ctx.redirect(handed_in.onward)
    form = None
    with suppress(KeyUnavailable):  # Without the key no form can be read or rendered.
        if request.method == "POST" and ctx.app.keys.session_key:
            form = await ctx.form()
    headers = {"Retry-After": _RETRY_AFTER}
    return await ctx.error(503, headers, again=True, form=form, taken=handed_in.taken)


async def _error_page(request: Request, status: int) -> Response:
    return await PortalRequest(request).error(status)
