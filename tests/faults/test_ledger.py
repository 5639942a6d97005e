"""The ledger dies, loses answers or hangs: nothing is accepted that it does not hold."""

import time

import pytest

from tests.faults.runner import Run


@pytest.mark.subset
def test_f21_the_ledger_is_away_at_the_consent(run: Run) -> None:
    world = run.world
    run.walk(
        lambda: world.stop("postgres"),
        lambda: world.start("postgres"),
        at="/review",
        during=lambda: time.sleep(4),
    )
