"""What is wrong with a database is told in one line that names the right one, and no secret."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import settings
from adapters.errors import Unavailable
from domain.contracts.vocabulary import FailureType
from ledger import migrate
from starter import cli, databases
from tests.stack import TestStack

Command = Callable[..., str]


@pytest.fixture
def command(
    stack: TestStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Run a command in this process, by settings of its own; give the line that it ends with."""
    assert stack.settings

    def run(*words: str, **environ: str) -> str:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        settings.load.cache_clear()
        monkeypatch.setattr(sys, "argv", ["activation", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert (ended.value.code, out, err.count("\n")) == (1, "", 1), err
        assert "hidden-word" not in err
        return err

    yield run
    settings.load.cache_clear()


WRONG = (
    ("postgresql://nobody:hidden-word@{host}/{database}", "the {part} refuses (InvalidPassword"),
    ("{own}/missing", "the {part} refuses (InvalidCatalogName"),
    ("postgresql://u:hidden-word@127.0.0.1:1/x", "the {part} cannot be reached (ConnectionRef"),
    ("postgresql://u:hidden-word@nowhere.invalid/x", "the {part} cannot be reached (gaierror): "),
    ("{own}/{database}?sslmode=require&sslrootcert=/x", "the {part} cannot be reached (FileNot"),
    ("{own}/{database}?target_session_attrs=x", "{setting} is no address"),
    ("postgresql://u:hidden-word@[::1/x", "settings missing or wrong: {setting}"),
)


@pytest.mark.parametrize(("dsn", "says"), WRONG)
@pytest.mark.parametrize("part", ["ledger", "registrar"])
def test_the_wrong_database_is_named(
    stack: TestStack, command: Command, *, part: str, dsn: str, says: str
) -> None:
    right = {"ledger": stack.ledger_dsn, "registrar": stack.registrar_dsn}[part]
    host = urlsplit(right).netloc.rpartition("@")[2]
    own, database = right.rsplit("/", 1)
    variable, setting, words = {
        "ledger": ("ACTIVATION_LEDGER_DSN", "ledger_dsn", ("ledger", "migrate")),
        "registrar": ("ACTIVATION_REGISTRAR__DSN", "registrar.dsn", ("registrar", "report")),
    }[part]
    told = command(*words, **{variable: dsn.format(host=host, own=own, database=database)})
    assert told.startswith(says.format(part=part, setting=setting))
    assert setting in told


def test_a_view_or_a_column_that_is_not_there_is_no_missing_migration(command: Command) -> None:
    for name, value in {"VIEW": "nothing", "COLUMNS": '{"ssn": "nothing"}'}.items():
        told = command("registrar", "report", **{f"ACTIVATION_REGISTRAR__{name}": value})
        assert told.startswith("the registrar lacks the view or a column"), told


def test_an_edited_migration_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(migrate._FOLDER, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "0001_first.sql").open("a") as file:
        file.write("-- later")
    monkeypatch.setattr(migrate, "_FOLDER", tmp_path)
    assert command("ledger", "migrate").startswith("0001_first was edited after it was applied")


def test_a_file_that_may_not_be_written_is_named(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"{file}" in command("keys", "copy", "portal", "--to", str(file))


def test_a_file_of_another_system_is_named_and_not_the_ledger(
    command: Command, tmp_path: Path
) -> None:
    told = command(
        *("accounts", "release", "nobody", "--reason", "test"),
        ACTIVATION_DIRECTORY__CA_FILE=str(tmp_path / "missing"),
    )
    assert "directory.ca_file" in told
    assert "ledger" not in told


@pytest.mark.parametrize(
    "error", [Unavailable(FailureType.DIRECTORY_DOWN, "LDAP 52"), FileNotFoundError(2, "", "file")]
)
async def test_an_error_of_another_system_is_never_called_the_ledgers(
    stack: TestStack, error: Exception
) -> None:
    with pytest.raises(type(error)):
        async with databases.ledger(stack.settings):
            raise error
