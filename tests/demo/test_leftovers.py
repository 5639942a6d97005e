"""A start ends what a killed demo left in its folder, and nothing else."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo import leftovers
from demo.leftovers import end_leftovers


@contextmanager
def _running(where: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(("/bin/sleep", "60"), cwd=where) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_ends_a_part_of_this_folder_and_spares_whoever_has_its_number_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "LEFTOVERS_WITHIN", 0)
    pids = tmp_path / "demo" / "pids"
    pids.mkdir(parents=True)
    with _running(pids.parent) as part, _running(tmp_path) as stranger:
        for name, number in {"sms": part.pid, "smtp": stranger.pid, "slapd": ""}.items():
            pids.joinpath(f"{name}.pid").write_text(f"{number}\n")
        end_leftovers(pids.parent)
        assert part.wait(10) == -9
        assert stranger.poll() is None
    assert list(pids.iterdir()) == []
