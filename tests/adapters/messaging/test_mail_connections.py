"""Connections to the relay are kept; a dead one is replaced, and each letter is sent once."""

import asyncio
from asyncio import WriteTransport
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.errors import AdapterError
from adapters.messaging import mail_connections
from adapters.messaging.mail import MailRelay
from domain.contracts.message_io import Delivery
from settings.systems import Mail
from tests.adapters.messaging.test_mail import INSTITUTION, LETTER, TO, Relay
from tests.adapters.messaging.test_mail import relay as relay  # noqa: PLC0414 - a fixture
from tests.stack import TestStack


@asynccontextmanager
async def mailing(settings: Mail) -> AsyncIterator[MailRelay]:
    mail = MailRelay(settings, INSTITUTION)
    yield mail
    await mail.close()


@pytest.fixture
async def mail(relay: Relay) -> AsyncIterator[MailRelay]:
    async with mailing(Mail(host="127.0.0.1", port=relay.port, starttls=False)) as made:
        yield made


async def send(mail: MailRelay, *names: str) -> None:
    """Send letters at once."""
    letters = [mail.send(to=TO, content=LETTER, message_id=name) for name in names]
    assert await asyncio.gather(*letters) == [Delivery.SENT] * len(names)


async def test_letters_one_after_the_other_use_one_connection(
    mail: MailRelay, relay: Relay
) -> None:
    for name in ("1", "2", "3"):
        await send(mail, name)
    assert (len(relay.taken), len(relay.met)) == (3, 1)


async def test_letters_at_once_have_a_connection_each_and_later_ones_share_them(
    mail: MailRelay, relay: Relay
) -> None:
    await send(mail, "1", "2", "3")
    await send(mail, "4", "5", "6")
    assert (len(relay.taken), len(relay.met)) == (6, 3)


def _kill(relay: Relay) -> None:
    transport = relay.met[-1].transport
    assert isinstance(transport, WriteTransport)
    transport.abort()


DEATHS: dict[str, dict[str, object]] = {
    "killed": {},
    "hangs up when asked": {"stage": "rset"},
    "silent when asked": {"stage": "rset", "lasts": 30},
    "says that it ends": {"rset": "421 4.3.2 too many messages"},
    "says nonsense": {"rset": "502 what?"},
}


@pytest.mark.parametrize("death", DEATHS)
async def test_a_dead_connection_is_replaced_before_the_letter_is_sent(
    mail: MailRelay, relay: Relay, monkeypatch: pytest.MonkeyPatch, death: str
) -> None:
    monkeypatch.setattr(mail_connections, "_CHECK_SECONDS", 0.1)
    await send(mail, "1")
    for name, value in DEATHS[death].items():
        setattr(relay, name, value)
    if death == "killed":
        _kill(relay)
    await send(mail, "2")
    assert (len(relay.taken), len(relay.met)) == (2, 2)
    assert len({message["Message-ID"] for message in relay.taken}) == 2


async def test_after_a_refusal_the_next_letter_is_sent(mail: MailRelay, relay: Relay) -> None:
    relay.rcpt = "550 no such user"
    refused = await mail.send(to=TO, content=LETTER, message_id="1")
    assert refused is Delivery.UNDELIVERABLE
    relay.rcpt, relay.data = "250 OK", "451 later"
    with pytest.raises(AdapterError, match="MAIL_DOWN: SMTP 451"):
        await mail.send(to=TO, content=LETTER, message_id="2")
    relay.data = "250 OK"
    await send(mail, "2")


async def test_an_idle_connection_is_closed(
    mail: MailRelay, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_connections, "_IDLE_SECONDS", 0.01)
    await send(mail, "1")
    async with asyncio.timeout(10):
        await relay.parted.wait()
    await send(mail, "2")
    assert len(relay.met) == 2


async def test_a_connection_is_used_for_a_number_of_letters(
    mail: MailRelay, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_connections, "_MOST_MESSAGES", 2)
    for name in ("1", "2", "3"):
        await send(mail, name)
    assert (len(relay.taken), len(relay.met)) == (3, 2)
    assert relay.parted.is_set()


async def test_a_letter_of_unknown_fate_on_a_kept_connection_is_sent_again_under_its_id(
    mail: MailRelay, relay: Relay
) -> None:
    await send(mail, "1")
    relay.stage = "data"
    with pytest.raises(AdapterError, match="MAIL_DOWN"):
        await mail.send(to=TO, content=LETTER, message_id="2")
    relay.stage = ""
    await send(mail, "2")
    first, unknown, again = (message["Message-ID"] for message in relay.taken)
    assert unknown == again != first


async def test_a_relay_killed_between_letters_gets_each_of_them_once(stack: TestStack) -> None:
    before = len(stack.messages(TO))
    async with mailing(stack.settings.mail) as mail:
        await send(mail, "kept:1")
        stack.stop("smtp")
        with pytest.raises(AdapterError, match="MAIL_DOWN"):
            await mail.send(to=TO, content=LETTER, message_id="kept:2")
        stack.start("smtp")
        await send(mail, "kept:2")
        stack.stop("smtp")
        stack.start("smtp")
        await send(mail, "kept:3")
        assert len(stack.messages(TO)) == before + 3
