"""Serves the institution's colours, icon and logo as files: pages have no inline style."""

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from settings import Institution

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
