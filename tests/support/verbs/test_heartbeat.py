"""A monitor outside hears each minute that alerts are looked after, and else nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from ledger import alerts as kept
from postgres import Pool, connect
from settings import Settings
from support.verbs import heartbeat
from support.verbs.alerts import Watcher
from tests.server import client
from tests.stack import TestStack
from tests.support.verbs.test_alerts import pool, role

__all__ = ["client", "pool", "role"]

NOWHERE = "http://127.0.0.1:1/s3cret"


class Monitor:
    def __init__(self) -> None:
        self.url = ""
        self.times = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"POST /s3cret ")
        self.times += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    monitor = Monitor()
    async with await asyncio.start_server(monitor.answer, "127.0.0.1", 0) as server:
        monitor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/s3cret"
        yield monitor


def settings(stack: TestStack, **alerts: str | int) -> Settings:
    told = stack.settings.alerts.model_copy(update={"after_seconds": 0} | alerts)
    return stack.settings.model_copy(update={"alerts": told})


async def test_it_is_heard_once_a_minute_and_again_after_it(
    client: Client, role: Pool, stack: TestStack, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(client, role, settings(stack, heartbeat_url=monitor.url))
    await watcher.poll()
    await watcher.poll()
    assert monitor.times == 1
    beating = heartbeat.Heartbeat(settings(stack, heartbeat_url=monitor.url).alerts)
    monkeypatch.setattr(heartbeat, "_EVERY", timedelta())
    await beating.beat()
    await beating.beat()
    assert monitor.times == 3


async def test_nothing_is_heard_of_one_that_does_not_lead(
    client: Client, role: Pool, stack: TestStack, monitor: Monitor
) -> None:
    async with kept.leading(role):
        await Watcher(client, role, settings(stack, heartbeat_url=monitor.url)).poll()
    assert monitor.times == 0


@pytest.mark.parametrize("ledger", ["there", "away"])
async def test_nothing_is_heard_while_no_channel_takes_an_alert(
    client: Client, pool: Pool, stack: TestStack, monitor: Monitor, ledger: str
) -> None:
    config = settings(stack, heartbeat_url=monitor.url, webhook_url=NOWHERE)
    async with await connect(stack.ledger_dsn) as other:
        if ledger == "away":
            await other.close()
        else:
            async with pool.acquire() as connection:
                await kept.failed(connection, "webhook", "HTTP 500")
        await Watcher(client, other, config).poll()
    assert monitor.times == 0


async def test_it_is_heard_with_the_ledger_away(
    client: Client, stack: TestStack, monitor: Monitor
) -> None:
    config = settings(stack, heartbeat_url=monitor.url)
    async with await connect(stack.ledger_dsn) as other:
        await other.close()
        await Watcher(client, other, config).poll()
    assert monitor.times == 1


async def test_a_monitor_that_is_away_is_logged_without_its_address(
    client: Client, role: Pool, stack: TestStack
) -> None:
    with capture_logs() as logs:
        await Watcher(client, role, settings(stack, heartbeat_url=NOWHERE)).poll()
    (line,) = [each for each in logs if each["event"] == "heartbeat not taken"]
    assert line["failure"] == "ConnectError"
    assert "s3cret" not in str(line)
