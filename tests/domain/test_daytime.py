"""What would come at night comes in the morning, by the clock of the place."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.daytime import in_daytime

ATHENS = timedelta(hours=2)
NEW_YORK = timedelta(hours=-5)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "offset", "moved"),
    [
        (at(30, 7), ATHENS, at(30, 7)),
        (at(30, 6, 59), ATHENS, at(30, 7)),
        (at(29, 23, 30), ATHENS, at(30, 7)),
        (at(29, 18, 59), ATHENS, at(29, 18, 59)),
        (at(29, 19), ATHENS, at(30, 7)),
        (at(30, 2), NEW_YORK, at(30, 14)),
        (at(30, 3), timedelta(0), at(30, 9)),
        (at(30, 3), None, at(30, 3)),
    ],
)
def test_a_moment_of_the_night_is_moved_to_the_morning(
    moment: datetime, offset: timedelta | None, moved: datetime
) -> None:
    assert in_daytime(moment, offset) == moved
