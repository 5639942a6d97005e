"""E-mail through one relay: how a message is built, and what the relay's answers mean.

A repeated message carries the same Message-ID, so that mailboxes can tell. Nobody answers these
messages and no vacation programme should; replies of people go to the support desk.
The relay's certificate and name are checked; nothing is said in clear unless the settings want it.
Login and authority are read again where they are needed, so that mending them needs no restart.
"""

import asyncio
import hashlib
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from adapters.errors import AdapterError, Misconfigured, Unavailable, translated
from adapters.messaging import headers
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import FailureType, Language
from settings import Institution, Mail

_PERMANENT = 500
_NO_MAILBOX = frozenset({550, 551, 552, 553, 556})
# The sender, a login or a rule of the relay: not the student's mailbox, whatever the code says.
_OUR_FAULT = re.compile(r"5\.(7\.\d+|1\.[078])\b")
_AWAY = (aiosmtplib.SMTPTimeoutError, ConnectionError, TimeoutError, ssl.SSLError)


@dataclass(frozen=True)
class Letter:
    """`html` is None where text alone will do."""

    subject: str
    text: str
    html: str | None
    language: Language


class MailRelay:
    def __init__(self, settings: Mail, institution: Institution) -> None:
        self._settings = settings
        self._institution = institution
        self._tls = self._trust()
        self._password()

    async def send(
        self, *, to: str, content: Letter, message_id: str, reply_to: str | None = None
    ) -> Delivery:
        """Hand a letter over; a mailbox refused for good is an outcome, all else a failure.

        With `reply_to` a person speaks through us, and answers go there.
        """
        settings = self._settings
        message = self.compose(to, content, message_id, reply_to).as_bytes()
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            start_tls=settings.starttls,
            tls_context=self._tls,
            username=settings.username,
            password=self._password(),
            timeout=settings.timeout_seconds,
        )
        with translated(FailureType.MAIL_DOWN, _AWAY):
            try:
                # For the whole conversation: a relay may take its time with each answer.
                async with asyncio.timeout(settings.timeout_seconds):
                    await client.connect()
                    await client.sendmail(settings.sender, [to], message)
                # It is the relay's letter now, however the conversation ends.
                with suppress(aiosmtplib.SMTPException):
                    await client.quit(timeout=1)
            except aiosmtplib.SMTPRecipientsRefused as error:
                return _read(error.recipients[0])
            except aiosmtplib.SMTPResponseException as error:
                raise _refused(error) from None
            except ssl.SSLCertVerificationError:
                self._tls = self._trust()
                raise Misconfigured("certificate not trusted") from None
            finally:
                client.close()
        return Delivery.SENT

    async def close(self) -> None:
        """Do nothing: each message has a connection of its own."""

    def _password(self) -> str | None:
        file = self._settings.password_file
        return file.read_text("utf-8").strip() if file else None

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)

    def compose(
        self, to: str, letter: Letter, message_id: str, reply_to: str | None = None
    ) -> EmailMessage:
        name = self._institution.name(letter.language)
        digest = hashlib.sha256(message_id.encode()).hexdigest()[:32]
        message = EmailMessage(policy=headers.AsWritten())
        message["From"] = headers.mailbox("From", name, self._settings.sender)
        message["To"] = headers.mailbox("To", "", to)
        answers_to = reply_to or self._institution.support_email
        message["Reply-To"] = headers.mailbox("Reply-To", "", answers_to)
        message["Subject"] = headers.text("Subject", letter.subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{digest}@{self._institution.domain}>"
        if reply_to is None:
            message["Auto-Submitted"] = "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"
        message.set_content(letter.text, cte="quoted-printable")
        if letter.html is not None:
            message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        # Only now: what comes before would be moved down into the text part.
        message["Content-Language"] = letter.language.value
        return message


def _read(refused: aiosmtplib.SMTPRecipientRefused) -> Delivery:
    if refused.code in _NO_MAILBOX and not _OUR_FAULT.match(refused.message):
        return Delivery.UNDELIVERABLE
    raise _refused(refused) from None


def _refused(answer: aiosmtplib.SMTPResponseException) -> AdapterError:
    detail = f"SMTP {answer.code}"
    if answer.code >= _PERMANENT:
        return Misconfigured(detail)
    return Unavailable(FailureType.MAIL_DOWN, detail)
