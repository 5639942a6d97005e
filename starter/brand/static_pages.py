"""Writes rendered pages as files that a browser opens from the disk, without a server.

The scheme of a page is fixed by its own copy of the style, because only the device sets it
otherwise: `light/` and `dark/` have the same pages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from domain.contracts.vocabulary import Language
from settings import Settings
from starter.brand.pages import Rendered
from web.files import ServedFile
from web.view import STATIC, Views, static_path

SCHEMES: Mapping[str, str] = {"light": "@media not all", "dark": "@media screen"}
"""What a style's rules for the dark scheme stand under instead."""
_DARK_RULES = "@media screen and (prefers-color-scheme:dark)"
_BOTH = "color-scheme:light dark"
_LINK = re.compile(r'(?P<attribute>href|src|action)="(?P<address>/[^"]*)"')
_POLLS = re.compile(r' data-(?:waiting|news)="[^"]*"|<noscript><meta [^>]*></noscript>')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_INDEX = "index"
_NEXT: Mapping[str, str] = {
    "/who": "/contact",
    "/contact": "/pin",
    "/pin": "/insurance",
    "/identify": "/insurance",
    "/insurance": "/review",
    "/insurance/other": "/review",
    "/review": "/password",
    "/password": "/done",
    "/end": "/",
}
"""The page that follows the form of each address."""


@dataclass(frozen=True)
class Weight:
    """What a first visit to a page transfers, pictures that are fetched later apart."""

    page: str
    size: int


def write(settings: Settings, rendered: Rendered, folder: Path) -> Weight:
    """Write every page in both languages and schemes, and an index; return the heaviest."""
    files = _files(rendered)
    for scheme in SCHEMES:
        for name, content in files.items():
            _put(folder / scheme / name, _in_scheme(name, content, scheme))
        for (name, language), html in rendered.html.items():
            page = _linked(html, name, language, rendered.paths)
            _put(folder / scheme / f"{name}.{language}.html", page.encode())
    for language, html in _indexes(settings, rendered).items():
        page = _linked(html, _INDEX, language, {}, prefix="light/")
        _put(folder / f"{_INDEX}.{language}.html", page.encode())
        if language is settings.institution.default_language:
            _put(folder / f"{_INDEX}.html", page.encode())
    return max(_weights(rendered, files), key=lambda each: each.size)


def _files(rendered: Rendered) -> dict[str, bytes]:
    """Return the files that pages link to, by the names that they get."""
    files = {f"static/{file.name}": file.read_bytes() for file in STATIC.iterdir()}
    brand = rendered.context.site.views.brand.files
    return files | {f"brand/{name}": file.content for name, file in brand.items()}


def _in_scheme(name: str, content: bytes, scheme: str) -> bytes:
    if not name.endswith(".css"):
        return content
    style = content.decode().replace(_DARK_RULES, SCHEMES[scheme])
    return style.replace(_BOTH, f"color-scheme:{scheme}").encode()


def _linked(
    html: str, name: str, language: Language, paths: Mapping[str, str], *, prefix: str = ""
) -> str:
    """Let a page's links and forms lead to the files, and ask no server for news."""

    def link(found: re.Match[str]) -> str:
        attribute, address = found["attribute"], unescape(found["address"])
        path, _, query = address.partition("?")
        if path.startswith("/brand/"):
            target = prefix + path[1:]
        elif path.startswith(f"{static_path()}/"):
            target = f"{prefix}static/{path.rpartition('/')[2]}"
        elif query.startswith("lang="):
            target = f"{name}.{query.removeprefix('lang=')}.html"
        else:
            wanted = _NEXT.get(path, path) if attribute == "action" else path
            known = paths.get(wanted) or paths.get(wanted.rpartition("/")[0])
            target = f"{known}.{language}.html" if known else f"{name}.{language}.html"
        return f'{attribute}="{target}"'

    return _POLLS.sub("", _LINK.sub(link, html)).replace('method="post"', 'method="get"')


def _indexes(settings: Settings, rendered: Rendered) -> dict[Language, str]:
    views = Views(settings.institution, "preview")
    return {
        language: views.page(
            "index",
            language,
            path="/",
            errors={},
            pages=[
                (name, unescape(_TITLE.findall(html)[0]).rpartition(" - ")[0])
                for (name, of), html in rendered.html.items()
                if of is language
            ],
        )
        for language in Language
    }


def _weights(rendered: Rendered, files: Mapping[str, bytes]) -> Iterator[Weight]:
    sizes = {name: _transferred(name, content) for name, content in files.items()}
    for (name, language), html in rendered.html.items():
        linked = _linked(html, name, language, rendered.paths)
        parts = {part for part in files if f'"{part}"' in linked and not part.endswith(".webp")}
        yield Weight(f"{name}.{language}", len(html.encode()) + sum(sizes[part] for part in parts))


def _transferred(name: str, content: bytes) -> int:
    return len(ServedFile.of(content, name).compressed or content)


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
