"""The disk of the ledger is full: nothing accepted is lost, and all goes on once there is room.

PostgreSQL's data are on a small file system of their own, so this needs root, who may mount one.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from demo.part import aside, run
from demo.programs import Alerts
from domain.contracts.vocabulary import FailureType
from tests.drills.drill import Drill, until
from tests.faults.world import World

_SIZE = "size=256m"
_BLOCK = 4096
_OPERATORS = "operators@mail.example"


class PromptAlerts(Alerts):
    """The process of the alerts, which writes to operators at once."""

    def environment(self) -> Mapping[str, str]:
        told = {"ACTIVATION_ALERTS__EMAIL": _OPERATORS, "ACTIVATION_ALERTS__AFTER_SECONDS": "0"}
        return {**super().environment(), **told}


def told(world: World, cause: str) -> int:
    """Return how many letters operators have got about this cause."""
    return sum(cause in message["text"] for message in world.messages(_OPERATORS))


@contextmanager
def alerted(world: World) -> Iterator[None]:
    """Let the process of the alerts run while the block lasts."""
    alerts = PromptAlerts(world.place)
    alerts.start()
    try:
        yield
    finally:
        alerts.stop()


@contextmanager
def small_disk(world: World) -> Iterator[Path]:
    """Move PostgreSQL's data to a small file system while the block lasts."""
    data = world.stack.postgres.folder
    disk = data.with_name("postgres.disk")
    world.stop("postgres")
    data.rename(disk)
    data.mkdir()
    owner = disk.stat()
    run(("mount", "-t", "tmpfs", "-o", _SIZE, "tmpfs", str(data)), what="mount")
    run(("cp", "-a", f"{disk}/.", str(data)), what="cp")
    os.chown(data, owner.st_uid, owner.st_gid)
    data.chmod(0o700)
    world.start("postgres")
    try:
        yield data
    finally:
        world.stop("postgres")
        shutil.rmtree(disk)
        run(("cp", "-a", str(data), str(disk)), what="cp")
        run(("umount", str(data)), what="umount")
        data.rmdir()
        disk.rename(data)
        world.start("postgres")


@contextmanager
def full(world: World, disk: Path) -> Iterator[None]:
    """Leave no room on the disk while the block lasts, but for the log that is begun."""
    aside(_begin_log(world))
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(_BLOCK))
    with pytest.raises(asyncpg.DiskFullError):
        aside(world.ledger("CREATE TABLE more AS SELECT n FROM generate_series(1, 10000) n"))
    try:
        yield
    finally:
        ballast.unlink()


async def _begin_log(world: World) -> None:
    """Begin a file of the write-ahead log: without room for one, PostgreSQL stops by itself."""
    server = await asyncpg.connect(world.stack.postgres.dsn("postgres", "postgres"))
    try:
        await server.execute("SELECT pg_switch_wal()")
        await server.execute("CHECKPOINT")
    finally:
        await server.close()


def test_the_disk_of_the_ledger_is_full(drill: Drill) -> None:
    world = drill.world
    with small_disk(world) as disk, alerted(world):
        drill.stand()
        going = [*drill.walkers.values(), *(drill.walker() for _ in range(10))]
        with ThreadPoolExecutor(1) as thread:
            with full(world, disk):
                ended = thread.submit(drill.end, going)
                until(lambda: told(world, FailureType.LEDGER_DOWN) >= 1)
            # There is room again, and nobody does anything.
            assert set(ended.result().values()) == {"/done"}
        until(lambda: told(world, FailureType.LEDGER_DOWN) > 1)
        drill.check_accounts()
        drill.check_messages()
        drill.check_agreed(walker.student for walker in going)
