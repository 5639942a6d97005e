import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from temporalio.exceptions import ApplicationError

from activities.mail import Letter, MailRelay
from domain.contracts.requests import Delivery
from domain.contracts.vocabulary import Language
from settings import Institution, Mail
from tests.stack import TestStack

TO = "student@mail.example"
LETTER = Letter("Θέμα", "Κωδικός: 012345\n", "<p>Κωδικός: 012345</p>", Language.EL)
INSTITUTION = Institution(name_el="Πανεπιστήμιο Πελοποννήσου", domain="uop.example")


@dataclass
class Relay:
    """A real SMTP server that answers as it is told and keeps what it took."""

    mail_from: str = "250 OK"
    rcpt: str = "250 OK"
    data: str = "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.mail_from = address
        return self.mail_from

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return self.data


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    made = Relay()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(made, hostname="localhost"), "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def hand_over(settings: Mail, message_id: str = "A-7K3F-92QD:pin:1") -> Delivery:
    return await MailRelay(settings, INSTITUTION).send(to=TO, letter=LETTER, message_id=message_id)


async def send(relay: Relay, message_id: str = "A-7K3F-92QD:pin:1", **more: object) -> Delivery:
    settings = {"host": "127.0.0.1", "port": relay.port, "starttls": False, **more}
    return await hand_over(Mail.model_validate(settings), message_id)


async def test_a_letter_arrives_in_text_and_html(relay: Relay) -> None:
    assert await send(relay) is Delivery.SENT
    (message,) = relay.taken
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    assert text.get_content().replace("\r\n", "\n") == LETTER.text
    assert "<p>Κωδικός: 012345</p>" in html.get_content()
    assert text["Content-Transfer-Encoding"] == "quoted-printable"
    assert str(message["Subject"]) == "Θέμα"
    # Python's own reader of addresses parts words that were folded; the older one does not.
    sender = make_header(decode_header(dict(message.raw_items())["From"]))
    assert str(sender) == "Πανεπιστήμιο Πελοποννήσου <no-reply@university.example>"
    assert message["To"] == TO
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "el"


async def test_a_repeated_letter_has_the_same_id_and_another_has_not(relay: Relay) -> None:
    for message_id in ("A:pin:1", "A:pin:1", "A:pin:2"):
        await send(relay, message_id)
    first, again, other = (message["Message-ID"] for message in relay.taken)
    assert first == again != other
    assert "pin" not in first


async def test_a_mailbox_refused_for_good_is_an_outcome(relay: Relay) -> None:
    relay.rcpt = "550 no such student@mail.example"
    assert await send(relay) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize(
    ("stage", "answer", "message"),
    [
        ("rcpt", "451 later, student@mail.example", "MAIL_DOWN: SMTP 451"),
        ("data", "451 later", "MAIL_DOWN: SMTP 451"),
        ("data", "554 refused", "CONFIGURATION: SMTP 554"),
        ("mail_from", "451 later", "MAIL_DOWN: SMTP 451"),
        ("mail_from", "550 sender unknown", "CONFIGURATION: SMTP 550"),
    ],
)
async def test_every_other_refusal_is_tried_again(
    relay: Relay, stage: str, answer: str, message: str
) -> None:
    setattr(relay, stage, answer)
    with pytest.raises(ApplicationError) as raised:
        await send(relay)
    assert raised.value.message == message
    assert not raised.value.non_retryable
    assert TO not in repr(raised.value)


async def test_a_relay_without_starttls_hears_nothing(relay: Relay, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("sesame")
    with pytest.raises(ApplicationError) as raised:
        await send(relay, starttls=True, username="engine", password_file=password)
    assert raised.value.type == "CONFIGURATION"
    assert relay.taken == []


async def test_a_letter_travels_encrypted_to_a_relay_whose_certificate_is_known(
    stack: TestStack,
) -> None:
    assert await hand_over(stack.settings.mail) is Delivery.SENT
    assert stack.messages(TO)[-1]["text"].strip() == LETTER.text.strip()


# The second is another name for the same address, which the certificate does not hold.
@pytest.mark.parametrize("wrong", [{"ca_file": None}, {"host": "127.1"}])
async def test_a_relay_that_cannot_be_trusted_hears_nothing(
    stack: TestStack, wrong: dict[str, object]
) -> None:
    before = stack.messages(TO)
    with pytest.raises(ApplicationError) as raised:
        await hand_over(stack.settings.mail.model_copy(update=wrong))
    assert raised.value.message == "CONFIGURATION: certificate not trusted"
    assert not raised.value.non_retryable
    assert stack.messages(TO) == before


async def test_an_absent_relay_is_told_as_such() -> None:
    with pytest.raises(ApplicationError) as raised:
        await send(Relay(port=9))
    assert raised.value.type == "MAIL_DOWN"
    assert TO not in repr(raised.value)
