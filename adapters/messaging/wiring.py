"""Registers every message channel; the module of a new channel is imported here.

Each process that connects to Temporal imports this, so that all know the same channels.
"""

from collections.abc import Callable
from typing import Any

from adapters.messaging.mail import Letter, MailRelay
from adapters.messaging.message_templates import Words
from adapters.messaging.port import OPENERS, Client, opens
from adapters.messaging.sms import SmsGateways
from domain.contracts.channels import Channel
from settings import Settings


@opens(Channel.SMS)
def _sms(settings: Settings, alarm: Callable[[str], None]) -> Client[str]:
    gateways = SmsGateways(settings.sms, settings.sms_fallback, alarm)
    return Client(Words(settings).sms, gateways)


@opens(Channel.EMAIL)
def _mail(settings: Settings, _alarm: Callable[[str], None]) -> Client[Letter]:
    return Client(Words(settings).letter, MailRelay(settings.mail, settings.institution))


def opened(settings: Settings, alarm: Callable[[str], None]) -> dict[Channel, Client[Any]]:
    """Open the client of every channel."""
    return {channel: opener(settings, alarm) for channel, opener in OPENERS.items()}
