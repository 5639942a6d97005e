"""A way by which messages go out; another one is another class of this form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery
from settings import Settings

Content = TypeVar("Content")
Content_contra = TypeVar("Content_contra", contravariant=True)
"""What such a message holds: a text, or a letter with its subject."""


class MessageChannel(Protocol[Content_contra]):
    async def send(self, *, to: str, content: Content_contra, message_id: str) -> Delivery:
        """Hand one message over to an address of this channel's kind.

        A refusal of this very message is an outcome; raises `adapters.errors.AdapterError` for
        all else. The same id may come again, and should arrive once.
        """

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Client(Generic[Content]):
    """A channel's open client, and how a message is written for it."""

    write: Callable[..., Content]
    channel: MessageChannel[Content]


Opener: TypeAlias = Callable[[Settings, Callable[[str], None]], Client[Any]]
"""Opens a client from the settings; what must be mended is told by the second argument."""

OPENERS: dict[Channel, Opener] = {}


def opens(channel: Channel) -> Callable[[Opener], Opener]:
    """Register how the client of a channel is opened."""

    def register(opener: Opener) -> Opener:
        OPENERS[channel] = opener
        return opener

    return register
