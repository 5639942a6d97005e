"""Temporal dies or cannot be reached: nothing is accepted that it does not hold."""

import time

import pytest

from tests.faults.runner import Run


@pytest.mark.subset
@pytest.mark.parametrize("at", ["/review"])
def test_f05_temporal_is_killed(run: Run, at: str) -> None:
    world = run.world
    run.walk(
        lambda: world.kill("temporal"),
        lambda: world.start("temporal"),
        at=at,
        during=lambda: time.sleep(3),
    )
