"""E-mail through one relay: how a message is built, and what the relay's answers mean.

A repeated message carries the same Message-ID, so that mailboxes can tell. Nobody answers these
messages and no vacation programme should; replies of people go to the support desk.
The relay's certificate and name are checked; nothing is said in clear unless the settings want it.
"""

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from activities.failures import failure, guarded
from domain.contracts.requests import Delivery
from domain.contracts.vocabulary import FailureType, Language
from settings import Institution, Mail

_PERMANENT = 500
_AWAY = (
    aiosmtplib.SMTPConnectError,
    aiosmtplib.SMTPServerDisconnected,
    aiosmtplib.SMTPTimeoutError,
    OSError,
)


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
        file = settings.password_file
        self._password = file.read_text("utf-8").strip() if file else None
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    async def send(
        self, *, to: str, letter: Letter, message_id: str, reply_to: str | None = None
    ) -> Delivery:
        """Hand a letter over; a mailbox refused for good is an outcome, all else a failure.

        With `reply_to` a person speaks through us, and answers go there.
        """
        settings = self._settings
        with guarded(FailureType.MAIL_DOWN, _AWAY):
            try:
                await aiosmtplib.send(
                    self.compose(to, letter, message_id, reply_to),
                    hostname=settings.host,
                    port=settings.port,
                    start_tls=settings.starttls,
                    tls_context=self._tls,
                    username=settings.username,
                    password=self._password,
                    timeout=settings.timeout_seconds,
                )
            except aiosmtplib.SMTPRecipientsRefused as error:
                code = min(refused.code for refused in error.recipients)
                if code >= _PERMANENT:
                    return Delivery.UNDELIVERABLE
                raise failure(FailureType.MAIL_DOWN, f"SMTP {code}") from None
            except aiosmtplib.SMTPResponseException as error:
                lasting = error.code >= _PERMANENT
                kind = FailureType.CONFIGURATION if lasting else FailureType.MAIL_DOWN
                raise failure(kind, f"SMTP {error.code}") from None
            except ssl.SSLCertVerificationError:
                raise failure(FailureType.CONFIGURATION, "certificate not trusted") from None
        return Delivery.SENT

    def compose(
        self, to: str, letter: Letter, message_id: str, reply_to: str | None = None
    ) -> EmailMessage:
        name = self._institution.name(letter.language)
        digest = hashlib.sha256(message_id.encode()).hexdigest()[:32]
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(name, addr_spec=self._settings.sender)
        message["To"] = Address(addr_spec=to)
        message["Reply-To"] = Address(addr_spec=reply_to or self._institution.support_email)
        message["Subject"] = letter.subject
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
