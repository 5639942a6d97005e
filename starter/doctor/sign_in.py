"""Checks the OpenID Connect provider of staff: its description, our secret, and the way back."""

from adapters.findings import Finding, Findings
from adapters.oidc.errors import ProviderAway, ProviderRefused
from adapters.oidc.provider import Provider, Secrets
from settings.pages import Oidc

_PART = "sign-in"
_KNOWN = frozenset({"invalid_grant", "invalid_request"})
"""What a provider answers to an invented code from a client that it knows."""
_INVENTED = Secrets(*("activation-doctor-" * 3,) * 3)


async def check(settings: Oidc, public_url: str, second_factor: str) -> Findings:
    """Yield what a sign-in needs; without the provider's description, only that it lacks."""
    provider = Provider(settings, public_url)
    described = "the provider describes itself by the name console.oidc.issuer"
    try:
        found = await provider.metadata()
    except ProviderAway as away:
        yield Finding(_PART, described, f"it is away ({away}): see to it and to the way there")
        return
    except ProviderRefused as refused:
        mend = f"it does not ({refused.reason}): correct console.oidc.issuer, letter by letter"
        yield Finding(_PART, described, mend)
        return
    yield Finding(_PART, described)
    known = "the provider knows console.oidc.client_id and its secret"
    yield Finding(_PART, known, await _unknown_client(provider))
    yield Finding(_PART, f"it leads back to {provider.redirect_uri}", await _no_way_back(provider))
    if not found.end_session_endpoint:
        stays = "it has none: who signs out here stays signed in there"
        yield Finding(_PART, "the provider has a page to sign out", stays, is_warning=True)
    if second_factor != "off" and not (settings.acr or settings.amr):
        unasked = "console.second_factor follows passwords only: set console.oidc.acr or amr too"
        yield Finding(_PART, "the provider asks for a second factor", unasked, is_warning=True)
    nobody = "" if settings.groups else "nobody can sign in: set console.oidc.groups"
    yield Finding(_PART, "a group has a role", nobody)


async def _unknown_client(provider: Provider) -> str:
    """Return what to do if an invented code is not refused for itself."""
    try:
        await provider.redeem("activation-doctor", _INVENTED.verifier)
    except ProviderRefused as refused:
        if refused.reason in _KNOWN:
            return ""
        return f"it says {refused.reason}: correct the client's id, secret and authentication"
    except ProviderAway as away:
        return f"its token endpoint is away ({away}): see to it and to the way there"
    return "it takes an invented code: this is no provider to trust"


async def _no_way_back(provider: Provider) -> str:
    """Return what to do if a request that may show no page does not lead back to us."""
    try:
        if await provider.leads_back(await provider.address(_INVENTED, "en", prompt="none")):
            return ""
    except ProviderAway as away:
        return f"its authorization endpoint is away ({away}): see to it and to the way there"
    return "it does not: register this redirect URI at the provider, letter by letter"
