"""Checks the mail relay for `activation doctor`: connection, certificate, login and sender."""

import ssl

import aiosmtplib

from adapters.findings import Finding, Findings
from adapters.messaging.mail import client_of, trust
from settings.systems import Mail

_TIMEOUT = 10


async def check(mail: Mail) -> Findings:
    """Check that the relay takes us, and letters of our sender, without sending one."""
    client = client_of(mail, trust(mail), _TIMEOUT)
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
