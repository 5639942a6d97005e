"""Pages from templates: one environment a language, all escaped, statics named by content."""

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
# Python 3.11 knows it only where the system does.
mimetypes.add_type("image/webp", ".webp")

Errors = Mapping[str, Sequence[str]]


@cache
def static_path() -> str:
    """Return the path of the static files; it changes with them, so they may be kept for ever."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return f"/static/{digest.hexdigest()[:16]}"


class CachedStaticFiles(StaticFiles):
    """Static files never change under their name, so browsers may keep them."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


def static() -> ASGIApp:
    """Return the static files, compressed. Pages are not: their length would tell their tokens."""
    return GZipMiddleware(CachedStaticFiles(), minimum_size=1000)


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
    """Tell a time of day, with the date when it is not today's."""
    local = moment.astimezone(zone)
    told = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    if local.date() == datetime.now(zone).date():
        return told
    return f"{format_date(local.date(), 'd MMMM', locale=language)}, {told}"


def error_message(errors: Errors, field: str, *, spoken: str) -> dict[str, str] | None:
    """Return what the govuk macros take as a field's error: its messages, one a line.

    `spoken` is what a screen reader says before them.
    """
    texts = errors.get(field) if errors else None
    return {"html": Markup("<br>").join(texts), "visuallyHiddenText": spoken} if texts else None


def error_list(errors: Errors) -> list[dict[str, str]]:
    """Return the items of the error summary, each leading to its field."""
    return [
        {"text": text, "href": f"#{field}"} for field, texts in errors.items() for text in texts
    ]
