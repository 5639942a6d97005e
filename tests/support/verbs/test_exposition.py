"""The metrics of the engine are served, and say so, while the ledger or Temporal is away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

import postgres
from postgres import Pool
from starter.client.certificates import CertificateWatch
from starter.client.metrics import measured_runtime
from support.verbs.metrics import exposition
from tests.certified_servers import HOST, NEVER, showing, written
from tests.metrics import value
from tests.server import client
from tests.stack import TestStack

__all__ = ["client"]


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        yield pool


async def scraped(client: Client, pool: Pool, stack: TestStack) -> str:
    told = await exposition(client, pool, stack.settings, CertificateWatch(stack.settings))
    return told.decode()


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_ledger_that_is_away_takes_nothing_of_temporal_with_it(
    client: Client, stack: TestStack, hangs: bool
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if hangs:
            await reader.read()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        dsn = f"postgresql://u@{HOST}:{server.sockets[0].getsockname()[1]}/x"
        pool = await postgres.connect(dsn, seconds=1)
        text = await scraped(client, pool, stack)
        pool.terminate()
    assert value(text, "activation_answers", system="ledger") == 0
    assert value(text, "activation_answers", system="temporal") == 1
    assert value(text, "activation_failing") is not None
    assert value(text, "activation_codes_sent") is None
    assert value(text, "activation_ledger_refuses") is None


async def test_a_temporal_that_is_away_takes_nothing_of_the_ledger_with_it(
    pool: Pool, stack: TestStack
) -> None:
    runtime, _ = measured_runtime()
    away = await Client.connect(f"{HOST}:9", lazy=True, runtime=runtime)
    text = await scraped(away, pool, stack)
    assert value(text, "activation_answers", system="temporal") == 0
    assert value(text, "activation_answers", system="ledger") == 1
    assert value(text, "activation_attack_mode") is not None
    assert value(text, "activation_open") is None


async def test_a_certificate_that_never_ends_is_a_metric_too(
    client: Client, pool: Pool, stack: TestStack, tmp_path: Path
) -> None:
    async with showing(written(tmp_path, NEVER)) as shown:
        directory = stack.settings.directory.model_copy(update={"urls": [f"ldaps://{shown}"]})
        watch = CertificateWatch(stack.settings.model_copy(update={"directory": directory}))
        await watch.look()
    text = (await exposition(client, pool, stack.settings, watch)).decode()
    name = "activation_certificate_expires_timestamp_seconds"
    assert value(text, name, system="directory") == NEVER.timestamp()
    assert "directory" not in watch.soon()
