"""Checks the SMS gateways and the mail relay: connection, certificate and credentials."""

import asyncio
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import aiosmtplib

from adapters.errors import AdapterError
from adapters.messaging.mail import Letter, MailRelay
from adapters.messaging.sms import SmsGateway, SmsGateways
from domain.contracts.message_io import Delivery
from settings import Mail, Settings, Sms
from starter.doctor.finding import Finding, Findings

_HTTPS, _HTTP = 443, 80
_TIMEOUT = 10
_NOT_TRIED = "not tried: without check_url only a real message shows it, by --send-test"
_TEST = "Test message of the account activation. Nobody has to do anything."


def gateways(settings: Settings) -> Iterator[tuple[str, Sms]]:
    yield "sms", settings.sms
    if settings.sms_fallback:
        yield "sms_fallback", settings.sms_fallback


async def check_sms(name: str, sms: Sms) -> Findings:
    """Check the connection to the gateway, and the secret if that sends no message."""
    gateway = SmsGateway(sms)  # Reads its secret.
    try:
        yield Finding(name, "its settings")
        unreachable = False
        for field, url in (("url", sms.url), ("token_url", sms.token_url)):
            if url:
                mend = await _check_connection(url)
                unreachable |= bool(mend)
                yield Finding(name, f"{field} can be reached", mend)
        if not unreachable:
            yield await _check_secret(name, gateway)
    finally:
        await gateway.close()


async def _check_secret(name: str, gateway: SmsGateway) -> Finding:
    about = "it takes our secret"
    try:
        tried = await gateway.knows_us()
    except AdapterError as refused:
        mend = f"{refused.message}: see to {name}.token_file, {name}.username and {name}.check_url"
        return Finding(name, about, mend)
    return Finding(name, about if tried else f"{about} ({_NOT_TRIED})")


async def _check_connection(url: str) -> str:
    """Open and close a connection; returns what to do, empty when it succeeds."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(
                parts.hostname,
                parts.port or (_HTTPS if secure else _HTTP),
                ssl=ssl.create_default_context() if secure else None,
            )
            writer.close()
    except ssl.SSLCertVerificationError:
        return "its certificate is not trusted by this system"
    except (OSError, TimeoutError, ValueError) as error:
        return f"nothing answers ({type(error).__name__}): see to the address and the way there"
    return ""


async def check_mail(settings: Settings) -> Findings:
    mail = settings.mail
    password = mail.password_file.read_text("utf-8").strip() if mail.password_file else None
    client = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        start_tls=mail.starttls,
        tls_context=ssl.create_default_context(cafile=mail.ca_file),
        username=mail.username,
        password=password,
        timeout=_TIMEOUT,
    )
    try:
        yield Finding("mail", "the relay takes us", await _connect(client))
        if client.is_connected:
            yield Finding(
                "mail", f"it takes letters of {mail.sender}", await _check_sender(client, mail)
            )
    finally:
        client.close()


async def _connect(client: aiosmtplib.SMTP) -> str:
    try:
        await client.connect()
    except aiosmtplib.SMTPAuthenticationError:
        return "it refuses the login: see to mail.username and mail.password_file"
    except (aiosmtplib.SMTPException, OSError) as error:
        if isinstance(error.__cause__ or error, ssl.SSLCertVerificationError):
            return "its certificate is not trusted: see to mail.ca_file"
        return f"it does not ({type(error).__name__}): see to mail.host, mail.port, mail.starttls"
    return ""


async def _check_sender(client: aiosmtplib.SMTP, mail: Mail) -> str:
    try:
        await client.mail(mail.sender)
        await client.rset()
    except aiosmtplib.SMTPResponseException as error:
        return f"SMTP {error.code}: see to mail.sender, or let the relay take it"
    return ""


async def send_test(settings: Settings, to: str) -> Findings:
    """Send one real message to a mobile or e-mail address."""
    message_id = f"doctor-{uuid4()}"
    if "@" in to:
        relay = MailRelay(settings.mail, settings.institution)
        language = settings.institution.default_language
        letter = Letter("Test", f"{_TEST}\n", None, language)
        sent = await relay.send(to=to, content=letter, message_id=message_id)
    else:
        sms = SmsGateways(settings.sms, settings.sms_fallback)
        try:
            sent = await sms.send(to=to, content=_TEST, message_id=message_id)
        finally:
            await sms.close()
    mend = "" if sent is Delivery.SENT else "it was refused for good: is the address right?"
    yield Finding("test", "a message was taken", mend)
