"""Reads the provider's own description of itself (OpenID Connect Discovery 1.0); no I/O."""

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from adapters.oidc.errors import ProviderRefused
from domain import addresses

_WELL_KNOWN = "/.well-known/openid-configuration"

_Address = Annotated[str, Field(pattern=r"^https?://[^\s#]+$")]


class Metadata(BaseModel):
    """What the console needs of the description; all else is left out."""

    issuer: str
    authorization_endpoint: _Address
    token_endpoint: _Address
    jwks_uri: _Address
    userinfo_endpoint: _Address | None = None
    end_session_endpoint: _Address | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False

    @property
    def takes_basic(self) -> bool:
        return "client_secret_basic" in self.token_endpoint_auth_methods_supported


def address_of(issuer: str) -> str:
    return issuer.removesuffix("/") + _WELL_KNOWN


def read(issuer: str, described: object) -> Metadata:
    """Return the description if it is this issuer's own; raises `ProviderRefused`."""
    try:
        found = Metadata.model_validate(described)
    except ValidationError as error:
        wrong = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
        raise ProviderRefused(f"description: {', '.join(wrong) or 'no object'}") from None
    if found.issuer != issuer:
        raise ProviderRefused("issuer")
    if not addresses.is_plain(issuer):
        named = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        further = (found.userinfo_endpoint, found.end_session_endpoint)
        if any(each and addresses.is_plain(each) for each in (*named, *further)):
            raise ProviderRefused("not encrypted")
    return found
