"""The contacts that a browser typed, as its session keeps them, encrypted.

Pages show them masked. A request for help of the same session is filled in with them.
"""

from collections.abc import Mapping

from domain import masks
from domain.contracts.channels import Channel

_GIVEN = "given "


def of(read: Mapping[str, str | None]) -> dict[str, str]:
    """Return the masked contacts by channel, and each as it was given."""
    masked = {
        channel: masks.contact(channel.contact, typed)
        for channel in Channel.all()
        if (typed := read.get(channel.contact))
    }
    return masked | {f"{_GIVEN}{kind}": typed for kind, typed in read.items() if typed}


def masked(kept: Mapping[str, str]) -> dict[str, str]:
    """Return the masked ones by channel."""
    return {name: value for name, value in kept.items() if not name.startswith(_GIVEN)}


def given(kept: Mapping[str, str], kind: str) -> str:
    """Return the `mobile` or `email` as it was given; empty where none was."""
    return kept.get(f"{_GIVEN}{kind}", "")
