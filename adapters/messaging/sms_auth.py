"""Authenticates the engine to an SMS gateway, with one `httpx.Auth` for each scheme.

The secret's file is read each time, so that rotation needs no restart. Nothing here is logged.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

import httpx

from adapters.errors import Misconfigured, Unavailable
from domain.contracts.vocabulary import FailureType
from settings.systems import Sms

_Flow = Generator[httpx.Request, httpx.Response, None]
# A token this close to its expiry could expire during the request.
_EARLY_SECONDS = 30.0
_DEFAULT_LIFE_SECONDS = 300.0


def authentication(settings: Sms) -> httpx.Auth | None:
    """Return the configured authentication; None if no secret is configured."""
    if settings.auth == "none" or settings.token_file is None:
        return None
    secret = Secret(settings.token_file)
    match settings.auth:
        case "basic":
            return Header("Authorization", lambda: _basic(settings, secret))
        case "oauth2":
            return ClientCredentials(settings, secret)
        case "hmac":
            return Signature(settings, secret)
        case "header":
            return Header(settings.auth_header, secret)
        case "bearer":
            return Header("Authorization", lambda: f"{settings.auth_scheme} {secret()}")


class Secret:
    """A secret that is read from its file at each use; an unreadable file fails at start."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self()

    def __call__(self) -> str:
        return self._file.read_text("utf-8").strip()


class Header(httpx.Auth):
    """Adds one header whose value is made from the secret."""

    def __init__(self, name: str, value: Callable[[], str]) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> _Flow:
        request.headers[self._name] = self._value()
        yield request


class Signature(httpx.Auth):
    """Adds an HMAC-SHA256 of the request, which protects its text and time stamp."""

    requires_request_body = True

    def __init__(self, settings: Sms, secret: Secret) -> None:
        self._settings = settings
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> _Flow:
        settings = self._settings
        date = format_datetime(datetime.now(UTC), usegmt=True)
        signed = settings.signed
        for name, value in (
            ("{method}", request.method),
            ("{path}", request.url.raw_path.decode("ascii")),
            ("{date}", date),
            # The body is filled in last, so that no message text is taken as a placeholder.
            ("{body}", request.content.decode()),
        ):
            signed = signed.replace(name, value)
        digest = hmac.new(self._secret().encode(), signed.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode("ascii")
        request.headers[settings.date_header] = date
        request.headers[settings.auth_header] = (
            f"{settings.auth_scheme} {settings.username}:{signature}"
        )
        yield request


class ClientCredentials(httpx.Auth):
    """Authenticates by OAuth 2 client credentials; caches the token until expiry or a 401."""

    requires_response_body = True

    def __init__(self, settings: Sms, secret: Secret) -> None:
        self._settings = settings
        self._secret = secret
        self._token = ""
        self._until = 0.0

    def auth_flow(self, request: httpx.Request) -> _Flow:
        fresh = False
        if time.monotonic() >= self._until:
            self.keep((yield self.ask()))
            fresh = True
        response = yield self._with_token(request)
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return
        self._until = 0.0
        if not fresh:
            self.keep((yield self.ask()))
            yield self._with_token(request)

    def ask(self) -> httpx.Request:
        return httpx.Request(
            "POST",
            self._settings.token_url,
            headers={"Authorization": _basic(self._settings, self._secret)},
            data={"grant_type": "client_credentials"},
        )

    def _with_token(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def keep(self, response: httpx.Response) -> None:
        """Cache the token of this answer; raises if there is none."""
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Unavailable(FailureType.SMS_DOWN, f"token HTTP {status}")
        try:
            answer = response.json()
            self._token = str(answer["access_token"])
            life = float(answer.get("expires_in", _DEFAULT_LIFE_SECONDS))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Misconfigured(f"no token, HTTP {status}") from None
        self._until = time.monotonic() + life - _EARLY_SECONDS


def _basic(settings: Sms, secret: Secret) -> str:
    pair = f"{settings.username}:{secret()}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
