"""Serves files from memory, each at an address that contains a digest of its content.

A file is read and compressed once, when the process starts, and browsers keep it for a year.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "public, max-age=31536000, immutable"
_WORTH_COMPRESSING = 1000
_DIGITS = 16
# Python 3.11 knows this type only if the system's MIME table has it.
mimetypes.add_type("image/webp", ".webp")


def digest(content: bytes) -> str:
    """Return the digest that addresses and entity tags contain."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


@dataclass(frozen=True)
class ServedFile:
    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, name: str) -> Self:
        """Compress text; pages are never compressed, as BREACH would reveal their tokens."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        is_text = kind == "image/svg+xml" or kind.startswith("text/")
        compressed = (
            gzip.compress(content) if is_text and len(content) > _WORTH_COMPRESSING else None
        )
        return cls(content, compressed, kind, f'"{digest(content)}"')

    def response(self, request: Request) -> Response:
        """Return the file, or 304 to a browser that has it."""
        headers = {"Cache-Control": FOR_EVER, "ETag": self.etag}
        content = self.content
        if self.compressed:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["Content-Encoding"] = "gzip"
                content = self.compressed
        known = request.headers.get("if-none-match", "")
        if self.etag in known.replace("W/", "").split(", "):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=self.media_type)


def folder_route(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    """Return a route that serves the files of this folder by `name`; 404 for any other."""
    files = {file.name: ServedFile.of(file.read_bytes(), file.name) for file in folder.iterdir()}

    async def serve(request: Request) -> Response:
        return found(files, request.path_params["name"]).response(request)

    return serve


def found(files: dict[str, ServedFile], name: str) -> ServedFile:
    """Return the file of this name; raises `HTTPException` 404 for an unknown one."""
    if name not in files:
        raise HTTPException(404)
    return files[name]
