"""Commands write times in one way: to the second, and with their zone."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from settings.section import TREE
from starter.output import local, tell, utc

NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, UTC)
BY_ITSELF = re.compile(r"%H:%M|\{[^{}()]*\b(at|since|opens|created_at)\}")


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_a_time_is_whole_seconds_with_its_zone(zone: timezone) -> None:
    assert utc(NOON.astimezone(zone)) == "2026-11-29 12:00:00 UTC"
    assert utc(None) == "-"


@pytest.mark.usefixtures("stack")
def test_a_local_time_is_the_institutions_whatever_the_machines_is() -> None:
    assert local(NOON) == "2026-11-29 14:00:00 EET"
    assert local(None) == "-"


def test_text_is_folded_to_a_terminal_and_whole_in_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n  ledger: it cannot be reached\n" + "x" * 25 + "\n"
    monkeypatch.delenv("COLUMNS", raising=False)
    tell(text)
    assert capsys.readouterr().out == f"{text}\n"
    monkeypatch.setenv("COLUMNS", "20")
    tell(text)
    folded = "\n  ledger: it cannot\n    be reached\n" + "x" * 25
    assert capsys.readouterr().out == f"{folded}\n"
    tell(err=True)
    assert capsys.readouterr().err == "\n"


def test_no_command_writes_a_time_by_itself() -> None:
    rooms = ("starter/commands", "starter/doctor", "support/commands")
    commands = [TREE / "starter/cli.py"]
    commands += [file for room in rooms for file in (TREE / room).glob("*.py")]
    assert len(commands) > 20
    for file in commands:
        assert not BY_ITSELF.search(file.read_text("utf-8")), file
