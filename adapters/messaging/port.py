"""Defines the port of message channels, and what a channel brings besides its client.

Another channel is another class of `MessageChannel`, and a `ChannelWiring` that is registered.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from adapters.findings import Findings
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


class Preview(NamedTuple):
    """A message for the eyes of operators.

    `about` follows the channel's name in the heading. `files` are contents by file name ending.
    `subject` is that of a letter.
    """

    about: str
    text: str
    files: Mapping[str, str]
    subject: str = ""


class ChannelWiring(ABC, Generic[Content]):
    """What one channel brings; all but the abstract methods is optional."""

    sections: frozenset[str] = frozenset()
    """The sections of the settings that only this channel reads."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    @abstractmethod
    def writer(self, settings: Settings) -> Callable[..., Content]:
        """Return the function that renders a message by its name and language; reads no secret."""

    @abstractmethod
    def open(
        self, settings: Settings, alarm: Callable[[str], None] = lambda _: None
    ) -> MessageChannel[Content]:
        """Open the client; it calls `alarm` with errors for operators."""

    @abstractmethod
    def plain(self, settings: Settings, text: str) -> Content:
        """Return a message of just this text, which tests the channel."""

    @abstractmethod
    def preview(self, content: Content) -> Preview:
        """Return a message as `activation templates preview` shows and writes it."""

    def checks(self, settings: Settings) -> Iterator[tuple[str, Findings]]:
        """Yield the checks of `activation doctor`, with the names of the parts they check."""
        del settings
        yield from ()

    def per_second(self, settings: Settings) -> float | None:
        """Return how many messages may be sent in a second over all workers; None for no limit."""
        del settings
        return None

    def deduplicates(self, settings: Settings) -> bool:
        """Return whether a message that is sent again with its id arrives once."""
        del settings
        return False


class TextWiring(ChannelWiring[str]):
    """A channel whose messages are plain texts."""

    def plain(self, settings: Settings, text: str) -> str:
        del settings
        return text

    def preview(self, content: str) -> Preview:
        return Preview("", content, {f"{self.channel}.txt": content})


WIRINGS: dict[Channel, ChannelWiring[Any]] = {}


def register(wiring: ChannelWiring[Any]) -> None:
    """Let every process know what this channel brings."""
    WIRINGS[wiring.channel] = wiring


def wirings() -> list[ChannelWiring[Any]]:
    """Return what every channel brings, in the order in which channels are preferred."""
    return [WIRINGS[channel] for channel in Channel.all() if channel in WIRINGS]
