"""When a certificate ends is read from real servers of each kind, whoever signed it."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters import certificates
from adapters.certificates import Endpoint, NoCertificate, Way, end_of, first_end
from tests.certified_servers import HOST, NEVER, in_days, showing, written
from tests.stack import TestStack


@pytest.mark.parametrize("end", [in_days(1), in_days(-1), NEVER], ids=["soon", "over", "never"])
@pytest.mark.parametrize("authority_ends", [None, in_days(400)], ids=["by itself", "chain"])
async def test_a_server_shows_when_its_certificate_ends(
    tmp_path: Path, end: datetime, authority_ends: datetime | None
) -> None:
    file = written(tmp_path, end, authority_ends=authority_ends)
    async with showing(file) as endpoint:
        assert await end_of(endpoint) == end
    assert first_end(file.read_bytes()) == min(filter(None, (end, authority_ends)))


def test_a_file_without_a_certificate_is_told() -> None:
    with pytest.raises(ValueError, match="PEM"):
        first_end(b"no certificate")


async def test_the_directory_and_the_relay_show_theirs(stack: TestStack) -> None:
    end = first_end((stack.folder / "tls" / "server.pem").read_bytes())
    for url in stack.settings.directory.urls:
        parts = urlsplit(url)
        way = Way.TLS if parts.scheme == "ldaps" else Way.LDAP
        assert parts.hostname
        assert parts.port
        assert await end_of(Endpoint(parts.hostname, parts.port, way)) == end
    mail = stack.settings.mail
    assert await end_of(Endpoint(mail.host, mail.port, Way.SMTP)) == end


async def test_postgresql_shows_its_own_once_it_has_one(stack: TestStack, tmp_path: Path) -> None:
    data, end = stack.folder / "data" / "postgres", in_days(3)
    whole = written(tmp_path, end)
    for name, source in (("server.crt", whole), ("server.key", whole.with_name("key.pem"))):
        (data / name).write_bytes(source.read_bytes())
        (data / name).chmod(0o600)
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
    parts = urlsplit(stack.ledger_dsn)
    endpoint = Endpoint(HOST, parts.port or 0, Way.POSTGRESQL)
    with pytest.raises(NoCertificate):
        await end_of(endpoint)
    owner = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "ledger"))
    try:
        await owner.execute("ALTER SYSTEM SET ssl = on")
        await owner.execute("SELECT pg_reload_conf()")
        for _ in range(100):
            if await owner.fetchval("SHOW ssl") == "on":
                break
            await asyncio.sleep(0.1)
        assert await end_of(endpoint) == end
    finally:
        await owner.execute("ALTER SYSTEM RESET ssl")
        await owner.execute("SELECT pg_reload_conf()")
        await owner.close()


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("said", [b"", b"500 no\r\n", b"N", bytes.fromhex("3003020101")])
async def test_what_shows_none_is_told(way: Way, said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        endpoint = Endpoint(HOST, server.sockets[0].getsockname()[1], way)
        with pytest.raises((NoCertificate, OSError)):
            await end_of(endpoint)


@pytest.mark.parametrize("way", Way)
async def test_a_server_that_says_nothing_is_not_waited_for(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_WITHIN", 0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        endpoint = Endpoint(HOST, server.sockets[0].getsockname()[1], way)
        with pytest.raises(TimeoutError):
            await end_of(endpoint)
