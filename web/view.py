"""Renders pages from Jinja templates: an environment per language, auto-escaped, hashed statics."""

import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from domain import references, usernames
from domain.contracts.vocabulary import Language
from settings import CHECKOUT, Institution
from translations import translator
from web.brand import FOR_EVER, Brand

_TEMPLATES = CHECKOUT / "templates"
STATIC = _TEMPLATES / "static"
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
