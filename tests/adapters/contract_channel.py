"""What every channel of messages does: a module of tests imports these.

It gives the fixture `outside`: a channel, a message for it, and the real part that it talks to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from adapters.errors import AdapterError, Misconfigured, Unavailable
from adapters.messaging.port import MessageChannel
from domain.contracts.message_io import Delivery

SECRET = "012345"


class Mood(StrEnum):
    """How the part answers."""

    TAKES = "takes"
    BUSY = "busy"
    REFUSES_US = "refuses us"
    KNOWS_NO_SUCH_ADDRESS = "knows no such address"


@dataclass(frozen=True)
class Outside:
    """`content` holds SECRET; `be` puts the part into a mood, `arrived` counts what it took."""

    channel: MessageChannel[Any]
    to: str
    content: object
    be: Callable[[Mood], None]
    arrived: Callable[[], int]

    async def send(self, message_id: str = "A-7K3F-92QD:pin:1") -> Delivery:
        return await self.channel.send(to=self.to, content=self.content, message_id=message_id)

    async def fail(self) -> AdapterError:
        with pytest.raises(AdapterError) as raised:
            await self.send()
        for secret in (SECRET, self.to):
            assert secret not in repr(raised.value)
        assert raised.value.__context__ is None or raised.value.__suppress_context__
        return raised.value


async def test_what_is_taken_is_sent_and_may_be_sent_again(outside: Outside) -> None:
    assert await outside.send() is Delivery.SENT
    assert outside.arrived() == 1
    assert await outside.send() is Delivery.SENT


async def test_an_address_that_does_not_exist_is_an_outcome(outside: Outside) -> None:
    outside.be(Mood.KNOWS_NO_SUCH_ADDRESS)
    assert await outside.send() is Delivery.UNDELIVERABLE


async def test_a_part_that_is_busy_is_unavailable(outside: Outside) -> None:
    outside.be(Mood.BUSY)
    assert isinstance(await outside.fail(), Unavailable)
    outside.be(Mood.TAKES)
    assert await outside.send() is Delivery.SENT


async def test_a_part_that_refuses_the_engine_is_to_be_mended(outside: Outside) -> None:
    outside.be(Mood.REFUSES_US)
    assert isinstance(await outside.fail(), Misconfigured)
    outside.be(Mood.TAKES)
    assert await outside.send() is Delivery.SENT
