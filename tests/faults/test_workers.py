"""Workers die, freeze and come back; what they were doing is done once.

F01 kills at three points of every activity that is on everybody's way.
"""

import os
import signal
import time

import pytest

from domain.contracts.vocabulary import ActivityName
from tests.faults import test_byways, test_errands
from tests.faults.crash import Point
from tests.faults.runner import Run
from tests.faults.walker import until

_SAMPLE = {
    (ActivityName.RECORD_CONSENT, Point.AFTER_EFFECT),
    (ActivityName.PROVISION_ACCOUNT, Point.AFTER_EFFECT),
}
_ELSEWHERE = {
    *test_byways.ACTIVITIES,
    *test_errands.ACTIVITIES,
    ActivityName.FIND_LEFT_BEHIND,
    ActivityName.SWEEP_EXPIRED,
    ActivityName.MAIL_STUCK_REPORT,
}
_KILLS = [
    pytest.param(name, point, marks=[pytest.mark.subset] if (name, point) in _SAMPLE else [])
    for name in ActivityName
    for point in Point
    if name not in _ELSEWHERE
]


@pytest.mark.parametrize(("activity", "point"), _KILLS)
def test_f01_a_worker_is_killed_in(run: Run, activity: ActivityName, point: Point) -> None:
    worker = run.world.worker
    uninsured = activity in {ActivityName.RECORD_INSURANCE, ActivityName.RECORD_CONSENT}
    run.walk(
        lambda: worker.dies(activity, point),
        worker.start,
        at="/contact",
        during=lambda: until(lambda: not worker.is_alive),
        students=run.enrol(insured=not uninsured),
    )


@pytest.mark.subset
def test_f02_all_workers_are_killed(run: Run) -> None:
    world = run.world
    run.walk(
        lambda: world.kill("worker"),
        lambda: world.start("worker"),
        at="/pin",
        during=lambda: time.sleep(4),
    )


@pytest.mark.parametrize(
    ("activity", "seconds"),
    [
        pytest.param(ActivityName.RECORD_CONSENT, 12, marks=pytest.mark.subset),
        (ActivityName.PROVISION_ACCOUNT, 40),
        (ActivityName.SEND_PIN, 40),
    ],
)
def test_f04_a_frozen_worker_wakes_after_another_did_its_work(
    run: Run, activity: ActivityName, seconds: float
) -> None:
    zombie, other = run.world.workers

    def freeze() -> None:
        zombie.dies(activity, Point.BEFORE, "stop")
        other.start()

    def wait() -> None:
        until(lambda: _is_stopped(zombie.pid))
        time.sleep(seconds)

    def wake() -> None:
        assert zombie.pid
        os.kill(zombie.pid, signal.SIGCONT)

    run.walk(freeze, wake, at="/contact", during=wait)


def test_f03_one_of_two_workers_is_killed_every_five_seconds(run: Run) -> None:
    """A minute of it, where the reference has ten: everybody is at some step meanwhile."""
    workers = run.world.workers

    def kill_at_random() -> None:
        for _ in range(12):
            victim = run.draw.choice(workers)
            victim.kill()
            time.sleep(5)
            victim.start()

    run.walk(workers[1].start, at="/contact", during=kill_at_random)


@pytest.mark.subset
def test_f32_two_workers_race_for_the_same_queues(run: Run) -> None:
    """Both are of this version: there is no older one yet that runs could have begun with."""
    _, other = run.world.workers
    run.walk(other.start, at="/contact", during=other.kill)


def _is_stopped(pid: int | None) -> bool:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - not a file
        return stat.read().rpartition(")")[2].split()[0] == "T"
