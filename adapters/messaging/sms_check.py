"""Checks an SMS gateway for `activation doctor`: connection, certificate and credentials."""

import asyncio
import ssl
from urllib.parse import urlsplit

from adapters.errors import AdapterError
from adapters.findings import Finding, Findings
from adapters.messaging.sms import SmsGateway
from settings.systems import Sms

_HTTPS, _HTTP = 443, 80
_TIMEOUT = 10
_NOT_TRIED = "not tried: without check_url only a real message shows it, by --send-test"


async def check(name: str, sms: Sms) -> Findings:
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
