"""The directory dies, hangs, loses answers or refuses: accounts are made once all the same."""

import time

import pytest

from tests.faults.runner import Run


@pytest.mark.subset
def test_f10_the_directory_is_away(run: Run) -> None:
    """Also the must-show: whoever has agreed is told the truth, and types nothing twice."""
    world = run.world
    run.walk(
        lambda: world.stop("slapd"),
        lambda: world.start("slapd"),
        during=lambda: time.sleep(4),
    )
