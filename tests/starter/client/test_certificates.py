"""The settings name whose certificates count, and what ends is known before it does."""

from pathlib import Path
from typing import Any

import pytest

from adapters.certificates import Endpoint, Way
from settings import Settings
from starter.client import certificates
from starter.client.certificates import CertificateWatch, endpoints, look
from tests.certified_servers import HOST, in_days, showing, written
from tests.stack import TestStack

SYSTEM = "webhook"


def changed(settings: Settings, section: str, **values: Any) -> Settings:
    part = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: part})


def at(settings: Settings, endpoint: Endpoint) -> Settings:
    return changed(settings, "alerts", webhook_url=f"https://{endpoint}/alert")


def hosts(settings: Settings, system: str) -> list[tuple[str, Way]]:
    return [(str(at), at.way) for name, at in endpoints(settings) if name == system]


@pytest.mark.parametrize(
    ("dsn", "servers"),
    [
        ("postgresql://u:p@db.example:6543/x", ["db.example:6543"]),
        ("postgresql://u:p@a,b:6543/x?target_session_attrs=any", ["a:5432", "b:6543"]),
        ("postgresql://u@[2001:db8::1]/x", ["2001:db8::1:5432"]),
        ("postgresql://u@/x?host=a,b", ["a:5432", "b:5432"]),
        ("postgresql://u@/x?host=/run/postgresql", []),
        ("postgresql://u@%2Frun%2Fpostgresql/x", []),
        ("postgresql://u@db.example/x?sslmode=disable", []),
    ],
)
def test_each_server_of_a_database_counts(stack: TestStack, dsn: str, servers: list[str]) -> None:
    secret = type(stack.settings.ledger_dsn)(dsn)
    settings = stack.settings.model_copy(update={"ledger_dsn": secret})
    assert hosts(settings, "ledger") == [(each, Way.POSTGRESQL) for each in servers]


def test_the_way_to_tls_is_that_of_the_system(
    stack: TestStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = changed(stack.settings, "directory", urls=["ldap://a", "ldaps://b", "ldap://c:390"])
    assert hosts(settings, "directory") == [
        ("a:389", Way.LDAP),
        ("b:636", Way.TLS),
        ("c:390", Way.LDAP),
    ]
    assert hosts(changed(settings, "mail", starttls=False), "mail") == []
    settings = changed(settings, "sms", url="https://sms.example/{to}", token_url="https://t:1/x")
    assert hosts(settings, "sms") == [("sms.example:443", Way.TLS), ("t:1", Way.TLS)]
    assert hosts(settings, "portal") == []  # Plain, in the demo.
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    assert hosts(settings, "temporal") == []
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    assert hosts(settings, "temporal") == [("temporal.example:7233", Way.TLS)]


async def test_our_own_certificates_count(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = in_days(2)
    file = written(tmp_path, end)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(file))
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(file.with_name("key.pem")))
    dsns = [f"postgresql://u@/x?sslmode=disable&sslcert={name}" for name in (file, tmp_path / "no")]
    secrets = [type(stack.settings.ledger_dsn)(dsn) for dsn in dsns]
    registrar = stack.settings.registrar.model_copy(update={"dsn": secrets[1]})
    update = {"ledger_dsn": secrets[0], "registrar": registrar}
    settings = stack.settings.model_copy(update=update)
    found = await look(settings, ("temporal", "ledger", "registrar"))
    assert [(each.system, each.end, each.failure) for each in found] == [
        ("temporal", None, "ConnectionRefusedError"),
        ("temporal", end, ""),
        ("ledger", end, ""),
        ("registrar", None, "FileNotFoundError"),
    ]


async def test_what_ends_soon_is_known_and_stays_known_while_its_server_is_away(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SYSTEMS", (SYSTEM,))
    days = stack.settings.alerts.certificate_days
    async with showing(written(tmp_path, in_days(days + 0.5))) as endpoint:
        watch = CertificateWatch(at(stack.settings, endpoint))
        assert watch.by_system == {}
        await watch.look()
        assert watch.soon() == []
    ends = in_days(days - 0.5)
    async with showing(written(tmp_path, ends), endpoint.port):
        await watch.look()
    assert watch.soon() == [SYSTEM]
    await watch.look()
    assert watch.by_system[SYSTEM] == ends
    async with showing(written(tmp_path, in_days(days + 90)), endpoint.port):
        await watch.look()
    assert watch.soon() == []


async def test_of_several_servers_the_first_end_counts(stack: TestStack, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    async with (
        showing(written(first, in_days(90))) as one,
        showing(written(second, in_days(9))) as other,
    ):
        urls = [f"ldaps://{HOST}:{each.port}" for each in (one, other)]
        watch = CertificateWatch(changed(stack.settings, "directory", urls=urls))
        await watch.look()
        assert "directory" in watch.soon()
        found = await look(changed(stack.settings, "directory", urls=urls), ["directory"])
        assert [each.ends_within(10) for each in found] == [False, True]
