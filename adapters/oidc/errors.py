"""Defines what the client of the OpenID Connect provider raises; no text of a token is in it."""


class ProviderAway(Exception):
    """The provider is away, slow or broken: the same request may succeed later."""


class ProviderRefused(Exception):
    """The sign-in is not accepted; `reason` is a fixed word or an error code of the protocol."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
