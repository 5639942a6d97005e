import asyncio
from asyncio import WriteTransport
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from adapters.errors import AdapterError, Refused
from adapters.messaging.mail import Letter, MailRelay
from demo.certificates import make_certificates
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import Language
from settings.institution import Institution
from settings.systems import Mail
from tests.stack import TestStack

MENDING = timedelta(seconds=45)
TO = "student@mail.example"
LETTER = Letter("Θέμα", "Κωδικός: 012345\n", "<p>Κωδικός: 012345</p>", Language.EL)
INSTITUTION = Institution(name_el="Πανεπιστήμιο Πελοποννήσου", domain="uop.example")


@dataclass
class Relay:
    """A real SMTP server that answers as it is told and keeps what it took."""

    mail_from: str = "250 OK"
    rcpt: str = "250 OK"
    data: str = "250 OK"
    rset: str = "250 OK"
    quit: str = "221 Bye"
    login: tuple[str, str] = ("", "")
    stage: str = ""
    lasts: float = 0
    taken: list[EmailMessage] = field(default_factory=list)
    met: list[SMTP] = field(default_factory=list)
    parted: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def at(self, stage: str, server: SMTP) -> None:
        """Do what this relay does at one stage: hang up, or take its time."""
        if stage in self.stage.split():
            if not self.lasts:
                assert isinstance(server.transport, WriteTransport)
                server.transport.abort()
            await asyncio.sleep(self.lasts)

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = tuple(each.encode() for each in self.login)
        return AuthResult(success=(given.login, given.password) == right, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.met.append(server)
        await self.at("ehlo", server)
        session.host_name = hostname
        return responses

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.parted.set()
        await self.at("quit", server)
        return self.quit

    async def handle_RSET(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await self.at("rset", server)
        return self.rset

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
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        await self.at("rcpt", server)
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        await self.at("data", server)
        return self.data


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    made = Relay()
    loop = asyncio.get_running_loop()

    def serve() -> SMTP:
        return SMTP(
            made,
            hostname="localhost",
            authenticator=made.authenticate,
            auth_require_tls=False,
        )

    server = await loop.create_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def hand_over(settings: Mail, message_id: str = "A-7K3F-92QD:pin:1") -> Delivery:
    mail = MailRelay(settings, INSTITUTION)
    try:
        return await mail.send(to=TO, content=LETTER, message_id=message_id)
    finally:
        await mail.close()


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


async def fail(relay: Relay, **more: Any) -> AdapterError:
    """Return how it failed: in words that quote nobody, and never for good."""
    with pytest.raises(AdapterError) as raised:
        await send(relay, **more)
    assert TO not in repr(raised.value)
    assert "012345" not in repr(raised.value)
    assert raised.value.__suppress_context__
    assert not isinstance(raised.value, Refused)
    return raised.value


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.1.1 no such student@mail.example",
        "550 no such user",
        "551 user not local",
        "552 5.2.2 mailbox full",
        "553 5.1.3 bad mailbox",
        "556 5.1.10 null MX",
    ],
)
async def test_a_mailbox_refused_for_good_is_an_outcome(relay: Relay, answer: str) -> None:
    relay.rcpt = answer
    assert await send(relay) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("rcpt", "421 4.3.2 shutting down"),
        ("rcpt", "450 4.2.0 greylisted, student@mail.example"),
        ("rcpt", "451 later"),
        ("rcpt", "452 4.2.2 full for now"),
        ("data", "451 later"),
        ("mail_from", "451 4.1.8 later"),
    ],
)
async def test_later_is_tried_again_soon(relay: Relay, stage: str, answer: str) -> None:
    setattr(relay, stage, answer)
    told = await fail(relay)
    assert (told.message, told.wait) == (f"MAIL_DOWN: SMTP {answer[:3]}", None)
    assert told.not_sent
    setattr(relay, stage, "250 OK")
    assert await send(relay) is Delivery.SENT


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("mail_from", "550 sender unknown"),
        ("mail_from", "530 5.7.0 authentication required"),
        ("rcpt", "550 5.1.0 sender address rejected"),
        ("rcpt", "553 5.1.8 sender's domain unknown"),
        ("rcpt", "550 5.7.1 relaying denied"),
        ("rcpt", "554 relay access denied"),
        ("data", "554 5.7.1 refused"),
    ],
)
async def test_what_the_relay_has_against_the_engine_is_tried_again_slowly(
    relay: Relay, stage: str, answer: str
) -> None:
    setattr(relay, stage, answer)
    told = await fail(relay)
    assert (told.message, told.wait) == (f"CONFIGURATION: SMTP {answer[:3]}", MENDING)


async def test_a_mended_login_needs_no_restart(relay: Relay, tmp_path: Path) -> None:
    relay.login = ("engine", "sesame")
    password = tmp_path / "password"
    password.write_text("old")
    given = {"host": "127.0.0.1", "port": relay.port, "starttls": False, "username": "engine"}
    mail = MailRelay(Mail.model_validate({**given, "password_file": password}), INSTITUTION)
    with pytest.raises(AdapterError) as raised:
        await mail.send(to=TO, content=LETTER, message_id="1")
    assert raised.value.message == "CONFIGURATION: SMTP 535"
    assert raised.value.wait == MENDING
    password.write_text("sesame\n")
    assert await mail.send(to=TO, content=LETTER, message_id="1") is Delivery.SENT
    await mail.close()
    password.unlink()
    with pytest.raises(FileNotFoundError):
        MailRelay(Mail.model_validate({**given, "password_file": password}), INSTITUTION)


@pytest.mark.parametrize("stage", ["ehlo", "rcpt", "data"])
@pytest.mark.parametrize("lasts", [0, 30])
async def test_a_letter_of_unknown_fate_is_tried_again_under_its_id(
    relay: Relay, stage: str, lasts: float
) -> None:
    relay.stage, relay.lasts = stage, lasts
    told = await fail(relay, timeout_seconds=2)
    assert (told.type, told.wait) == ("MAIL_DOWN", None)
    assert not told.not_sent
    relay.stage = ""
    assert await send(relay) is Delivery.SENT
    assert len({message["Message-ID"] for message in relay.taken}) == 1
    assert len(relay.taken) == (2 if stage == "data" else 1)


async def test_a_relay_that_takes_its_time_at_every_stage_is_not_waited_for_any_longer(
    relay: Relay,
) -> None:
    """Each answer comes before its own time is over."""
    relay.stage, relay.lasts = "ehlo rcpt data", 0.4
    assert (await fail(relay, timeout_seconds=0.5)).type == "MAIL_DOWN"
    assert relay.taken == []


@pytest.mark.parametrize("lasts", [0, 30])
async def test_a_letter_the_relay_has_taken_is_sent_however_it_parts(
    relay: Relay, lasts: float
) -> None:
    relay.stage, relay.lasts = "quit", lasts
    assert await send(relay) is Delivery.SENT
    relay.stage, relay.quit = "", "421 what?"
    assert await send(relay) is Delivery.SENT
    assert len(relay.taken) == 2


async def test_a_relay_without_starttls_hears_nothing(relay: Relay, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("sesame")
    with pytest.raises(AdapterError) as raised:
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
    with pytest.raises(AdapterError) as raised:
        await hand_over(stack.settings.mail.model_copy(update=wrong))
    assert raised.value.message == "CONFIGURATION: certificate not trusted"
    assert not isinstance(raised.value, Refused)
    assert stack.messages(TO) == before


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"554 no service here\r\n"])
async def test_what_is_no_relay_is_told_as_such(greeting: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        told = await fail(Relay(port=server.sockets[0].getsockname()[1]))
    assert told.type == ("CONFIGURATION" if greeting.startswith(b"554") else "MAIL_DOWN")


async def test_a_relay_whose_encryption_fails_is_waited_for() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"220 hi\r\n", b"250-me\r\n250 STARTTLS\r\n", b"220 go\r\n", b"not TLS"):
            writer.write(answer)
            await reader.read(1000)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        told = await fail(Relay(port=server.sockets[0].getsockname()[1]), starttls=True)
    assert told.message == "MAIL_DOWN: SSLError"


async def test_a_mended_authority_needs_no_restart(stack: TestStack, tmp_path: Path) -> None:
    right = stack.settings.mail.ca_file
    assert right
    file = tmp_path / "ca.pem"
    make_certificates(tmp_path)
    mail = MailRelay(stack.settings.mail.model_copy(update={"ca_file": file}), INSTITUTION)
    file.write_bytes(right.read_bytes())
    with pytest.raises(AdapterError, match="certificate not trusted"):
        await mail.send(to=TO, content=LETTER, message_id="1")
    assert await mail.send(to=TO, content=LETTER, message_id="1") is Delivery.SENT
    await mail.close()


async def test_an_absent_relay_is_told_as_such() -> None:
    told = await fail(Relay(port=9))
    assert (told.type, told.not_sent) == ("MAIL_DOWN", True)
