"""Judges how long an activation has stood, so that staff see at a glance which are late."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.contracts.vocabulary import Waker
from support.verbs.cases import CaseSummary
from workflows import steps


class Age(StrEnum):
    SHORT = "short"
    LONG = "long"
    LATE = "late"


_OURS = (timedelta(minutes=10), timedelta(hours=2))
"""From when what waits for the engine or for staff is long and late: after ten minutes the student
gets a message about it."""
_STUDENTS = (timedelta(hours=24), timedelta(hours=48))
"""The same for the student's turn, which ends after 72 hours."""


def age(line: CaseSummary, now: datetime) -> Age:
    """Return how long this one stands; what has ended is never late."""
    if not line.is_open:
        return Age.SHORT
    students = steps.woken_by(line.step, line.wait_reason) is Waker.STUDENT
    long, late = _STUDENTS if students else _OURS
    stood = now - line.since
    return Age.LATE if stood >= late else Age.LONG if stood >= long else Age.SHORT
