"""Renders pages from Jinja templates, and serves the files that they link to.

There is an environment for each language, auto-escaped. The institution's colours, icon and logo
are files, because pages have no inline style; addresses of files contain a digest of their content.
"""

import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from domain import references, usernames
from domain.contracts.vocabulary import Language
from settings.institution import Institution
from settings.section import CHECKOUT
from translations import translator

_TEMPLATES = CHECKOUT / "templates"
STATIC = _TEMPLATES / "static"
FOR_EVER = "public, max-age=31536000, immutable"
"""The cache header of files whose address contains a digest of their content."""
_CSS = """:root{{--app-brand:{light};--app-brand-strong:color-mix(in srgb,{light},#000 30%)}}
@media screen and (prefers-color-scheme:dark){{:root{{--app-brand:{dark};\
--app-brand-strong:color-mix(in srgb,{dark},#fff 30%)}}}}
"""
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="6" fill="{colour}"/>'
    '<path d="M16 6 3 13l13 7 13-7zM8 18v5c0 2 4 4 8 4s8-2 8-4v-5l-8 4z" fill="#fff"/></svg>'
)
_TYPES = {".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}
# Python 3.11 knows this type only if the system's MIME table has it.
mimetypes.add_type("image/webp", ".webp")

Errors = Mapping[str, Sequence[str]]


@cache
def static_path() -> str:
    """Return the path of the static files: it has a digest of them, so they never expire."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return f"/static/{digest.hexdigest()[:16]}"


class CachedStaticFiles(StaticFiles):
    """Serves static files with an immutable cache header: their path changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


def static() -> ASGIApp:
    """Return the static files, compressed; pages are not, as BREACH would reveal their tokens."""
    return GZipMiddleware(CachedStaticFiles(directory=STATIC), minimum_size=1000)


class Brand:
    def __init__(self, institution: Institution) -> None:
        css = _CSS.format(light=institution.colour, dark=institution.colour_dark)
        self._files: dict[str, bytes] = {}
        self.colours = {"light": institution.colour, "dark": institution.colour_dark}
        self.css = self._add(css.encode(), ".css")
        self.icon = self._add(_ICON.format(colour=institution.colour).encode(), ".svg")
        self.logo: str | None = None
        if logo := institution.logo:
            self.logo = self._add(logo.read_bytes(), logo.suffix)

    def answer(self, path: str) -> Response:
        """Return the file of this path; raises `HTTPException` 404 for an unknown one."""
        if path not in self._files:
            raise HTTPException(404)
        headers = {"Cache-Control": FOR_EVER}
        return Response(self._files[path], 200, headers, _TYPES[Path(path).suffix])

    def _add(self, content: bytes, suffix: str) -> str:
        path = f"/brand/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        self._files[path] = content
        return path


async def brand(request: Request) -> Response:
    """Serve a brand file of the application that got the request."""
    views = request.app.state.context.site.views
    answer: Response = views.brand.answer(request.url.path)
    return answer


class Views:
    """Renders every page of one folder of templates in both languages."""

    def __init__(self, institution: Institution, folder: str) -> None:
        self.brand = Brand(institution)
        self._folder = folder
        self._zone = institution.timezone
        self._shared = {
            language: {
                "institution": institution.name(language),
                "brand": self.brand,
                "support_email": institution.support_email,
                "domain": institution.domain,
                "password_reset_url": institution.password_reset_url,
                "lag_hours": institution.registrar_sync_lag_hours,
                "services": institution.services,
            }
            for language in Language
        }

    def page(self, template: str, language: Language, /, **context: Any) -> str:
        page = _environment(self._folder, language, self._zone).get_template(f"{template}.html")
        return page.render(self._shared[language] | context)

    def clock(self, moment: datetime, language: Language, *, seconds: bool = False) -> str:
        return clock(moment, language=language, zone=self._zone, seconds=seconds)


@cache
def _environment(folder: str, language: Language, zone: ZoneInfo) -> Environment:
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    ours = FileSystemLoader([_TEMPLATES / folder, _TEMPLATES / "shared"])
    env = Environment(
        loader=ChoiceLoader([ours, govuk]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(translator(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    env.globals.update(
        language=language.value,
        static=static_path(),
        error_message=partial(error_message, spoken=translator(language).gettext("Error")),
        error_list=error_list,
        first_group=references.first_group,
    )
    env.filters["address"] = usernames.address
    env.filters["clock"] = partial(clock, language=language, zone=zone)
    return env


def clock(moment: datetime, *, language: Language, zone: ZoneInfo, seconds: bool = False) -> str:
    """Format a time of day in `zone`, followed by the date unless it is today's."""
    local = moment.astimezone(zone)
    time = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    if local.date() == datetime.now(zone).date():
        return time
    return f"{format_date(local.date(), 'd MMMM', locale=language)}, {time}"


def error_message(errors: Errors, field: str, *, spoken: str) -> dict[str, str] | None:
    """Return a field's error messages in the form of the govuk macros, one per line.

    `spoken` is the visually hidden text that a screen reader says before them.
    """
    texts = errors.get(field) if errors else None
    return {"html": Markup("<br>").join(texts), "visuallyHiddenText": spoken} if texts else None


def error_list(errors: Errors) -> list[dict[str, str]]:
    """Return the items of the error summary, each linked to its field."""
    return [
        {"text": text, "href": f"#{field}"} for field, texts in errors.items() for text in texts
    ]
