"""Each process of the engine that holds secrets keeps its memory out of core dumps."""

from pathlib import Path

import pytest

from tests.stack import WholeStack


@pytest.mark.parametrize("part", ["worker", "portal", "support", "alerts"])
def test_a_running_process_dumps_nothing(whole_stack: WholeStack, part: str) -> None:
    process = Path("/proc", str(whole_stack.pids[part]))
    limits = process.joinpath("limits").read_text("ascii").splitlines()
    (core,) = (line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    assert int(process.joinpath("coredump_filter").read_text("ascii"), 16) == 0
