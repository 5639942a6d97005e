"""Speaks with the OpenID Connect provider: authorization code flow with PKCE, UserInfo, sign-out.

Authlib writes the authorization request and the PKCE challenge, and checks the ID token
(`adapters.oidc.tokens`); requests go out by httpx, which its own client has given up.
"""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from adapters.oidc import metadata, tokens
from adapters.oidc.errors import ProviderAway, ProviderRefused
from adapters.oidc.metadata import Metadata
from adapters.oidc.tokens import Claims, Expected, UnknownKey
from settings.pages import Oidc

_FRESH_SECONDS = 3600.0
"""How long description and keys are used before they are read again."""
_REREAD_SECONDS = 30.0
"""Between two readings for an unknown key, which anybody's token could ask for."""
_CALLBACK = "/sign-in/back"


@dataclass(frozen=True, repr=False)
class Secrets:
    """What one sign-in alone knows: it comes back in the address, the token and the request."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class _Read:
    metadata: Metadata
    keys: KeySet
    at: float


class Provider:
    """The provider that the settings name, as a client with an address to come back to."""

    def __init__(self, settings: Oidc, public_url: str) -> None:
        self._settings = settings
        self.issuer = settings.issuer
        self.redirect_uri = public_url.removesuffix("/") + _CALLBACK
        self._read: _Read | None = None
        self._reading = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None

    async def metadata(self) -> Metadata:
        """Return the provider's description; raises `ProviderAway` or `ProviderRefused`."""
        return (await self._description(_FRESH_SECONDS)).metadata

    async def address(self, secrets: Secrets, language: str, **more: str) -> str:
        """Return the address to which the browser is sent; raises as `metadata`."""
        settings = self._settings
        if settings.acr:
            more["acr_values"] = " ".join(settings.acr)
        address: str = prepare_grant_uri(
            (await self.metadata()).authorization_endpoint,
            settings.client_id,
            "code",
            redirect_uri=self.redirect_uri,
            scope=" ".join(dict.fromkeys(["openid", *settings.scopes])),
            state=secrets.state,
            nonce=secrets.nonce,
            code_challenge=create_s256_code_challenge(secrets.verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
            ui_locales=language,
            **more,
        )
        return address

    async def end_address(self, onward: str) -> str | None:
        """Return where the browser signs out of the provider too; None if it has no such page."""
        there = (await self.metadata()).end_session_endpoint
        back = {"client_id": self._settings.client_id, "post_logout_redirect_uri": onward}
        return there and f"{there}{'&' if '?' in there else '?'}{urlencode(back)}"

    async def claims(self, code: str, issuer: str | None, secrets: Secrets, now: int) -> Claims:
        """Redeem a code and return the verified claims; raises as `metadata`.

        `issuer` is what the provider called itself beside the code (RFC 9207).
        """
        async with self._in_time():
            about = await self.metadata()
            named = about.authorization_response_iss_parameter_supported
            if issuer != self.issuer and (named or issuer is not None):
                raise ProviderRefused("issuer")
            answer = await self.redeem(code, secrets.verifier)
            id_token, access_token = answer.get("id_token"), answer.get("access_token")
            if not isinstance(id_token, str) or not isinstance(access_token, str):
                raise ProviderRefused("no token")
            expected = Expected(self.issuer, self._settings.client_id, secrets.nonce, now)
            claims = await self._verified(id_token, access_token, expected)
            if self._settings.groups_claim in claims or not about.userinfo_endpoint:
                return claims
            return await self._completed(claims, about.userinfo_endpoint, access_token)

    async def redeem(self, code: str, verifier: str) -> Mapping[str, Any]:
        """Return the answer of the token endpoint; raises as `metadata`."""
        settings, about = self._settings, await self.metadata()
        try:
            secret = settings.client_secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ProviderRefused("client secret unreadable") from None
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        if about.takes_basic:
            # RFC 6749, 2.3.1: both are form-encoded before they become user and password.
            auth = httpx.BasicAuth(quote(settings.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": settings.client_id, "client_secret": secret}
        response = await self._asked("POST", about.token_endpoint, data=form, auth=auth)
        return _object(response)

    async def leads_back(self, address: str) -> bool:
        """Whether the provider sends the browser back to us from an authorization request."""
        response = await self._asked("GET", address)
        location: str = response.headers.get("location", "")
        return location.startswith(f"{self.redirect_uri}?")

    async def _completed(self, claims: Claims, there: str, access_token: str) -> Claims:
        """Add name and groups that UserInfo alone tells, which must be of the same person.

        UserInfo is not signed: how somebody signed in (`acr`, `amr`) is the ID token's to say.
        """
        bearer = {"Authorization": f"Bearer {access_token}"}
        told = _object(await self._asked("GET", there, headers=bearer))
        if told.get("sub") != claims["sub"]:
            raise ProviderRefused("another subject")
        added = ("preferred_username", self._settings.groups_claim)
        return {name: told[name] for name in added if name in told} | {**claims}

    async def _verified(self, id_token: str, access_token: str, expected: Expected) -> Claims:
        keys = (await self._description(_FRESH_SECONDS)).keys
        try:
            return tokens.verify(id_token, keys, expected, access_token)
        except UnknownKey:
            keys = (await self._description(_REREAD_SECONDS)).keys
            return tokens.verify(id_token, keys, expected, access_token)

    async def _description(self, fresh: float) -> _Read:
        async with self._in_time(), self._reading:
            if self._read is None or time.monotonic() - self._read.at > fresh:
                described = _object(await self._asked("GET", metadata.address_of(self.issuer)))
                about = metadata.read(self.issuer, described)
                keys = tokens.key_set(_object(await self._asked("GET", about.jwks_uri)))
                self._read = _Read(about, keys, time.monotonic())
            return self._read

    async def _asked(self, method: str, address: str, **more: Any) -> httpx.Response:
        try:
            if self._tls is None:
                file = self._settings.ca_file
                self._tls = ssl.create_default_context(cafile=str(file) if file else None)
            seconds = self._settings.timeout_seconds
            client = httpx.AsyncClient(verify=self._tls, timeout=seconds)
            # A total time-out: that of httpx applies to each read by itself.
            async with self._in_time(), client:
                response = await client.request(method, address, **more)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ProviderAway(type(error).__name__) from None
        if response.is_server_error:
            raise ProviderAway(f"HTTP {response.status_code}")
        return response

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Limit a part of the talk with the provider: too late is away."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                yield
        except TimeoutError:
            raise ProviderAway("TimeoutError") from None


def error_code(told: object) -> str | None:
    """Return an error code of the protocol; None for what is none, which may hold anything."""
    return told if isinstance(told, str) and re.fullmatch("[a-z_]{1,40}", told) else None


def _object(response: httpx.Response) -> Mapping[str, Any]:
    """Return the object of a successful answer; raises `ProviderRefused` with its error code."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        return body
    code = error_code(body.get("error")) if isinstance(body, dict) else None
    raise ProviderRefused(code or f"HTTP {response.status_code}")
