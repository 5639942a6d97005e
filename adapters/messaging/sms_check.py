"""Checks an SMS gateway for `activation doctor`: connection, certificate and credentials."""

from adapters.errors import AdapterError
from adapters.findings import Finding, Findings
from adapters.messaging.sms import SmsGateway
from adapters.web_address import unreachable
from settings.systems import Sms

_NOT_TRIED = "not tried: without check_url only a real message shows it, by --send-test"


async def check(name: str, sms: Sms) -> Findings:
    """Check the connection to the gateway, and the secret if that sends no message."""
    gateway = SmsGateway(sms)  # Reads its secret.
    try:
        yield Finding(name, "its settings")
        away = False
        for field, url in (("url", sms.url), ("token_url", sms.token_url)):
            if url:
                mend = await unreachable(url)
                away |= bool(mend)
                yield Finding(name, f"{field} can be reached", mend)
        if not away:
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
