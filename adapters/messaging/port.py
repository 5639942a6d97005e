"""Defines the port of message channels; another channel is another class of this protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery
from settings import Settings

Content = TypeVar("Content")
Content_contra = TypeVar("Content_contra", contravariant=True)
"""A message's content: a text, or a letter with its subject."""


class MessageChannel(Protocol[Content_contra]):
    async def send(self, *, to: str, content: Content_contra, message_id: str) -> Delivery:
        """Send one message to an address of this channel's kind.

        A refusal of this message is an outcome; raises `adapters.errors.AdapterError` for all
        else. A retry has the same `message_id`, for deduplication.
        """

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Client(Generic[Content]):
    """A channel's open client, and the function that renders its messages."""

    write: Callable[..., Content]
    channel: MessageChannel[Content]


Opener: TypeAlias = Callable[[Settings, Callable[[str], None]], Client[Any]]
"""Opens a client from the settings; calls the second argument with errors for operators."""

OPENERS: dict[Channel, Opener] = {}


def opens(channel: Channel) -> Callable[[Opener], Opener]:
    """Register the function that opens a channel's client."""

    def register(opener: Opener) -> Opener:
        OPENERS[channel] = opener
        return opener

    return register
