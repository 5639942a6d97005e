"""Look-ups that found nobody are deleted from a real Temporal too; everything else stays there."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.sweep import SweepActivities
from domain.contracts.sweeping import SweepExpired
from domain.contracts.vocabulary import Language, Step
from domain.references import from_digest
from ledger import activations
from postgres import Pool
from starter.client import runs
from starter.client.activations import Activations
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun
from tests.support.verbs.test_erasure import known
from tests.workflows.engine import World
from web import times

MISSES = 12


async def noted(pool: Pool, stack: TestStack, reference: str, hours: int) -> None:
    """Note the end in the ledger, as the activity does that this world has not."""
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile="+306912", email=None
    )
    await activations.close(pool, reference=reference, end=Step.NOT_FOUND)
    await pool.execute(
        "UPDATE activation SET ended_at = ended_at - $2::interval WHERE reference = $1",
        reference,
        timedelta(hours=hours),
    )


async def test_the_runs_of_misses_are_gone_within_the_day_and_others_stay(
    client: Client, world: World, pool: Pool, stack: TestStack, reference: str
) -> None:
    old = [from_digest(bytes([n, *reference[-4:].encode()])) for n in range(MISSES)]
    young = reference
    world.persons = ()
    async with working(client, world):
        for each in (*old, young):
            await Activations(client).start(begun(each))
        for each in (*old, young):
            result = await client.get_workflow_handle(each).result()
            assert result["end"] == Step.NOT_FOUND
    for each in old:
        await noted(pool, stack, each, 13)
    await noted(pool, stack, young, 1)
    swept = SweepActivities(
        pool=pool,
        keys=stack.keys,
        settings=stack.settings,
        delete_runs=partial(runs.delete_newest, client),
    )
    assert (await ActivityEnvironment().run(swept.sweep_expired, SweepExpired())).complete
    left = await activations.noted(pool, [*old, young])
    assert set(left) == {young}
    async with asyncio.timeout(20):
        for each in old:
            while await known(client, each):  # noqa: ASYNC110 - Temporal deletes by and by
                await asyncio.sleep(0.05)
    assert await known(client, young)
    # Repeated, as after a sweep that was killed between Temporal and ledger.
    assert set(await runs.delete_newest(client, old)) == set(old)


async def test_of_what_temporal_refuses_to_delete_the_ledger_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    with pytest.raises(RPCError):
        await client.get_workflow_handle(reference).describe()
    assert await runs.delete_newest(client, [reference]) == [reference]
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    monkeypatch.setattr(times, "CONSOLE_RPC", timedelta(seconds=0.2))
    assert await runs.delete_newest(nowhere, [reference]) == []
