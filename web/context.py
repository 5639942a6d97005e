"""One request of one browser: its language, token and form, and the pages it is answered with."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.contracts.vocabulary import Language
from security.keys import KeyRing
from web import forms
from web.cookies import Cookie
from web.language import choose
from web.shield import answered_within
from web.view import Errors, Views


@dataclass(frozen=True)
class Site:
    """What every page of one application shares."""

    views: Views
    keys: KeyRing
    public_url: str
    default_language: Language
    session_cookie: Cookie
    language_cookie: Cookie


class RequestContext:
    """What a route works with; portal and console add who asks."""

    def __init__(self, request: Request, site: Site) -> None:
        self.request = request
        self.site = site
        kept = site.language_cookie.read(request)
        self.language = choose(request, kept, site.default_language)
        self.token = site.session_cookie.read(request)
        self.form_token = forms.draw()

    async def form(self) -> forms.Form:
        """Return the submitted form; raises `forms.ForgedForm`."""
        key = self.site.keys.session_key
        return await forms.submitted(self.request, self.site.public_url, key, self.token)

    def page(
        self,
        template: str,
        *,
        status: int | None = None,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Render a page; with errors it is the same page again, and 422 unless told otherwise."""
        html = self.site.views.page(
            template,
            self.language,
            path=self.request.url.path,
            hidden=self.hidden_fields,
            errors=errors or {},
            **context,
        )
        return self.with_cookies(HTMLResponse(html, status or (422 if errors else 200), headers))

    def redirect(self, address: str) -> Response:
        """Send the browser to another page of ours."""
        return self.with_cookies(RedirectResponse(address, 303))

    def hidden_fields(self) -> Markup:
        """Return the fields every form carries; a browser without a token gets one for them."""
        if not self.token:
            self.token = self.draw_token()
        return forms.hidden(self.site.keys.session_key, self.token, self.form_token)

    def draw_token(self) -> str:
        """Return a token for a browser that has no session yet."""
        return forms.draw()

    def with_cookies(self, response: Response) -> Response:
        """Let the browser keep the language that was asked for."""
        if "lang" in self.request.query_params:
            self.site.language_cookie.set(response, self.language)
        return response


@asynccontextmanager
async def in_time(request: Request, seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Limit how long a route may take once the body is here, however slow the line is."""
    await request.body()
    async with answered_within(request, seconds) as limit:
        yield limit
