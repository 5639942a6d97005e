"""Certificates of any life for tests, and a server that shows one."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.certificates import Endpoint, Way

HOST = "127.0.0.1"
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What a certificate says that has no end: RFC 5280, section 4.1.2.5."""


def in_days(days: float) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


def written(folder: Path, end: datetime, *, authority_ends: datetime | None = None) -> Path:
    """Write a certificate, signed by itself or by an authority that follows it, and `key.pem`."""
    key, of_authority = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = of_authority if authority_ends else key
    chain = [_signed("server", key, "authority" if authority_ends else "server", issuer, end)]
    if authority_ends:
        chain.append(_signed("authority", of_authority, "authority", issuer, authority_ends))
    file = folder / "server.pem"
    file.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return file


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    end: datetime,
) -> x509.Certificate:
    named, signer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)
    )
    address = x509.IPAddress(ipaddress.ip_address(HOST))
    return (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(by, hashes.SHA256())
    )


@asynccontextmanager
async def showing(certificate: Path, port: int = 0) -> AsyncIterator[Endpoint]:
    """Serve TLS with a certificate of `written`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, HOST, port, ssl=context) as server:
        yield Endpoint(HOST, server.sockets[0].getsockname()[1], Way.TLS)
