"""Workers die in activities that few activations call, each on the way that leads there.

F01 goes on here. An activity that is on everybody's way is killed in `test_workers`.
"""

from datetime import timedelta

import asyncpg
import pytest

import postgres
from demo.part import aside
from domain.contracts.vocabulary import ActivityName, Step, WaitReason
from ledger import passwords
from security.sealing import SealedPassword
from support.verbs.staff import Action
from tests.faults.crash import Point
from tests.faults.runner import Run
from tests.faults.walker import Walker, until
from tests.faults.world import FaultyWorker, World
from worker import WorkerRole

ACTIVITIES = frozenset(
    {
        ActivityName.CLOSE_ACTIVATION,
        ActivityName.UNLOCK_PIN,
        ActivityName.COUNT_IDENTITY_TRY,
        ActivityName.ALLOW_IDENTITY_TRIES,
        ActivityName.CHECK_ACCOUNT,
    }
)
_POINTS = [
    pytest.param(point, marks=[pytest.mark.subset] if point is Point.AFTER_EFFECT else [])
    for point in Point
]


@pytest.mark.parametrize("point", _POINTS)
def test_f01_a_worker_is_killed_as_it_closes_what_staff_cancel(run: Run, point: Point) -> None:
    """Nobody holds a person or a password then, though everybody had sealed one before."""

    def cancel() -> None:
        aside(_seal_passwords(run))
        run.world.worker.dies(ActivityName.CLOSE_ACTIVATION, point)
        run.staff_say(Action.CANCEL, [walker.reference for walker in run.walkers])
        _has_died(run.world.worker)

    run.walk(cancel, run.world.worker.start, ends=("/ended",))
    assert {step for _, step, _ in run.standing()} == {Step.CANCELLED}


@pytest.mark.parametrize("point", Point)
def test_f01_a_worker_is_killed_as_it_reads_the_registrar_again(run: Run, point: Point) -> None:
    with run.settings(POLICY__REGISTRAR_FRESH_FOR="PT0S"):
        _dies_in(run, ActivityName.FIND_STUDENT, point, at="/password")


@pytest.mark.parametrize("point", _POINTS)
def test_f01_the_directorys_worker_is_killed_as_it_resolves_a_username(
    run: Run, point: Point
) -> None:
    """A worker of `--only main` has no account of the directory and leaves this to another."""
    world = run.world
    world.run_with_clocks((*WorkerRole, "portal"), {})
    of_directory = next(each for each in world.roles if each.name == WorkerRole.DIRECTORY)
    _dies_in(run, ActivityName.RESOLVE_ACCOUNT, point, at="/pin", worker=of_directory)


@pytest.mark.parametrize("point", Point)
def test_f01_a_worker_is_killed_as_it_lifts_a_lock(run: Run, point: Point) -> None:
    def lock_and_unlock() -> None:
        for walker in run.walkers:
            _types_wrong_codes(walker, 2)
        run.all_wait_for(WaitReason.PIN_LOCKED)
        run.world.worker.dies(ActivityName.UNLOCK_PIN, point)
        run.staff_say(Action.UNLOCK, [walker.reference for walker in run.walkers])
        _has_died(run.world.worker)

    worker = run.world.worker
    worker.stop()
    worker.more = {"ACTIVATION_POLICY__PIN_TRIES": "2"}
    try:
        worker.start()
        with run.settings(POLICY__RESEND_AFTER="PT1S"):
            run.walk(lock_and_unlock, worker.start, at="/pin")
    finally:
        worker.more = {}
        worker.stop()  # Starts again without them.


@pytest.mark.parametrize("point", Point)
@pytest.mark.parametrize(
    "activity", [ActivityName.COUNT_IDENTITY_TRY, ActivityName.ALLOW_IDENTITY_TRIES]
)
def test_f01_a_worker_is_killed_as_it_counts_a_right_answer(
    run: Run, activity: ActivityName, point: Point
) -> None:
    """The try is counted once and given back once."""
    with run.settings(IDENTITY__ALWAYS_ASK="true"):
        _dies_in(run, activity, point, at="/identify")
    assert aside(_tries_counted(run.world)) == 0


@pytest.mark.parametrize("point", Point)
def test_f01_a_worker_is_killed_as_it_looks_whether_an_account_is_still_there(
    run: Run, point: Point
) -> None:
    run.walk()
    _dies_in(run, ActivityName.CHECK_ACCOUNT, point, at="/pin", again=True)
    ends = sorted(step for _, step, _ in run.standing())
    assert ends == sorted([Step.ACTIVE, Step.ALREADY_ACTIVE] * len(run.students))


def _dies_in(
    run: Run,
    activity: ActivityName,
    point: Point,
    *,
    at: str,
    worker: FaultyWorker | None = None,
    again: bool = False,
) -> None:
    dying = worker or run.world.worker
    run.walk(
        lambda: dying.dies(activity, point),
        dying.start,
        at=at,
        during=lambda: _has_died(dying),
        students=run.students if again else None,
        ends=("/ended",) if again else ("/done",),
    )


def _has_died(worker: FaultyWorker) -> None:
    until(lambda: not worker.is_alive)


async def _seal_passwords(run: Run) -> None:
    """Seal a password for everybody as a portal does before it submits one."""
    box = SealedPassword("2026-11", b"box")
    async with await postgres.connect(run.world.ledger_dsn) as ledger:
        for walker in run.walkers:
            await passwords.put(
                ledger,
                reference=walker.reference,
                sealed_id="1",
                sealed=box,
                ttl=timedelta(hours=1),
            )
        assert await ledger.fetchval("SELECT count(*) FROM sealed_password") >= len(run.walkers)


async def _tries_counted(world: World) -> int:
    ledger = await asyncpg.connect(world.ledger_dsn)
    try:
        found: int = await ledger.fetchval(
            "SELECT count(*) FROM budget WHERE bucket LIKE 'identity:%'"
        )
    finally:
        await ledger.close()
    return found


def _types_wrong_codes(walker: Walker, number: int) -> None:
    """Type wrong codes until there is a lock; the right one is dead then too."""
    pin = until(walker.newest_pin)
    for _ in range(number):
        walker._browser.submit(pin=f"{(int(pin) + 1) % 10**6:06d}")
    walker._refused_pin = pin
