"""The cookies of portal and console: host-only, and dropped with the browser unless kept longer."""

from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response


class Cookie:
    """One cookie; with https its name has the `__Host-` prefix, which binds it to the host."""

    def __init__(
        self,
        name: str,
        public_url: str,
        same_site: Literal["lax", "strict"],
        kept_for: timedelta | None = None,
    ) -> None:
        self._secure = public_url.startswith("https://")
        self._name = f"__Host-{name}" if self._secure else name
        self._same_site = same_site
        self._seconds = None if kept_for is None else int(kept_for.total_seconds())

    def read(self, request: Request) -> str | None:
        return request.cookies.get(self._name)

    def set(self, response: Response, value: str) -> None:
        response.set_cookie(
            self._name,
            value,
            self._seconds,
            path="/",
            httponly=True,
            samesite=self._same_site,
            secure=self._secure,
        )

    def delete(self, response: Response) -> None:
        response.delete_cookie(self._name, path="/", secure=self._secure, httponly=True)
