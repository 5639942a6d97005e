"""Asks every message channel for its checks, and sends a test message by each that goes there."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import adapters.messaging.wiring  # noqa: F401 - registers the channels
from adapters.findings import Finding, Findings
from adapters.messaging.port import ChannelWiring, wirings
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import ContactKind
from security.purposes import User
from settings import Settings

_TEST = "Test message of the account activation. Nobody has to do anything."


def sections() -> frozenset[str]:
    """Return the sections of the settings that message channels read."""
    return frozenset[str]().union(*(wiring.sections for wiring in wirings()))


def checks(
    settings: Settings, users: tuple[User, ...], needed: frozenset[str]
) -> Iterator[tuple[str, Findings]]:
    """Yield the checks of every channel that these processes use, by name.

    `needed` are the sections of the settings that they read.
    """
    for wiring in wirings():
        if User.MESSAGING in users or wiring.sections & needed:
            yield from wiring.checks(settings)


def send_tests(settings: Settings, to: str) -> Iterator[Findings]:
    """Send one real message to a mobile or e-mail address by each channel that goes there."""
    kind = ContactKind.EMAIL if "@" in to else ContactKind.MOBILE
    for wiring in wirings():
        if wiring.channel.contact is kind:
            yield _send_test(settings, wiring, to)


async def _send_test(settings: Settings, wiring: ChannelWiring[Any], to: str) -> Findings:
    client = wiring.open(settings)
    try:
        content = wiring.plain(settings, _TEST)
        sent = await client.send(to=to, content=content, message_id=f"doctor-{uuid4()}")
    finally:
        await client.close()
    mend = "" if sent is Delivery.SENT else "it was refused for good: is the address right?"
    yield Finding("test", f"a message by {wiring.channel.label} was taken", mend)
