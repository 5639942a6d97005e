"""A way by which messages go out; another one is another class of this form."""

from typing import Protocol, TypeVar

from domain.contracts.requests import Delivery

Content_contra = TypeVar("Content_contra", contravariant=True)
"""What such a message holds: a text, or a letter with its subject."""


class MessageChannel(Protocol[Content_contra]):
    async def send(self, *, to: str, content: Content_contra, message_id: str) -> Delivery:
        """Hand one message over to an address of this channel's kind.

        A refusal of this very message is an outcome; raises `adapters.errors.AdapterError` for
        all else. The same id may come again, and should arrive once.
        """

    async def close(self) -> None: ...
