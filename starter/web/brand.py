"""The institution's colours and logo, as files of their own: no page has a style within it."""

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from settings import Institution

FOR_EVER = "public, max-age=31536000, immutable"
"""For what is named by its content."""
_CSS = """:root{{--app-brand:{light};--app-brand-strong:color-mix(in srgb,{light},#000 30%)}}
@media (prefers-color-scheme:dark){{:root{{--app-brand:{dark};\
--app-brand-strong:color-mix(in srgb,{dark},#fff 30%)}}}}
"""
_TYPES = {".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}


class Brand:
    def __init__(self, institution: Institution) -> None:
        css = _CSS.format(light=institution.colour, dark=institution.colour_dark)
        self._files: dict[str, bytes] = {}
        self.colour = institution.colour
        self.css = self._add(css.encode(), ".css")
        self.logo = self._add_file(institution.logo) if institution.logo else None

    def answer(self, path: str) -> Response:
        """Return the file of this address; raises 404 for one that the pages do not name."""
        if path not in self._files:
            raise HTTPException(404)
        headers = {"Cache-Control": FOR_EVER}
        return Response(self._files[path], 200, headers, _TYPES[Path(path).suffix])

    def _add_file(self, file: Path) -> str:
        return self._add(file.read_bytes(), file.suffix)

    def _add(self, content: bytes, suffix: str) -> str:
        path = f"/brand/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        self._files[path] = content
        return path


async def brand(request: Request) -> Response:
    """Answer what the pages of this application name, from what they were made with."""
    views = request.app.state.parts.views
    answer: Response = views.brand.answer(request.url.path)
    return answer
