"""Runs a mail server that delivers into the inbox: `python -m demo.smtp_server PORT INBOX TLS`.

It requires TLS; TLS is the folder of its certificate. Each recipient gets a separate message; its
text is the plain part, as a mail program shows it.
"""

import asyncio
import signal
import ssl
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.messages import put
from demo.place import HOST
from demo.smtp import NO_MAILBOX


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    return str(part.get_content()) if part else ""


class Deliver:
    """Handler of aiosmtpd that stores a message before it answers "accepted"."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Refuse permanently the sample address of a mailbox that no longer exists."""
        if address.lower().endswith(NO_MAILBOX):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101 - policy.default makes these
        for recipient in envelope.rcpt_tos:
            put(
                self._inbox,
                channel="email",
                key=uuid4().hex,
                to=recipient.lower(),
                subject=str(mail["subject"] or ""),
                text=_text(mail),
            )
        return "250 2.0.0 delivered"


async def serve(port: int, inbox: Path, tls: Path) -> None:
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)  # noqa: TID251 - a server
    certificate.load_cert_chain(tls / "server.pem", tls / "server.key")
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    make = partial(
        SMTP,
        Deliver(inbox),
        hostname="localhost",
        enable_SMTPUTF8=True,
        tls_context=certificate,
        require_starttls=True,
    )
    server = await loop.create_server(make, HOST, port)
    await ended.wait()
    # Without waiting for clients that stay connected, as `async with` does from Python 3.12 on.
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
