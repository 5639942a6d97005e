"""Commands write times in one way: to the second, and with their zone."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from settings.section import TREE
from starter.output import utc

NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, UTC)
BY_ITSELF = re.compile(r"%H:%M|\{[^{}()]*\b(at|since|opens|created_at)\}")


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_a_time_is_whole_seconds_with_its_zone(zone: timezone) -> None:
    assert utc(NOON.astimezone(zone)) == "2026-11-29 12:00:00 UTC"
    assert utc(None) == "-"


def test_no_command_writes_a_time_by_itself() -> None:
    rooms = ("starter/commands", "starter/doctor", "support/commands")
    commands = [TREE / "starter/cli.py"]
    commands += [file for room in rooms for file in (TREE / room).glob("*.py")]
    assert len(commands) > 20
    for file in commands:
        assert not BY_ITSELF.search(file.read_text("utf-8")), file
