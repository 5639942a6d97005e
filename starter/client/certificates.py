"""Which certificates the engine depends on, and when each ends, for metrics, alerts and doctor.

They are those of the servers that the settings name, and our own where we show one. Of several
servers of a system the first end counts.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.certificates import Endpoint, NoCertificate, Way, end_of, first_end
from adapters.registrar import wiring
from settings import Settings, UnreadableSettings
from starter.client.environment import server

_WAYS = {
    "https": (443, Way.TLS),
    "ldaps": (636, Way.TLS),
    "ldap": (389, Way.LDAP),
    "postgresql": (5432, Way.POSTGRESQL),
    "smtp": (25, Way.SMTP),
    "temporal": (7233, Way.TLS),
}
"""The port and the way by the scheme of an address."""
_NO_TLS = ["disable"]
SYSTEMS = (
    *("ledger", "registrar", "directory", "temporal", "mail", "sms", "sms_fallback"),
    *("portal", "console", "sign_in", "webhook", "monitor"),
)
_FAILS = (OSError, TimeoutError, ValueError)


@dataclass(frozen=True)
class SeenCertificate:
    """When the certificate of a server, or our own in a file, ends; `failure` where unknown."""

    system: str
    where: str
    end: datetime | None = None
    failure: str = ""

    def ends_within(self, days: int) -> bool:
        return self.end is not None and self.end < datetime.now(UTC) + timedelta(days=days)


async def look(settings: Settings, systems: Collection[str] = SYSTEMS) -> list[SeenCertificate]:
    """Look at the certificates of these systems at once; servers without TLS are left out."""
    asked = [_of_server(*each) for each in endpoints(settings) if each[0] in systems]
    found = [each for each in await asyncio.gather(*asked) if each]
    return found + [_of_ours(*each) for each in _own(settings) if each[0] in systems]


async def _of_server(system: str, endpoint: Endpoint) -> SeenCertificate | None:
    try:
        return SeenCertificate(system, str(endpoint), await end_of(endpoint))
    except NoCertificate:
        return None
    except _FAILS as error:
        return SeenCertificate(system, str(endpoint), failure=type(error).__name__)


def _of_ours(system: str, certificate: bytes | Path) -> SeenCertificate:
    try:
        pem = certificate.read_bytes() if isinstance(certificate, Path) else certificate
        return SeenCertificate(system, "our own certificate", first_end(pem))
    except _FAILS as error:
        return SeenCertificate(system, "our own certificate", failure=type(error).__name__)


def endpoints(settings: Settings) -> Iterator[tuple[str, Endpoint]]:
    """Yield each server that shows a certificate, with the name of its system."""
    for system, url in _addresses(settings):
        # What is wrong with an address is told by the check of its system.
        with suppress(ValueError):
            parts = urlsplit(url)
            if parts.hostname and parts.scheme in _WAYS:
                port, way = _WAYS[parts.scheme]
                yield system, Endpoint(parts.hostname, parts.port or port, way)


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    for system, dsn in _dsns(settings).items():
        yield from ((system, url) for url in _databases(dsn))
    yield from (("directory", url) for url in settings.directory.urls)
    if settings.mail.starttls:
        yield "mail", f"smtp://{settings.mail.host}:{settings.mail.port}"
    yield from (("temporal", url) for url in _temporal(settings))
    yield from _web_addresses(settings)


def _web_addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    for system, gateway in (("sms", settings.sms), ("sms_fallback", settings.sms_fallback)):
        if gateway:
            yield system, gateway.url
            yield system, gateway.token_url
    yield "portal", settings.portal.public_url
    yield "console", settings.console.public_url
    if settings.console.oidc:
        yield "sign_in", settings.console.oidc.issuer
    yield "webhook", settings.alerts.webhook_url
    yield "monitor", settings.alerts.heartbeat_url


def _dsns(settings: Settings) -> Mapping[str, str]:
    return {
        "ledger": settings.ledger_dsn.get_secret_value(),
        "registrar": wiring.address(settings.registrar),
    }


def _databases(dsn: str) -> Iterator[str]:
    """Yield the servers of an address that may name several; sockets have no certificate."""
    parts = urlsplit(dsn)
    given = parse_qs(parts.query)
    if given.get("sslmode") != _NO_TLS:
        hosts = parts.netloc.rpartition("@")[2] or ",".join(given.get("host", []))
        named = (each for each in hosts.split(",") if not unquote(each).startswith("/"))
        yield from (f"postgresql://{each}" for each in named)


def _temporal(settings: Settings) -> Iterator[str]:
    with suppress(UnreadableSettings):
        config = server(settings)
        if config.get("tls") or config.get("api_key"):
            yield f"temporal://{config['target_host']}"


def _own(settings: Settings) -> Iterator[tuple[str, bytes | Path]]:
    """Yield the certificates by which others know us."""
    with suppress(UnreadableSettings):
        tls = server(settings).get("tls")
        if tls and not isinstance(tls, bool) and tls.client_cert:
            yield "temporal", tls.client_cert
    for system, dsn in _dsns(settings).items():
        for name in parse_qs(urlsplit(dsn).query).get("sslcert", []):
            yield system, Path(name)


class CertificateWatch:
    """The last known end of each system's certificates, looked at once an hour."""

    _EVERY = timedelta(hours=1)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[str, str], datetime] = {}

    async def watch(self) -> None:
        """Look for ever; a server that does not answer keeps what is known of it."""
        while True:
            await self.look()
            await asyncio.sleep(self._EVERY.total_seconds())

    async def look(self) -> None:
        for each in await look(self._settings):
            if each.end:
                self._known[each.system, each.where] = each.end

    @property
    def by_system(self) -> Mapping[str, datetime]:
        ends: dict[str, datetime] = {}
        for (system, _), end in self._known.items():
            ends[system] = min(end, ends.get(system, end))
        return ends

    def soon(self) -> list[str]:
        """Return the systems whose certificate ends within `alerts.certificate_days`."""
        until = datetime.now(UTC) + timedelta(days=self._settings.alerts.certificate_days)
        return sorted(system for system, end in self.by_system.items() if end < until)
