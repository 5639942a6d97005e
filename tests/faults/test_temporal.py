"""Temporal dies, forgets, or is told nonsense: nothing is accepted that it does not hold.

F06 lasts twenty seconds in place of ten minutes: the portal keeps nothing meanwhile.
"""

import asyncio
import shutil
import time

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError

import security.rotation
from demo.part import aside
from tests.faults.runner import Run


@pytest.mark.parametrize(
    "at", ["/pin", pytest.param("/review", marks=pytest.mark.subset), "/password"]
)
def test_f05_temporal_is_killed(run: Run, at: str) -> None:
    world = run.world
    run.walk(
        lambda: world.kill("temporal"),
        lambda: world.start("temporal"),
        at=at,
        during=lambda: time.sleep(3),
    )


def test_f06_temporal_is_away_when_the_term_starts(run: Run) -> None:
    world = run.world

    def nothing_is_accepted() -> None:
        time.sleep(20)
        assert not any(walker.accepted["/contact"] for walker in run.walkers)

    run.walk(
        lambda: world.stop("temporal"),
        lambda: world.start("temporal"),
        at="/contact",
        during=nothing_is_accepted,
    )


def test_f07_temporals_file_is_restored_from_before(run: Run) -> None:
    """Whoever was active before the restore is found active by the next activation of theirs."""
    world = run.world
    data = world.place.data("temporal")
    copy = data.with_name("temporal.before")

    def back_up() -> None:
        world.stop("temporal")
        shutil.copytree(data, copy)
        world.start("temporal")

    run.walk(back_up, at="/review")
    world.stop("temporal")
    shutil.rmtree(data)
    copy.rename(data)
    run.restored = True
    world.start("temporal")
    run.close()
    run.walk(at="/pin", students=run.students, ends=("/ended",))


_NONSENSE = ("nonsense", {"kind": "consent"}, b"\x00\xff", "x" * 1_000_000)


@pytest.mark.subset
def test_f36_the_doors_are_told_nonsense(run: Run) -> None:
    def tell_all() -> None:
        for reference, _, _ in run.standing():
            aside(_tell_nonsense(run, reference))

    run.walk(tell_all, at="/review")


async def _tell_nonsense(run: Run, reference: str) -> None:
    """Tell what somebody would who reached the namespace without the keys, or an old program."""
    config = run.world.settings.temporal_namespace
    stranger = await Client.connect(run.world.stack.temporal.address, namespace=config)
    ours = await run.world.client()
    for client in (stranger, ours):
        handle = client.get_workflow_handle(reference)
        for told in _NONSENSE:
            await handle.signal("give_consent", told)
            await handle.signal("no_such_door", told)
            with pytest.raises((WorkflowUpdateFailedError, RPCError)):
                async with asyncio.timeout(10):
                    await handle.execute_update("give_consent", told)
        with pytest.raises(RPCError):
            await handle.signal("give_consent", "x" * 3_000_000)


@pytest.mark.subset
def test_f39_the_key_of_the_epoch_is_missing_for_a_while(run: Run) -> None:
    """A new epoch begins; the old one's key is not there when the worker comes back: it waits."""
    world = run.world
    folder = world.place.keys
    old = folder / "epochs" / f"{world.keys.epoch}.key"
    away = old.with_suffix(".away")

    def rotate() -> None:
        security.rotation.distribute(folder)
        security.rotation.activate(folder)
        world.worker.kill()
        old.rename(away)
        world.worker.start()

    run.walk(rotate, lambda: away.rename(old), at="/review", during=lambda: time.sleep(4))
