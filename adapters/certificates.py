"""Reads when the certificate of a server ends: TLS at once, or after LDAP, SMTP or PostgreSQL ask.

It reads the certificate also where it is not trusted: what is said to a server is said elsewhere,
by clients that verify it. Of a chain it is the server's own, the first that people forget.
"""

import asyncio
import ssl
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

_WITHIN = 10.0
_START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
"""LDAP's extended request number 1 of RFC 4511, section 4.14."""
_SUCCESS = bytes.fromhex("0a0100")
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_LONG_FORM = 0x80


class NoCertificate(Exception):
    """The server speaks no TLS here."""


class Way(StrEnum):
    """How TLS begins."""

    TLS = "tls"
    LDAP = "ldap"
    SMTP = "smtp"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class Endpoint:
    host: str
    port: int
    way: Way = Way.TLS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def end_of(endpoint: Endpoint) -> datetime:
    """Return when the server's certificate ends.

    Raises `NoCertificate`, `OSError` (`ssl.SSLError`, `TimeoutError`) or `ValueError`.
    """
    async with asyncio.timeout(_WITHIN):
        at_once = _reading() if endpoint.way is Way.TLS else None
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=at_once)
        try:
            if begin := _BEGIN.get(endpoint.way):
                await begin(reader, writer)
                await writer.start_tls(_reading(), server_hostname=endpoint.host)
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        except (EOFError, asyncio.LimitOverrunError):
            raise NoCertificate from None
        finally:
            writer.close()
    return x509.load_der_x509_certificate(shown).not_valid_after_utc


def first_end(pem: bytes) -> datetime:
    """Return when the first certificate of a file ends; raises `ValueError` without one."""
    return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(pem))


def _reading() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # noqa: TID251 - nothing is said to this server
    return context


async def _ldap(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(_START_TLS)
    _, size = await reader.readexactly(2)
    if size & _LONG_FORM:
        size = int.from_bytes(await reader.readexactly(size - _LONG_FORM))
    if _SUCCESS not in await reader.readexactly(size):
        raise NoCertificate


async def _smtp(reader: StreamReader, writer: StreamWriter) -> None:
    await _answered(reader)
    for command in (b"EHLO localhost\r\n", b"STARTTLS\r\n"):
        writer.write(command)
        await _answered(reader)


async def _answered(reader: StreamReader) -> None:
    """Read the lines of one answer, which must be positive."""
    while True:
        line = await reader.readline()
        if not line.startswith(b"2"):
            raise NoCertificate
        if line[3:4] != b"-":
            return


async def _postgresql(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(_SSL_REQUEST)
    if await reader.readexactly(1) != b"S":
        raise NoCertificate


_BEGIN: Mapping[Way, Callable[[StreamReader, StreamWriter], Awaitable[None]]] = {
    Way.LDAP: _ldap,
    Way.SMTP: _smtp,
    Way.POSTGRESQL: _postgresql,
}
