"""Renders every page of the portal by its own routes, for a sample student and without a system.

The routes are those of the portal. Only where they would ask the ledger or Temporal, the sample
answers: `SampleRequest` has a session and a state, `_Empty` is a ledger without rows.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.responses import Response
from markupsafe import Markup

from domain.contracts.vocabulary import Language, Step, WaitReason
from domain.counting import Counting, not_counted
from ledger.pauses import Pause
from ledger.sessions import Session
from postgres import Pool
from security import rotation
from security.keys import KeyRing
from settings import Settings
from starter import page_state
from starter.brand.samples import REFERENCE, at
from starter.page_state import Engine, PageState
from starter.portal import (
    barrier,
    begin,
    enumeration_protection,
    info,
    insurance,
    not_me,
    outcomes,
    password,
    problem,
    proof,
    review,
)
from starter.portal.app import assemble, create
from starter.portal.pause import Pauses
from starter.portal.portal_context import PortalContext
from starter.portal.portal_request import PortalRequest
from starter.portal.sessions import SessionTime
from web.forms import Form

Route = Callable[[Any], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """One page: the route that renders it, its address, and where the sample student stands."""

    name: str
    route: Route
    path: str
    state: PageState | None = None
    query: str = ""
    paused: bool = False
    superseded: bool = False


async def _barrier(ctx: PortalRequest) -> Response:
    form = Form((("mobile", "6912345678"), ("email", "")), "", (REFERENCE,))
    return barrier.new_ticket(ctx, form, "", await ctx.now(), again=True)


async def _uniform(ctx: PortalRequest) -> Response:
    return await enumeration_protection.page(ctx, await ctx.state())


def _error(status: int) -> Route:
    async def route(ctx: PortalRequest) -> Response:
        return await ctx.error(status, again=status == HTTPStatus.SERVICE_UNAVAILABLE)

    return route


def _texts() -> Iterator[Page]:
    for route in info.router.routes:
        name = getattr(route, "name", "")
        if name in info.TITLES and getattr(route, "path", "") == f"/{name}":
            yield Page(name, route.endpoint, f"/{name}")  # type: ignore[attr-defined] # an APIRoute


def _pages() -> Iterator[Page]:
    pin, asked = (
        at(Step.PIN, WaitReason.WAITING_PIN),
        at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY),
    )
    insured = at(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
    shown = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
    locked = datetime.now(UTC) + timedelta(minutes=50)
    yield Page("start", begin.start, "/")
    yield Page("who", begin.who, "/who")
    yield Page("who-continue", begin.who, "/who", query="continue")
    yield Page("contact", begin.contact, "/contact")
    yield Page("contact-not-found", begin.contact, "/contact", at(Step.NOT_FOUND))
    yield Page("barrier", _barrier, "/contact")
    yield Page("pin", proof.pin, "/pin", pin)
    yield Page("pin-uniform", _uniform, "/pin", pin)
    yield Page("pin-locked", proof.pin, "/pin", _locked(pin, locked))
    yield Page("identify", proof.identify, "/identify", asked)
    yield Page("insurance", insurance.amka, "/insurance", insured)
    yield Page("insurance-other", insurance.other, "/insurance/other", insured)
    yield Page("review", review.review, "/review", shown)
    yield Page("dispute", review.wrong, "/review/wrong", shown)
    yield Page("disputed", review.review, "/review", at(Step.REVIEW, WaitReason.DATA_DISPUTED))
    yield Page("password", password.password, "/password", at(Step.PASSWORD))
    yield Page("progress", outcomes.progress, "/progress", at(Step.PROVISIONING))
    outage = at(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN)
    yield Page("progress-outage", outcomes.progress, "/progress", outage)
    yield Page("with-support", outcomes.progress, "/progress", at(Step.NEEDS_SUPPORT))
    yield Page("done", outcomes.done, "/done", at(Step.ACTIVE))
    yield Page("already-active", outcomes.ended, "/ended", at(Step.ALREADY_ACTIVE))
    yield Page("expired", outcomes.ended, "/ended", at(Step.EXPIRED))
    yield Page("cancelled", outcomes.ended, "/ended", at(Step.CANCELLED))
    yield Page("continued", outcomes.continued, "/continued", pin, superseded=True)
    yield Page("start-paused", begin.start, "/", paused=True)
    yield Page("paused", begin.who, "/who", paused=True)
    yield Page("problem", problem.problem, "/problem", pin)
    yield Page("problem-sent", problem.problem, "/problem", pin, query="sent")
    yield Page("not-me", not_me.not_me, "/not-me", query="mark=A-7K3F")
    yield from _texts()
    for status in (403, 404, 429, 500, 503):
        yield Page(f"error-{status}", _error(status), f"/error-{status}", pin)


def _locked(state: PageState, until: datetime) -> PageState:
    assert state.progress is not None  # noqa: S101 - a sample has one
    assert state.progress.pin is not None  # noqa: S101 - as above
    view = state.progress.pin.model_copy(update={"locked_until": until})
    return page_state.of(state.progress.model_copy(update={"pin": view}))


class SampleRequest(PortalRequest):
    """A request of the sample student, whose state is given."""

    def __init__(self, app: FastAPI, page: Page, language: Language) -> None:
        query = f"lang={language}&{page.query}".rstrip("&")
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": page.path,
            "query_string": query.encode(),
            "headers": [],
            "app": app,
        }
        super().__init__(Request(scope))
        self._page = page
        if page.paused:
            self.app = replace(self.app, pauses=_Paused())

    async def find_session(self, *, take: bool = False, counts: str | None = None) -> Session:
        del take, counts
        reference = self._page.state.reference if self._page.state else None
        return Session(reference, superseded=self._page.superseded)

    async def state_of(
        self, session: Session, reference: str, *, waiting: bool = False
    ) -> PageState:
        del session, reference, waiting
        assert self._page.state is not None  # noqa: S101 - only with one there is a reference
        return self._page.state

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def typed(self, reference: str) -> dict[str, str]:
        del reference
        return {"sms": "+30 •••••••78"}

    def session_time(self) -> SessionTime | None:
        now = datetime.now(UTC)
        return self.app.sessions.time_left(Session(REFERENCE, seen_at=now, began_at=now), now)

    def hidden_fields(self) -> Markup:
        return Markup()


class _Empty:
    """A ledger that has no row and takes every one."""

    async def _nothing(self, *_: object) -> None:
        return None

    async def fetch(self, *_: object) -> list[object]:
        return []

    execute = fetchrow = fetchval = _nothing


class _Paused(Pauses):
    def __init__(self) -> None:
        super().__init__(cast(Pool, _Empty()))

    async def current(self) -> Pause:
        return Pause(
            "Η Γραμματεία κάνει εργασίες έως τις 18:00. Ελάτε ξανά μετά.",
            "The secretariat's systems are being serviced until 18:00. Please come back then.",
            datetime.now(UTC),
        )


@dataclass
class Rendered:
    """Every page as HTML by name and language, and the application that serves its files."""

    context: PortalContext
    html: Mapping[tuple[str, Language], str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)


async def render(settings: Settings, count: Counting = not_counted) -> Rendered:
    """Render every page in both languages; the keys made for it are thrown away."""
    with TemporaryDirectory() as folder:
        rotation.create(Path(folder), f"{datetime.now(UTC):%Y-%m}")
        keys = KeyRing(Path(folder))
        ledger, engine = cast(Pool, _Empty()), cast(Engine, None)
        context = assemble(settings, keys, ledger, engine, _healthy)
        app = create(context)
        pages = list(_pages())
        html: dict[tuple[str, Language], str] = {}
        for page, language in product(pages, Language):
            count(len(html), len(pages) * len(Language))
            response = await page.route(SampleRequest(app, page, language))
            html[page.name, language] = bytes(response.body).decode()
    paths: dict[str, str] = {}
    for page in pages:
        paths.setdefault(page.path, page.name)
    return Rendered(context, html, paths)


async def _healthy() -> bool:
    return True
