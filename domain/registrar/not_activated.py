"""Tells which enrolled students have no account yet, and why, and counts them; pure.

Enrolments are judged one by one, so that a registrar of any size is read in batches: a student
with two live enrolments is counted in both departments. Only the contacts of all rows are kept, as
numbers, to know those that many have.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from domain.registrar import students
from domain.registrar.readiness import Obstacle, unreachable
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, text

_WEEK = timedelta(weeks=1)


class WhyNot(StrEnum):
    """Why a student has no account: what the registrar lacks, or how far the student came."""

    NO_CONTACT = Obstacle.NO_CONTACT.value
    OWN_ADDRESS = Obstacle.OWN_ADDRESS.value
    LANDLINE = Obstacle.LANDLINE.value
    UNREADABLE_MOBILE = Obstacle.UNREADABLE_MOBILE.value
    UNREADABLE_EMAIL = Obstacle.UNREADABLE_EMAIL.value
    SHARED_BY_MANY = Obstacle.SHARED_BY_MANY.value
    NOT_TRIED = "not_tried"
    STOPPED_AT_CODE = "stopped_at_code"
    STOPPED_AT_DETAILS = "stopped_at_details"
    STOPPED_AT_PASSWORD = "stopped_at_password"  # noqa: S105 - the name of a reason


@dataclass(frozen=True)
class StudentProgress:
    """How far a student came; `activated_on` is None for an account that was imported."""

    has_account: bool = False
    activated_on: date | None = None
    stopped_at: WhyNot | None = None


class ContactHolders:
    """Counts the live enrolments with each contact; a contact is kept as a hash."""

    def __init__(self, region: str, own: Collection[str]) -> None:
        self.region = region
        self.own = own
        self._holders = Counter[int]()

    def add(self, row: Row) -> None:
        self._holders.update(self._of(row))

    def shared_by_many(self, row: Row) -> bool:
        """Tell whether others than can share a personal contact have each contact of this row."""
        counts = [self._holders[contact] for contact in self._of(row)]
        return bool(counts) and min(counts) > MOST_SHARING

    def _of(self, row: Row) -> set[int]:
        mobiles, emails = students.contacts([row], self.region, self.own)
        return {*map(hash, mobiles), *map(hash, emails)}


def why_not(row: Row, progress: StudentProgress, holders: ContactHolders) -> WhyNot | None:
    """Return why the student of this live row has no account; None for one who has."""
    if progress.has_account:
        return None
    if progress.stopped_at:
        return progress.stopped_at
    if obstacle := unreachable([row], holders.region, holders.own):
        return WhyNot(obstacle.value)
    return WhyNot.SHARED_BY_MANY if holders.shared_by_many(row) else WhyNot.NOT_TRIED


@dataclass(frozen=True)
class YearCount:
    """The enrolments of one year of inscription, as the registrar writes it."""

    year: str
    students: int
    activated: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class DepartmentCount:
    """The counts of a department; `weeks`: by Monday, who had no account at the week's end."""

    department_id: str
    name_el: str
    name_en: str
    years: tuple[YearCount, ...]
    weeks: dict[date, int]


@dataclass
class _Counted:
    names: tuple[str, str]
    activated: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    weeks: Counter[date] = field(default_factory=Counter)


class Tally:
    """Counts enrolments by department, year and reason, and accounts by week."""

    def __init__(self) -> None:
        self._departments: dict[str, _Counted] = {}

    def add(self, row: Row, progress: StudentProgress, why: WhyNot | None) -> None:
        year, names = text(row, "inscriptionacyear"), (_name(row, "el"), _name(row, "en"))
        counted = self._departments.setdefault(text(row, "departmentid"), _Counted(names))
        reasons = counted.reasons[year]
        if why:
            reasons[why.value] += 1
        else:
            counted.activated[year] += 1
            counted.weeks[_monday(progress.activated_on or date.min)] += 1

    def departments(self, today: date, weeks: int) -> tuple[DepartmentCount, ...]:
        """Return the counts in the order of the numbers; `weeks`: how many up to today's."""
        mondays = [_monday(today) - _WEEK * ago for ago in reversed(range(weeks))]
        return tuple(
            DepartmentCount(
                number,
                *counted.names,
                tuple(_year(counted, year) for year in sorted(counted.reasons, reverse=True)),
                {monday: _without(counted, monday) for monday in mondays},
            )
            for number, counted in sorted(self._departments.items())
        )


def _year(counted: _Counted, year: str) -> YearCount:
    reasons, activated = counted.reasons[year], counted.activated[year]
    told = {why.value: reasons[why.value] for why in WhyNot if reasons[why.value]}
    return YearCount(year, reasons.total() + activated, activated, told)


def _without(counted: _Counted, monday: date) -> int:
    """Return how many of today's enrolments had no account at the end of this week."""
    later = sum(number for week, number in counted.weeks.items() if week > monday)
    return later + sum(reasons.total() for reasons in counted.reasons.values())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _name(row: Row, language: str) -> str:
    return text(row, f"department{language}")
