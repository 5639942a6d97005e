"""Which servers of web addresses are trusted, and for `activation doctor` which can be reached."""

import asyncio
import ssl
from urllib.parse import urlsplit

from domain.addresses import PORTS

_TIMEOUT = 10


def trusted() -> ssl.SSLContext:
    """Return what trusts this system's authorities; by default httpx has a list of its own."""
    return ssl.create_default_context()


async def unreachable(url: str) -> str:
    """Open and close a connection, sending nothing; returns what to do, empty if it succeeds."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or parts.scheme not in PORTS:
        return "it is no address: write it as https://server/path"
    try:
        async with asyncio.timeout(_TIMEOUT):
            # The same certificates are trusted as when something is sent.
            tls = trusted() if parts.scheme == "https" else None
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
            writer.close()
    except ssl.SSLCertVerificationError:
        return "its certificate is not trusted by this system"
    except (OSError, TimeoutError, ValueError) as error:
        return f"nothing answers ({type(error).__name__}): see to the address and the way there"
    return ""
