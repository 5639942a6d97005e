"""Sends e-mail through one relay: builds messages and interprets the relay's answers.

A retry has the same Message-ID, so that mailboxes can deduplicate. Headers stop automatic replies;
replies of people go to support. The relay's certificate and host name are verified, and TLS is
required unless the settings say otherwise. Password and CA file are read again for each new
connection, so that a change needs no restart. Connections are kept between messages.
"""

import asyncio
import hashlib
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from adapters.errors import AdapterError, Misconfigured, Unavailable, translated
from adapters.messaging import headers
from adapters.messaging.mail_connections import MailConnections
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import FailureType, Language
from security.receipt_tokens import TOKEN
from settings.institution import Institution
from settings.systems import Mail

_PERMANENT = 500
_NO_MAILBOX = frozenset({550, 551, 552, 553, 556})
# Errors of the sender, the login or the relay's policy, although the code blames the mailbox.
_OUR_FAULT = re.compile(r"5\.(7\.\d+|1\.[078])\b")
_AWAY = (aiosmtplib.SMTPTimeoutError, ConnectionError, TimeoutError, ssl.SSLError)


class ContentRefused(Misconfigured):
    """The relay takes letters to this mailbox, but never this one: a filter refuses its content."""

    not_sent = True


@dataclass(frozen=True)
class Letter:
    """The content of an e-mail; `html` is None for one with text only."""

    subject: str
    text: str
    html: str | None
    language: Language


class MailRelay:
    """The relay of the settings; `close` ends its connections."""

    def __init__(self, settings: Mail, institution: Institution) -> None:
        self._settings = settings
        self._institution = institution
        self._tls = trust(settings)
        _password(settings)
        self._connections = MailConnections(self._connect)

    async def send(
        self, *, to: str, content: Letter, message_id: str, reply_to: str | None = None
    ) -> Delivery:
        """Send a letter; a permanently refused mailbox is an outcome, all else is raised.

        Raises `ContentRefused` for the content, which is the sender's fault if a person wrote it.
        `reply_to` gets the replies to a letter that a person wrote.
        """
        message = self.compose(to, content, message_id, reply_to).as_bytes()
        handing_over = asyncio.Event()
        try:
            return await self._hand_over(to, message, handing_over)
        except AdapterError as error:
            error.not_sent = error.not_sent or not handing_over.is_set()
            raise

    async def _hand_over(self, to: str, message: bytes, handing_over: asyncio.Event) -> Delivery:
        """Send a message, and say from when on the relay may have taken it."""
        settings = self._settings
        with translated(FailureType.MAIL_DOWN, _AWAY):
            try:
                # A total time-out: the client library's applies to each answer by itself.
                async with asyncio.timeout(settings.timeout_seconds):
                    async with self._connections.lend() as client:
                        handing_over.set()
                        await client.sendmail(settings.sender, [to], message)
            except aiosmtplib.SMTPRecipientsRefused as error:
                return _read(error.recipients[0])
            except aiosmtplib.SMTPDataError as error:
                if error.code >= _PERMANENT:
                    raise ContentRefused(f"SMTP {error.code}") from None
                raise _refused(error) from None
            except aiosmtplib.SMTPResponseException as error:
                raise _refused(error) from None
            except ssl.SSLCertVerificationError:
                self._tls = trust(self._settings)
                raise Misconfigured("certificate not trusted") from None
        return Delivery.SENT

    async def close(self) -> None:
        await self._connections.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        """Open a connection, log in, and return it."""
        client = client_of(self._settings, self._tls, self._settings.timeout_seconds)
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def compose(
        self, to: str, letter: Letter, message_id: str, reply_to: str | None = None
    ) -> EmailMessage:
        name = self._institution.name(letter.language)
        message = EmailMessage(policy=headers.AsWritten())
        message["From"] = headers.mailbox("From", name, self._settings.sender)
        message["To"] = headers.mailbox("To", "", to)
        answers_to = reply_to or self._institution.support_email
        message["Reply-To"] = headers.mailbox("Reply-To", "", answers_to)
        message["Subject"] = headers.text("Subject", letter.subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{_local(message_id)}@{self._institution.domain}>"
        if reply_to is None:
            message["Auto-Submitted"] = "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"
        message.set_content(letter.text, cte="quoted-printable")
        if letter.html is not None:
            message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        # Set last: `email` would move an earlier Content header into the text part.
        message["Content-Language"] = letter.language.value
        return message


def client_of(settings: Mail, tls: ssl.SSLContext, seconds: float) -> aiosmtplib.SMTP:
    """Return a client of the relay, not connected yet; reads the password's file."""
    return aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        start_tls=settings.starttls,
        tls_context=tls,
        username=settings.username,
        password=_password(settings),
        timeout=seconds,
    )


def trust(settings: Mail) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


def _local(message_id: str) -> str:
    """Return the local part of a Message-ID: a receipt's token as it is, all else hashed.

    The token comes back with a bounce.
    """
    if TOKEN.fullmatch(message_id):
        return message_id
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _password(settings: Mail) -> str | None:
    file = settings.password_file
    return file.read_text("utf-8").strip() if file else None


def _read(refused: aiosmtplib.SMTPRecipientRefused) -> Delivery:
    if refused.code in _NO_MAILBOX and not _OUR_FAULT.match(refused.message):
        return Delivery.UNDELIVERABLE
    raise _refused(refused) from None


def _refused(answer: aiosmtplib.SMTPResponseException) -> AdapterError:
    """Return the error of a relay that answered, so that it has not taken the letter."""
    detail = f"SMTP {answer.code}"
    permanent = answer.code >= _PERMANENT
    error = Misconfigured(detail) if permanent else Unavailable(FailureType.MAIL_DOWN, detail)
    error.not_sent = True
    return error
