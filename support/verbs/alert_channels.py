"""Delivers alerts, and heads of the audit, by webhook and by e-mail.

A failed delivery is logged, and its cause is returned as text without secrets.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
import structlog

from adapters.errors import AdapterError
from adapters.messaging.mail import Letter, MailRelay
from adapters.web_address import trusted
from domain.contracts.message_io import Delivery
from ledger.alerts import Alert
from settings import Settings
from translations import N_, translator

NO_MAILBOX = N_("the mailbox was refused")
AUDIT_MAILBOX = "audit_email"
_TEST = "TEST"
_TEST_TEXT = N_("This is a test of the alerts. Nothing is wrong.")
_PATIENCE = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class NotDelivered(Exception):
    """The channel did not accept an alert; the text says why and holds no secret."""


_FAILS = (NotDelivered, AdapterError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)


class Notice(Protocol):
    """What a channel delivers: the letter's subject, text and id, and the webhook's JSON body."""

    @property
    def cause(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def letter(self) -> str: ...

    @property
    def message_id(self) -> str: ...

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class AlertMessage:
    """The content of an alert as a channel delivers it."""

    alert: Alert
    over: bool
    text: str

    @property
    def cause(self) -> str:
        return self.alert.cause

    @property
    def subject(self) -> str:
        return f"{self.text} ({self.cause})"

    @property
    def letter(self) -> str:
        alert = self.alert
        return f"{self.text}\n\n{self.cause}: {alert.count}\n{alert.since:%Y-%m-%d %H:%M} UTC"

    @property
    def message_id(self) -> str:
        return f"alert:{self.cause}:{self.alert.since.isoformat()}:{self.over}"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON body of the webhook."""
        return {
            "cause": self.cause,
            "state": "over" if self.over else "stands",
            "count": self.alert.count,
            "since": self.alert.since.isoformat(),
            "text": self.text,
        }


class AlertChannel(Protocol):
    name: str

    async def tell(self, message: Notice) -> None:
        """Deliver the message; raises `NotDelivered` or the error of the client library."""


class Webhook:
    name = "webhook"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.alerts

    async def tell(self, message: Notice) -> None:
        file = self._settings.webhook_token_file
        headers = {"Authorization": f"Bearer {file.read_text('utf-8').strip()}"} if file else {}
        # A total time-out: the time-outs of httpx apply to each read by itself.
        async with (
            asyncio.timeout(_PATIENCE.total_seconds()),
            httpx.AsyncClient(verify=trusted()) as http,
        ):
            url = self._settings.webhook_url
            answer = await http.post(url, json=message.as_dict(), headers=headers)
        if not answer.is_success:
            raise NotDelivered(f"HTTP {answer.status_code}")


class Mailbox:
    name = "email"

    def __init__(self, settings: Settings, to: str) -> None:
        self._settings = settings
        self._to = to

    async def tell(self, message: Notice) -> None:
        settings = self._settings
        letter = Letter(
            subject=message.subject,
            text=f"{message.letter}\n\n{settings.console.public_url}\n",
            html=None,
            language=settings.institution.default_language,
        )
        relay = MailRelay(settings.mail, settings.institution)
        try:
            sent = await relay.send(to=self._to, content=letter, message_id=message.message_id)
        finally:
            await relay.close()
        if sent is not Delivery.SENT:
            raise NotDelivered(NO_MAILBOX)


def channels(settings: Settings) -> tuple[AlertChannel, ...]:
    """Return the channels of alerts that are configured in the settings."""
    return _channels(settings, settings.alerts.email)


def head_channels(settings: Settings) -> tuple[AlertChannel, ...]:
    """Return the channels that take the heads of the audit."""
    return _channels(settings, settings.alerts.audit_email or settings.alerts.email)


def _channels(settings: Settings, mailbox: str) -> tuple[AlertChannel, ...]:
    named = (
        Webhook(settings) if settings.alerts.webhook_url else None,
        Mailbox(settings, mailbox) if mailbox else None,
    )
    return tuple(channel for channel in named if channel)


async def deliver(channel: AlertChannel, message: Notice) -> str | None:
    """Deliver by this channel; return None on success, else the cause as text without secrets."""
    failure = None
    try:
        await channel.tell(message)
    except _FAILS as error:
        failure = _why(error)
    if failure:
        name = channel.name
        log.error("alert not delivered", channel=name, cause=message.cause, failure=failure)
    return failure


def _why(error: BaseException) -> str:
    """Return our own error text, else the exception's classes, which hold no personal data."""
    if isinstance(error, AdapterError):
        return error.message
    if isinstance(error, NotDelivered):
        return str(error)
    first = error
    while not isinstance(first, TimeoutError) and (under := first.__cause__ or first.__context__):
        first = under
    return ": ".join(dict.fromkeys(type(each).__name__ for each in (error, first)))


async def send_test(settings: Settings) -> dict[str, str | None]:
    """Send a test by each channel; return each one's failure, None where delivered.

    The mailbox that takes only heads of the audit is tried as `AUDIT_MAILBOX`.
    """
    alert = Alert(_TEST, 1, datetime.now(UTC))
    text = translator(settings.institution.default_language).gettext(_TEST_TEXT)
    message = AlertMessage(alert, over=False, text=text)
    tried = {each.name: each for each in channels(settings)}
    auditor = settings.alerts.audit_email
    if auditor not in ("", settings.alerts.email):
        tried[AUDIT_MAILBOX] = Mailbox(settings, auditor)
    return {name: await deliver(each, message) for name, each in tried.items()}
