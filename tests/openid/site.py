"""The pages of the tests' provider, and what it says of people: by files of its folder."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from jwcrypto import jwk
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings

_LOGIN = """<!doctype html><title>University</title><form method="post">{% csrf_token %}
<input name="username" aria-label="name"><input name="password" type="password" aria-label="word">
<button>Go</button></form>"""


class Login(LoginView):  # type: ignore[misc] # Django has no types
    def render_to_response(self, context: Any, **_: Any) -> HttpResponse:
        return HttpResponse(engines["django"].from_string(_LOGIN).render(context, self.request))


class Validator(OAuth2Validator):  # type: ignore[misc] # as above
    """Adds what the folder has of a person, and tells lies if it says so."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        told: dict[str, Any] = _file("claims.json").get(request.user.username, {})
        return {"preferred_username": request.user.username} | told

    def validate_silent_login(self, _: Any) -> bool:
        """Nobody is signed in where no page may be shown: what oauthlib leaves to write."""
        return False

    def get_id_token_dictionary(self, *given: Any) -> Any:
        claims, ends = super().get_id_token_dictionary(*given)
        # A provider that says this by UserInfo alone, as many do.
        for name in claims.pop("by_userinfo", []):
            del claims[name]
        return claims, ends

    def finalize_id_token(self, *given: Any) -> str:
        token: str = super().finalize_id_token(*given)
        lies = _file("hostile.json")
        return _lying(token, given[-1].client.jwk_key, lies) if lies else token


urlpatterns = [
    path("login", Login.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]


def own_key(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Use the key that is in the folder now."""

    def with_key(request: HttpRequest) -> HttpResponse:
        oauth2_settings.OIDC_RSA_PRIVATE_KEY = (settings.FOLDER / "key.pem").read_text()
        return get_response(request)

    return with_key


def _lying(token: str, key: jwk.JWK, lies: dict[str, Any]) -> str:
    """Return the token with other contents, signed by hand: no library signs all of these."""
    header, payload = (json.loads(_decoded(part)) for part in token.split(".")[:2])
    payload |= lies.get("claims", {})
    payload = {name: value for name, value in payload.items() if value is not None}
    header |= {"alg": lies.get("alg", header["alg"])} | lies.get("header", {})
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, payload))
    return f"{signed}.{_encoded(_signature(signed.encode(), header['alg'], key, lies))}"


def _signature(signed: bytes, algorithm: str, key: jwk.JWK, lies: dict[str, Any]) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        return hmac.digest(key.export_to_pem(), signed, "sha256")
    if lies.get("key") == "foreign":
        key = jwk.JWK.generate(kty="RSA", size=2048)
    private = load_pem_private_key(key.export_to_pem(private_key=True, password=None), None)
    assert isinstance(private, RSAPrivateKey)
    return private.sign(signed, PKCS1v15(), SHA256())


def _file(name: str) -> dict[str, Any]:
    file = settings.FOLDER / name
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
