"""The commands `backup` and `restore`: what they say, what they ask, and what they refuse."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ledger import erased_list
from ledger.erased_list import Erased, ErasedKind
from ledger.migrate import migrate
from postgres import connect
from security import rotation
from tests.commandline import run
from tests.ledger.conftest import database
from tests.ledger.life import live, person_of
from tests.stack import TestStack
from tests.starter.test_cli import assert_one_line

Run: TypeAlias = Callable[..., CompletedProcess[str]]


@pytest.fixture
async def own(stack: TestStack) -> AsyncIterator[str]:
    async with database(stack) as dsn:
        await migrate(dsn)
        yield dsn


@pytest.fixture
def activation(own: str, tmp_path: Path) -> Run:
    """Run the command line with this ledger."""
    listed = {"ACTIVATION_ERASURES_FILE": str(tmp_path / "erasures")}

    def ran(*words: str, **more: str) -> CompletedProcess[str]:
        return run(*words, environ=os.environ | {"ACTIVATION_LEDGER_DSN": own} | listed | more)

    return ran


async def test_a_backup_replaces_the_ledger_when_asked(
    stack: TestStack, own: str, activation: Run, tmp_path: Path, reference: str
) -> None:
    async with await connect(own) as ledger:
        await live(ledger, stack, reference, person_of(stack, reference))
    folder = str(tmp_path / "backup")
    done = activation("backup", folder)
    assert done.returncode == 0, done.stderr
    assert "rows of" in done.stdout
    assert "first   Temporal's databases" in done.stdout
    told = json.loads(activation("backup", f"{folder}.2", "--json").stdout)
    assert told["tables"]["activation"] == 1
    assert_one_line(activation("restore"), says="Give either")
    assert_one_line(activation("restore", folder, "--in-place"), says="Give either")
    assert_one_line(activation("restore", folder), says="of this installation: nothing was changed")
    assert_one_line(activation("restore", folder, "--replace"), says="nobody can be asked")
    async with await connect(own) as ledger:
        now = await ledger.fetchval("SELECT now()")
        erased_list.append(tmp_path / "erasures", now, [Erased(ErasedKind.ACTIVATION, reference)])
    done = activation("restore", folder, "--replace", "--yes")
    assert done.returncode == 0, done.stderr
    assert "1 entries of the list of erasures were erased again" in done.stdout
    assert "activation support audit verify" in done.stdout
    async with await connect(own) as ledger:
        assert await ledger.fetchval("SELECT person_key FROM activation") is None
    done = activation("restore", "--in-place", "--json")
    assert json.loads(done.stdout)["erased"] == 1
    missing = activation("restore", "--in-place", "--erasures", folder + ".none")
    assert_one_line(missing, says="No such file")


async def test_other_keys_are_refused_before_anything_changes(
    own: str, activation: Run, tmp_path: Path, stack: TestStack, reference: str
) -> None:
    async with await connect(own) as ledger:
        await live(ledger, stack, reference, person_of(stack, reference))
    assert activation("ledger", "migrate").returncode == 0  # Notes the keys.
    folder, keys = str(tmp_path / "backup"), tmp_path / "other"
    assert activation("backup", folder).returncode == 0
    rotation.create(keys, "2026-11")
    other = {"ACTIVATION_KEYS_DIR": str(keys)}
    assert_one_line(activation("restore", folder, **other), says="another audit.key")
    assert_one_line(activation("restore", "--in-place", **other), says="these keys are not those")
    async with await connect(own) as ledger:
        assert await ledger.fetchval("SELECT count(*) FROM restored") == 0


async def test_anothers_ledger_is_named(
    own: str, activation: Run, tmp_path: Path, stack: TestStack, reference: str
) -> None:
    folder = str(tmp_path / "backup")
    assert activation("backup", folder).returncode == 0
    async with await connect(own) as ledger:
        await live(ledger, stack, reference, person_of(stack, reference))
        await ledger.execute("INSERT INTO key_check (name, value) VALUES ('pin.key', 'another')")
    assert_one_line(activation("restore", folder), says="of another installation")


async def test_keys_of_that_ledger_that_are_not_here_are_named(
    stack: TestStack, own: str, activation: Run, tmp_path: Path, reference: str
) -> None:
    """A forgotten key is refused; that of an old month may have been destroyed on purpose."""
    async with await connect(own) as ledger:
        await live(ledger, stack, reference, person_of(stack, reference))
    keys, folder = tmp_path / "keys", str(tmp_path / "backup")
    rotation.create(keys, "2026-10")
    given = {"ACTIVATION_KEYS_DIR": str(keys)}
    assert activation("ledger", "migrate", **given).returncode == 0
    assert activation("keys", "rotate", **given).returncode == 0
    assert activation("backup", folder, **given).returncode == 0
    (keys / "epochs" / "2026-10.key").unlink()
    replaced = ("restore", folder, "--replace", "--yes")
    done = activation(*replaced, **given)
    assert done.returncode == 0, done.stderr
    assert "epochs/2026-10.key" in done.stderr
    (keys / "lasting.key").unlink()
    (keys / "column" / "username.key").unlink()
    assert_one_line(activation(*replaced, **given), says="not here: column/username.key")
