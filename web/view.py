"""Renders pages from Jinja templates, and serves the institution's files that they link to.

There is an environment for each language, auto-escaped. The institution's colours, icon and logo
are files, because pages have no inline style; addresses of files contain a digest of their content.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
)
from jinja2.bccache import Bucket
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from domain import references, usernames
from domain.contracts.vocabulary import Language
from settings.institution import Institution
from settings.section import TREE
from translations import translator
from web.files import ServedFile, digest, found

_TEMPLATES = TREE / "templates"
STATIC = _TEMPLATES / "static"
_CSS = """:root{{--app-band:{light};--app-brand:{light};\
--app-brand-strong:color-mix(in srgb,{light},#000 30%)}}
@media screen and (prefers-color-scheme:dark){{:root{{--app-brand:{dark};\
--app-brand-strong:color-mix(in srgb,{dark},#fff 30%)}}}}
"""
_EMBLEM = "M16 6 3 13l13 7 13-7zM8 18v5c0 2 4 4 8 4s8-2 8-4v-5l-8 4z"
"""The outline of a mortarboard, for the icon and for an institution without a logo."""
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="6" fill="{colour}"/><path d="{emblem}" fill="#fff"/></svg>'
)

Errors = Mapping[str, Sequence[str]]


@cache
def static_path() -> str:
    """Return the path of the static files: it has a digest of them, so they never expire."""
    return f"/static/{digest(b''.join(file.read_bytes() for file in sorted(STATIC.iterdir())))}"


class Brand:
    def __init__(self, institution: Institution) -> None:
        css = _CSS.format(light=institution.colour, dark=institution.colour_dark)
        self.files: dict[str, ServedFile] = {}
        self.colour, self.emblem = institution.colour, _EMBLEM
        self.css = self._add(css.encode(), ".css")
        icon = _ICON.format(colour=institution.colour, emblem=_EMBLEM)
        self.icon = self._add(icon.encode(), ".svg")
        self.logo: str | None = None
        if logo := institution.logo:
            self.logo = self._add(logo.read_bytes(), logo.suffix)

    def response(self, request: Request) -> Response:
        return found(self.files, request.path_params["name"]).response(request)

    def _add(self, content: bytes, suffix: str) -> str:
        """Keep a file and return its path."""
        name = f"{digest(content)}{suffix}"
        self.files[name] = ServedFile.of(content, name)
        return f"/brand/{name}"


async def brand(request: Request) -> Response:
    """Serve a brand file of the application that got the request."""
    views: Views = request.app.state.context.site.views
    return views.brand.response(request)


class Views:
    """Renders every page of one folder of templates in both languages."""

    def __init__(self, institution: Institution, folder: str) -> None:
        self.brand = Brand(institution)
        self._zone = institution.timezone
        self._pages = {each: _environment(folder, each, self._zone) for each in Language}
        self._shared = {
            language: {
                "institution": institution.name(language),
                "brand": self.brand,
                "support_email": institution.support_email,
                "service_desk_url": institution.service_desk_url,
                "domain": institution.domain,
                "password_reset_url": institution.password_reset_url,
                "lag_hours": institution.registrar_sync_lag_hours,
                "services": institution.services,
            }
            for language in Language
        }

    def page(self, template: str, language: Language, /, **context: Any) -> str:
        page = self._pages[language].get_template(f"{template}.html")
        return page.render(self._shared[language] | context)

    def clock_up(self, moment: datetime, language: Language, *, seconds: bool = False) -> str:
        """Format the time from which something is allowed, rounded up to a minute or second."""
        unit = timedelta(seconds=1) if seconds else timedelta(minutes=1)
        return self.clock(moment + unit - timedelta.resolution, language, seconds=seconds)

    def clock(self, moment: datetime, language: Language, *, seconds: bool = False) -> str:
        return clock(moment, language=language, zone=self._zone, seconds=seconds)


class _Compiled(BytecodeCache):
    """Templates as compiled for one language, which are the same for the other."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._codes.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@cache
def _environment(folder: str, language: Language, zone: ZoneInfo) -> Environment:
    """Return the environment with every template compiled, so that no page reads a file."""
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    ours = FileSystemLoader([_TEMPLATES / folder, _TEMPLATES / "shared"])
    env = Environment(
        loader=ChoiceLoader([ours, govuk]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_COMPILED,
        cache_size=-1,
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
    for name in env.list_templates(extensions=["html"]):
        env.get_template(name)
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
