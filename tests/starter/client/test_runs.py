"""Look-ups that found nobody are deleted from a real Temporal too; everything else stays there."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from domain.contracts.sweeping import SweepExpired
from domain.contracts.vocabulary import Language, ScheduleId, Step
from domain.references import from_digest
from ledger import activations, claims, unclosed
from postgres import Pool
from starter.client import runs
from starter.client.activations import Activations
from tests.server import at_leisure, sweeps, working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, waits_for_its_pin
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
    swept = sweeps(stack, pool, client)
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


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one sweep ask about every live activation, those that other tests left included.

    The Temporal of the tests is ours, although it is no day old.
    """
    monkeypatch.setattr(unclosed, "_AT_ONCE", 100_000)
    monkeypatch.setattr(runs, "_OURS_AFTER", timedelta())


@pytest.mark.usefixtures("all_at_once")
async def test_what_was_terminated_or_never_started_ends_and_what_runs_goes_on(
    client: Client, world: World, pool: Pool, stack: TestStack, reference: str
) -> None:
    running, stopped, done, never, young = (
        from_digest(bytes([n, *reference[-4:].encode()])) for n in range(5)
    )
    every = [running, stopped, done, never, young]
    for each in every:
        await activations.begin(
            pool, stack.keys, reference=each, language=Language.EL, mobile="+306912", email=None
        )
        await claims.claim(pool, reference=each, keys=[f"key of {each}"])
    await pool.execute(
        "UPDATE activation SET started_at = now() - interval '25 hours' WHERE reference = ANY($1)",
        [running, stopped, done, never],
    )
    async with working(client, world):
        for each in (running, stopped):
            await waits_for_its_pin(Activations(client), each)
        await client.get_workflow_handle(stopped).terminate()
        world.persons = ()
        await Activations(client).start(begun(done))
        await client.get_workflow_handle(done).result()
    swept = sweeps(stack, pool, client)
    await ActivityEnvironment().run(swept.sweep_expired, SweepExpired())
    ended = {each: row.end for each, row in (await activations.noted(pool, every)).items()}
    assert ended == {
        running: None,
        stopped: Step.CANCELLED,
        done: Step.NOT_FOUND,
        never: Step.CANCELLED,
        young: None,
    }
    held = await pool.fetch("SELECT reference FROM claim WHERE reference = ANY($1)", every)
    assert {row["reference"] for row in held} == {running, young}
    assert await client.get_workflow_handle(running).describe()


async def test_while_temporal_is_away_nothing_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "CONSOLE_RPC", timedelta(seconds=0.2))
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    assert await runs.ends(nowhere, ["A-7K3F-92QD"]) is None


async def test_in_another_or_an_emptied_temporal_nothing_is_over(
    client: Client, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also once workers have come there and created the schedules."""
    sweep = client.get_schedule_handle(ScheduleId.SWEEP)
    await sweep.delete()
    assert await runs.ends(client, [reference]) is None
    await at_leisure(client)
    assert await runs.ends(client, [reference]) is None
    monkeypatch.setattr(runs, "_OURS_AFTER", timedelta())
    assert await runs.ends(client, [reference]) == {reference: Step.CANCELLED}
