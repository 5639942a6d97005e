"""What ends TLS before Temporal: a proxy that wants a client's certificate, and nginx for API keys.

The first refuses in the handshake, as Temporal's own server does. nginx looks into each call.
"""

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from demo.place import HOST, any_port
from tests.nginx import serving

NAME = "temporal.uni.gr"
_DAY = timedelta(days=1)
_NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {host}:{port} ssl http2;
        ssl_certificate {pair.certificate};
        ssl_certificate_key {pair.key};
        grpc_read_timeout 120s;
        error_page 401 = @unauthenticated;
        error_page 403 = @denied;
        location / {{
            if ($http_authorization != "Bearer {key}") {{ return 401; }}
            grpc_pass grpc://{target};
        }}
        location ~ (OperatorService/|/RegisterNamespace$|/UpdateNamespace$) {{ return 403; }}
        location @unauthenticated {{
            default_type application/grpc;
            add_header grpc-status 16;
            return 204;
        }}
        location @denied {{
            default_type application/grpc;
            add_header grpc-status 7;
            return 204;
        }}
    }}
}}
"""
"""As Temporal Cloud, it lets no client administer a namespace."""


class Pair(NamedTuple):
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority, whose certificate is the file `certificate`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority")
        ends = datetime.now(UTC) + 10 * _DAY
        built = self._built(self._name, self._key.public_key(), ends)
        signed = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = folder / "ca.pem"
        self.certificate.write_bytes(
            signed.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        )

    def issue(self, name: str, *, days: float = 5) -> Pair:
        """Write a certificate for this name that ends in so many days, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
        signed = (
            self._built(_named(name), key.public_key(), datetime.now(UTC) + days * _DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        made = Pair(self._folder / f"{name}-{days}.pem", self._folder / f"{name}-{days}.key")
        made.certificate.write_bytes(signed.public_bytes(Encoding.PEM))
        made.key.touch(mode=0o600)
        made.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        return made

    def _built(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, ends: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - 10 * _DAY)
            .not_valid_after(ends)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class TlsProxy:
    """Ends TLS in a thread of its own, and passes on to `target` what is in it."""

    def __init__(self, target: str) -> None:
        self._target = target.rpartition(":")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = any_port()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self, own: Pair, clients: Path | None = None) -> None:
        """Listen with this certificate; `clients`: the authority of the clients that are let in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.certificate, own.key)
        context.set_alpn_protocols(["h2"])
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        asyncio.run_coroutine_threadsafe(self._listen(context), self._loop).result()

    def stop(self) -> None:
        """Listen no more, and end every connection."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()

    async def _listen(self, context: ssl.SSLContext) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port, ssl=context)

    async def _end(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)  # Each pump ends with its connection.

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target
        there, back = await asyncio.open_connection(host, int(port))
        self._open |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()
        self._open.discard(writer)


@contextmanager
def api_proxy(folder: Path, target: str, pair: Pair, key: str, port: int) -> Iterator[None]:
    """Run nginx, which lets calls through that have this API key, but none that administer."""
    file = folder / "nginx.conf"
    file.write_text(
        _NGINX.format(folder=folder, host=HOST, port=port, pair=pair, key=key, target=target)
    )
    with serving(file, port):
        yield
