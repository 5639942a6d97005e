"""Verifies an ID token: signature, issuer, audience, times and nonce; no I/O.

joserfc verifies the signature and Authlib the claims. Only signatures by the provider's own private
keys count: neither `none`, nor a MAC for which the public key would serve as the secret.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from adapters.oidc.errors import ProviderRefused

LEEWAY_SECONDS = 30
"""By so much the provider's clock may differ from the ledger's."""
LONGEST_SUBJECT = 255
_SIGNATURES = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA", "Ed25519"}
_KINDS = frozenset({"RSA", "EC", "OKP"})
_REGISTRY = JWSRegistry(algorithms=_SIGNATURES, strict_check_header=False)

Claims = Mapping[str, Any]


class UnknownKey(ProviderRefused):
    """No published key has the token's key id: the provider may have changed its keys."""

    def __init__(self) -> None:
        super().__init__("key")


@dataclass(frozen=True)
class Expected:
    """What the token of one sign-in has to say; `now` is in seconds since 1970."""

    issuer: str
    client_id: str
    nonce: str
    now: int


def key_set(published: object) -> KeySet:
    """Return the keys that may sign, of a published JWK set; others are left out."""
    listed = published.get("keys") if isinstance(published, dict) else None
    keys = []
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in _KINDS:
            continue
        if each.get("use", "sig") == "sig":
            try:
                keys.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError):
                continue  # Of a kind that this version does not know.
    return KeySet(keys)


def verify(id_token: str, keys: KeySet, expected: Expected, access_token: str) -> Claims:
    """Return the claims of a genuine ID token; raises `ProviderRefused`."""
    try:
        token = jwt.decode(id_token, keys, registry=_REGISTRY)
    except InvalidKeyIdError:
        raise UnknownKey from None
    except (JoseError, ValueError, TypeError) as error:
        raise ProviderRefused(f"signature: {type(error).__name__}") from None
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        },
        {"client_id": expected.client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=expected.now, leeway=LEEWAY_SECONDS)
    except JoseError as error:
        claim = getattr(error, "claim", None)
        named = claim if isinstance(claim, str) else ""
        raise ProviderRefused(f"claims: {type(error).__name__} {named}".strip()) from None
    nonce, subject = token.claims.get("nonce"), token.claims["sub"]
    if not isinstance(nonce, str) or not _same(nonce, expected.nonce):
        raise ProviderRefused("nonce")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ProviderRefused("subject")
    return token.claims


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
