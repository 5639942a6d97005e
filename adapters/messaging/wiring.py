"""Registers every message channel; the module of a new channel is imported here.

Each process that connects to Temporal imports this, so that all know the same channels.
"""

from collections.abc import Callable
from typing import Any

import adapters.messaging.mail_wiring
import adapters.messaging.sms_wiring  # noqa: F401 - these imports register the channels
from adapters.messaging.port import Client, wirings
from domain.contracts.channels import Channel
from settings import Settings


def opened(settings: Settings, alarm: Callable[[str], None]) -> dict[Channel, Client[Any]]:
    return {
        wiring.channel: Client(wiring.writer(settings), wiring.open(settings, alarm))
        for wiring in wirings()
    }


def deduplicating(settings: Settings) -> frozenset[Channel]:
    """Return the channels by which a message may be sent again when its result is unknown."""
    return frozenset(each.channel for each in wirings() if each.deduplicates(settings))
