"""The context of one request: language, session token, form, and how its pages are rendered."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from domain.contracts.vocabulary import Language
from security.keys import KeyRing
from web import forms
from web.cookies import Cookie
from web.limits import Purpose, RateLimits
from web.shield import answered_within
from web.view import Errors, Views

REFRESHED = "refreshed"
"""The parameter in an address that a page opens by itself, where no script can send a header."""


@dataclass(frozen=True)
class Site:
    """What every page of one application shares."""

    views: Views
    keys: KeyRing
    limits: RateLimits
    public_url: str
    default_language: Language
    session_cookie: Cookie
    language_cookie: Cookie


class RequestContext:
    """The context that a route gets; portal and console add the session or the operator."""

    def __init__(self, request: Request, site: Site) -> None:
        self.request = request
        self.site = site
        kept = site.language_cookie.read(request)
        self.language = _language(request, kept, site.default_language)
        self.token = site.session_cookie.read(request)
        self.form_token = forms.draw()

    @property
    def host(self) -> str:
        """Return the client's address, as the trusted proxy tells it."""
        return self.request.client.host if self.request.client else ""

    @property
    def by_itself(self) -> bool:
        """Whether an open page sends this without a person, which is no use of a session.

        Scripts say so in a header, a page that reloads itself in its address; only scripts read
        JSON.
        """
        request = self.request
        told = "page-refresh" in request.headers or REFRESHED in request.query_params
        return request.method == "GET" and (told or request.url.path.endswith(".json"))

    async def count_post(self) -> None:
        """Count a form that is sent; raises `RateLimited` beyond a limit, `forms.ForgedForm`."""
        if self.request.method == "POST":
            await self.genuine_form()
            await self.count_genuine()

    async def genuine_form(self) -> forms.Form:
        """Return the submitted form; a forged one counts by itself, and raises as `count_post`.

        Forged ones cost nothing to send, so they may not use up what others at the address have.
        """
        try:
            return await self.form()
        except forms.ForgedForm:
            await self.count_forged()
            raise

    async def count_forged(self) -> None:
        """Count a POST without a valid form."""
        await self.site.limits.take(
            self.site.limits.by_address(Purpose.POSTS, self.host, "forged:")
        )

    async def count_genuine(self) -> None:
        """Count a POST with a valid form, by the client's address."""
        await self.site.limits.take(self.site.limits.by_address(Purpose.POSTS, self.host))

    async def form(self) -> forms.Form:
        """Return the submitted form; raises `forms.ForgedForm`.

        It is read once, with the token of the request: the session may have been replaced since.
        """
        form: forms.Form | None = getattr(self.request.state, "form", None)
        if form is None:
            key = self.site.keys.session_key
            form = await forms.submitted(self.request, self.site.public_url, key, self.token)
            self.request.state.form = form
        return form

    def page(
        self,
        template: str,
        *,
        status: int | None = None,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Render a page; the default status is 422 with errors and 200 without."""
        html = self.site.views.page(
            template,
            self.language,
            path=self._openable(),
            hidden=self.hidden_fields,
            errors=errors or {},
            **self.shared() | context,
        )
        return self.with_cookies(HTMLResponse(html, status or (422 if errors else 200), headers))

    def _openable(self) -> str:
        """Return the path of this page, or the next above it where this one takes forms only."""
        path = self.request.url.path
        if self.request.method != "POST":
            return path
        while path and not self._opens(path):
            path = path.rpartition("/")[0]
        return path or "/"

    def _opens(self, path: str) -> bool:
        asked = {**self.request.scope, "method": "GET", "path": path}
        return any(route.matches(asked)[0] is Match.FULL for route in self.request.app.routes)

    def shared(self) -> dict[str, Any]:
        """Return what the templates of every page get; `context` of a page replaces it."""
        return {}

    def redirect(self, address: str) -> Response:
        """Redirect the browser (303) to another page of this application."""
        return self.with_cookies(RedirectResponse(address, 303))

    def hidden_fields(self) -> Markup:
        """Return the hidden fields of every form; draws a token for a browser without one."""
        if not self.token:
            self.token = self.draw_token()
        return forms.hidden(self.site.keys.session_key, self.token, self.form_token)

    def draw_token(self) -> str:
        """Return a token for a browser that has no session yet."""
        return forms.draw()

    def with_cookies(self, response: Response) -> Response:
        """Set the language cookie when the request chose a language."""
        if "lang" in self.request.query_params:
            self.site.language_cookie.set(response, self.language)
        return response


@asynccontextmanager
async def in_time(request: Request, seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Limit the time of a route, counted from when the whole body was received."""
    await request.body()
    async with answered_within(request, seconds) as limit:
        yield limit


def _language(request: Request, kept: str | None, usual: Language) -> Language:
    """Return the page's language: by query, cookie, Accept-Language header, or the usual one."""
    accepted = _accepted(request.headers.get("accept-language", ""))
    for choice in (request.query_params.get("lang"), kept, *accepted):
        if choice in list(Language):
            return Language(choice)
    return usual


def _accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header by weight, without their regions."""
    weighed = []
    for item in header.split(",")[:20]:
        name, _, weight = item.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda pair: pair[0])]
