"""The context of a console request: the staff member, the session, the form and the response."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from adapters.oidc.provider import Provider
from ledger import staff_sessions
from ledger.staff_sessions import SignedIn
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from settings.pages import Oidc
from starter.client.connect import Connection
from starter.ready_answers import Replies
from support.console.labels import Labels
from support.verbs.departments import DepartmentNames
from support.verbs.not_activated import SharedCounts
from support.verbs.signin import SignIn
from support.verbs.staff import Action, Staff, StaffContext, staff_of
from translations import N_, translator
from web import forms, times
from web.context import RequestContext, Site, in_time
from web.cookies import Cookie
from web.limits import Purpose
from web.view import Views

SIGN_IN = "/sign-in"
MENU: tuple[tuple[str, str, Action], ...] = (
    ("/queue", N_("Queue"), Action.QUEUE),
    ("/mine", N_("My cases"), Action.ASSIGN),
    ("/search", N_("Search"), Action.SEARCH),
    ("/registrar", N_("Registrar check"), Action.REGISTRAR),
    ("/caller", N_("Who is this caller?"), Action.CALLER),
    ("/requests", N_("Requests for help"), Action.REQUESTS),
    ("/funnel", N_("Statistics"), Action.FUNNEL),
    ("/not-activated", N_("Not activated yet"), Action.NOT_ACTIVATED),
    ("/campaigns", N_("Invitations"), Action.CAMPAIGN),
    ("/operations", N_("Operation"), Action.OPERATE),
    ("/findings", N_("Findings"), Action.FINDINGS),
    ("/audit", N_("Audit"), Action.AUDIT),
)
_TOLD: Mapping[str, str] = {
    "done": N_("Done."),
    "taken": N_("Accepted. It takes effect as soon as a worker is back."),
    "sent": N_(
        "A new six-digit code (pin) was sent. Nothing was unlocked: it was not locked any more."
    ),
    "waking": N_("They are tried now, one after the other."),
    "paused": N_("New activations are paused"),
    "uninvited": N_("No campaign invites this student from now on."),
    "invited": N_("Campaigns may invite this student again."),
    "second_factor": N_("The second factor is reset, and their sessions have ended."),
    "resumed": N_("New activations can begin again"),
}
"""The text that any page shows above itself, by the parameter `told` of its address."""
_STATUSES: Mapping[int, tuple[str, str]] = {
    400: (N_("This is not our address"), N_("Open the console by its own address.")),
    403: (
        N_("You may not do this"),
        N_("Your role does not allow it, or the form was open too long. Nothing was changed."),
    ),
    404: (
        N_("There is nothing here"),
        N_("No page and no activation of yours has this address. Check the reference."),
    ),
    405: (N_("You cannot use this page like that"), N_("Open it from the queue.")),
    408: (
        N_("That took too long"),
        N_("Your connection was too slow or broke off, so we received nothing. Send it again."),
    ),
    409: (N_("It is not possible any more"), N_("Nothing was changed.")),
    413: (N_("That is too long"), N_("Nothing was changed. Write less.")),
    429: (N_("Too many attempts"), N_("Wait a little before you try again.")),
    503: (
        N_("A part of the system does not answer"),
        N_("Nothing was lost. Look again in a minute; the command line works meanwhile."),
    ),
}
_ELSE = (
    N_("Something went wrong on our side"),
    N_("It is in the log. As far as we know, nothing was changed; look at the case again."),
)
_BELOW = re.compile(r"(/(case|requests)/[\w-]+)/.", re.ASCII)
_BACK: Mapping[str, tuple[Action, str]] = {
    "case": (Action.CASE, N_("Back to the case")),
    "requests": (Action.REQUESTS, N_("Back to the request")),
}


@dataclass(frozen=True)
class SignInByProvider:
    """The OpenID Connect provider, and the cookie of a sign-in between its two halves."""

    provider: Provider
    settings: Oidc
    cookie: Cookie


@dataclass(frozen=True)
class ConsoleContext:
    """The connections of one console process."""

    site: Site
    student_views: Views
    settings: Settings
    pool: Pool
    client: Connection
    sign_in: SignIn
    replies: Replies
    oidc: SignInByProvider | None
    health: Callable[[], Awaitable[bool]]
    not_activated: SharedCounts = field(default_factory=SharedCounts)
    departments: DepartmentNames = field(default_factory=DepartmentNames)

    @property
    def keys(self) -> KeyRing:
        return self.site.keys


class SignedOut(Exception):
    """Nobody is signed in; `path` is the requested page."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class ConsoleRequest(RequestContext):
    """The request context of the console's routes."""

    def __init__(self, request: Request) -> None:
        self.app: ConsoleContext = request.app.state.context
        super().__init__(request, self.app.site)
        self._texts = translator(self.language)
        self._kept = self.token
        self.staff: Staff | None = getattr(request.state, "staff", None)

    # --- who asks -----------------------------------------------------------------------------

    async def load_staff(self) -> Staff:
        """Load and return the signed-in staff member; raises `SignedOut`."""
        if self.staff:
            return self.staff
        console, found = self.app.settings.console, None
        if self.token:
            found = await staff_sessions.find(
                self.app.pool,
                self.app.keys,
                self.token,
                idle=timedelta(minutes=console.session_idle_minutes),
                absolute=timedelta(minutes=console.session_absolute_minutes),
                used=not self.by_itself,
            )
        if found is None:
            raise SignedOut(self.request.url.path if self.request.method == "GET" else "/")
        self.staff = staff_of(found)
        self.request.state.staff = self.staff
        return self.staff

    async def count_post(self) -> None:
        """Count a POST by the session of whoever is signed in, else as for anybody."""
        if self.request.method == "POST" and not await self.counts_by_session():
            await super().count_post()

    async def counts_by_session(self, apart: str = "") -> bool:
        """Count a POST of whoever is signed in; return False, uncounted, if nobody is.

        `apart` as in `RateLimits.by_address`.
        """
        try:
            await self.load_staff()
        except SignedOut:
            return False
        await self.site.limits.take([self.site.limits.of_session(self.token or "", apart)])
        return True

    async def count_genuine(self) -> None:
        # Apart from the portal's, where anybody may send forms.
        limits = self.site.limits
        await limits.take(limits.by_address(Purpose.POSTS, self.host, "console:"))

    @property
    def staff_context(self) -> StaffContext:
        assert self.staff is not None  # noqa: S101 - every route but the sign-in has loaded it
        context = self.app
        return StaffContext(
            context.client, context.pool, context.keys, context.settings, self.staff
        )

    async def begin(self, staff: Staff) -> None:
        """Begin this person's session with a new token, against session fixation."""
        self.token = forms.draw() + forms.draw()
        await staff_sessions.create(self.app.pool, self.app.keys, self.token, kept(staff))

    async def end(self) -> None:
        if self.token:
            await staff_sessions.drop(self.app.pool, self.token)
        self.token = None

    @property
    def _foreign(self) -> bool:
        return self.request.headers.get("sec-fetch-site") == "cross-site"

    @property
    def followed(self) -> bool:
        """Whether a link on another site led here, so that the browser withheld the cookie.

        The browser sends it with a link on our own page, but not with a redirect.
        """
        return not self.token and self._foreign

    @property
    def menu(self) -> list[tuple[str, str]]:
        """Return the pages that this person's roles allow, in the menu's order."""
        staff = self.staff
        return [(path, text) for path, text, action in MENU if staff and staff.may(action)]

    # --- what is answered ---------------------------------------------------------------------

    def say(self, text: str) -> str:
        """Return a marked text in the page's language."""
        return self._texts.gettext(text)

    def shared(self) -> dict[str, Any]:
        return {
            "staff": self.staff,
            "menu": self.menu,
            "searches": self.staff is not None and self.staff.may(Action.SEARCH),
            "by_provider": self.app.oidc is not None,
            "by_password": self.app.sign_in.takes_passwords,
            "say": self.say,
            "drawn_at": datetime.now(UTC),
            "department_name": partial(self.app.departments.name, language=self.language),
            "labels": Labels(self.language),
            "notice": _TOLD.get(self.request.query_params.get("told", "")),
        }

    @property
    def page_number(self) -> int:
        """Return the number of a list's page that the address asks for; 1 if it is not valid."""
        number = self.request.query_params.get("page", "")
        return int(number) if re.fullmatch("[0-9]{1,5}", number) else 1

    def see(self, path: str, **query: str) -> Response:
        """Send the browser to another page of ours."""
        address = f"{path}?{urlencode(query)}" if query else path
        return opened(address) if self.followed else self.redirect(address)

    def error(
        self, status: int, headers: Mapping[str, str] | None = None, **context: Any
    ) -> Response:
        heading, sentence = _STATUSES.get(status, _ELSE)
        context = {"heading": self.say(heading), "sentence": self.say(sentence)} | context
        back = None if status == HTTPStatus.NOT_FOUND else self._back()
        return self.page("error", status=status, headers=headers, back=back, **context)

    def _back(self) -> tuple[str, str] | None:
        """Return address and name of the case or request that this page is about, if it is."""
        below = _BELOW.match(self.request.url.path)
        if below is None:
            return None
        action, text = _BACK[below[2]]
        return (below[1], self.say(text)) if self.staff and self.staff.may(action) else None

    def with_cookies(self, response: Response) -> Response:
        # A request from another site has no cookie: do not overwrite the existing one.
        if self.token != self._kept and not self._foreign:
            if self.token:
                self.site.session_cookie.set(response, self.token)
            else:
                self.site.session_cookie.delete(response)
        return super().with_cookies(response)


def kept(staff: Staff) -> SignedIn:
    """Return a member of staff as the ledger keeps them."""
    departments = None if staff.departments is None else tuple(sorted(staff.departments))
    return SignedIn(staff.name, tuple(sorted(staff.roles)), departments)


def inside(path: str) -> str:
    """Return the path if it is the console's own, against open redirects.

    Browsers take a backslash for a slash, and drop tabs and line feeds.
    """
    return path if re.fullmatch(r"/(?![/\\])[!-~]*", path) else "/"


def opened(address: str) -> Response:
    """Open an address as a link of ours does: with our cookies, and after a form any site's."""
    return HTMLResponse(headers={"Refresh": f"0; url={address}"})


async def anyone(request: Request) -> AsyncIterator[ConsoleRequest]:
    """Yield the request context without sign-in; a time-out counts as an unavailable system."""
    async with in_time(request, times.CONSOLE_PAGE_SECONDS):
        ctx = ConsoleRequest(request)
        await ctx.count_post()
        yield ctx


def allowed_to(action: Action, seconds: float = times.CONSOLE_PAGE_SECONDS) -> Any:
    """Return the dependency of a route that requires a role with this action."""

    async def ctx(request: Request) -> AsyncIterator[ConsoleRequest]:
        async with in_time(request, seconds):
            taken = ConsoleRequest(request)
            with suppress(forms.ForgedForm):  # Whoever is not signed in is sent to sign in.
                await taken.count_post()
            (await taken.load_staff()).check(action)
            yield taken

    ctx.action = action  # type: ignore[attr-defined] # read by the test of the whole matrix
    return Depends(ctx)
