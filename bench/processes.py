"""Measures the CPU time and the memory of processes, by Linux's /proc."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name: the parent, and the times of itself and ended children.
_PARENT, _TIMES = 1, slice(11, 15)


class CpuMeter:
    """CPU seconds of the named programs with all their children, and of this process, as `client`.

    Of this process the children are not counted: a demo that it started is one of them.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._before: Mapping[str, float] = {}

    def start(self) -> None:
        self._before = self._now()

    def used(self) -> dict[str, float]:
        return {name: now - self._before[name] for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        children: dict[int, list[int]] = {}
        stats = dict(_stats())
        for pid, fields in stats.items():
            children.setdefault(int(fields[_PARENT]), []).append(pid)
        used = {
            name: sum(_seconds(stats[each]) for each in _family(pid, children) if each in stats)
            for name, pid in self._pids.items()
        }
        return {**used, "client": time.process_time()}


def pid_of(folder: Path, part: str) -> int:
    """Return the process id of a part of the demo in this folder."""
    return int((folder / "pids" / f"{part}.pid").read_text("ascii"))


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process with all its children."""
    children: dict[int, list[int]] = {}
    for each, fields in _stats():
        children.setdefault(int(fields[_PARENT]), []).append(each)
    statm = (Path(f"/proc/{each}/statm") for each in _family(pid, children))
    return sum(int(file.read_text().split()[1]) for file in statm) * _PAGE_BYTES / 2**20


def _stats() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "stat").read_text()
            except OSError:  # It ended meanwhile.
                continue
            yield int(entry.name), line.rpartition(")")[2].split()


def _family(pid: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _family(child, children)


def _seconds(fields: list[str]) -> float:
    return sum(map(int, fields[_TIMES])) / _TICKS
