"""SMS gateways, the mail relay and a third channel keep to one port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.messaging.mail import MailRelay
from adapters.messaging.sms import SmsGateways
from settings.systems import Mail, Sms
from tests.adapters.contract_channel import *  # noqa: F403 - the tests of every channel
from tests.adapters.contract_channel import SECRET, Mood, Outside
from tests.adapters.gateway import Gateway
from tests.adapters.messaging.test_mail import INSTITUTION, LETTER, Relay, relay
from tests.channels import more_channels, third_channel

__all__ = ["relay"]


def folders(base: Path) -> Outside:
    with more_channels():
        module = third_channel()
    channel = module.Folders(base)
    to = "+306912345678"
    folder = channel.of(to)
    folder.mkdir()

    def be(mood: Mood) -> None:
        for name in ("busy", "closed"):
            (base / name).unlink(missing_ok=True)
        if mood is Mood.KNOWS_NO_SUCH_ADDRESS:
            folder.rmdir()
        if mood in (Mood.BUSY, Mood.REFUSES_US):
            (base / ("busy" if mood is Mood.BUSY else "closed")).touch()

    return Outside(channel, to, f"code {SECRET}", be, lambda: len([*folder.iterdir()]))


def sms(gateway: Gateway) -> Outside:
    answers = {
        Mood.TAKES: 200,
        Mood.BUSY: 503,
        Mood.REFUSES_US: 401,
        Mood.KNOWS_NO_SUCH_ADDRESS: 400,
    }

    def be(mood: Mood) -> None:
        gateway.status = answers[mood]

    channel = SmsGateways(Sms(url=gateway.url), None)
    return Outside(channel, "+306912345678", f"{SECRET}", be, lambda: len(gateway.seen))


def mail(made: Relay) -> Outside:
    answers = {
        Mood.TAKES: "250 OK",
        Mood.BUSY: "451 Try again later",
        Mood.REFUSES_US: "550 5.7.1 not allowed",
        Mood.KNOWS_NO_SUCH_ADDRESS: "550 5.1.1 unknown",
    }

    def be(mood: Mood) -> None:
        made.rcpt = answers[mood]

    given = {"host": "127.0.0.1", "port": made.port, "starttls": False}
    channel = MailRelay(Mail.model_validate(given), INSTITUTION)
    return Outside(channel, "student@mail.example", LETTER, be, lambda: len(made.taken))


@pytest.fixture(params=["sms", "mail", "folders"])
async def outside(
    request: pytest.FixtureRequest, gateway: Gateway, relay: Relay, tmp_path: Path
) -> AsyncIterator[Outside]:
    made = {"sms": sms(gateway), "mail": mail(relay), "folders": folders(tmp_path)}[request.param]
    yield made
    await made.channel.close()
