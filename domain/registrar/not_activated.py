"""Tells which enrolled students have no account yet, and why, and counts them; pure.

Enrolments are judged one by one, so that a registrar of any size is read in batches: a student
with two live enrolments is counted in both departments.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import takewhile

from domain.registrar import students
from domain.registrar.readiness import Obstacle, unreachable
from domain.registrar.rows import Row, text

WEEKS = 16
LATER = "~"
"""Stands for the years that `latest` sums up; the registrar's may be any text, blank included."""
_WEEK = timedelta(weeks=1)
_DIGITS = 4


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


@dataclass(frozen=True)
class ContactRules:
    """Which contacts reach a student: `crowded` ones are of so many that they prove nothing."""

    region: str
    own: Collection[str] = ()
    crowded: Collection[str] = frozenset()

    def reach(self, row: Row) -> bool:
        mobiles, emails = students.contacts([row], self.region, self.own)
        return any(contact not in self.crowded for contact in (*mobiles, *emails))


def why_not(row: Row, progress: StudentProgress, rules: ContactRules) -> WhyNot | None:
    """Return why the student of this live row has no account; None for one who has."""
    if progress.has_account:
        return None
    if progress.stopped_at:
        return progress.stopped_at
    if obstacle := unreachable([row], rules.region, rules.own):
        return WhyNot(obstacle.value)
    return WhyNot.NOT_TRIED if rules.reach(row) else WhyNot.SHARED_BY_MANY


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

    @property
    def students(self) -> int:
        return sum(year.students for year in self.years)

    @property
    def activated(self) -> int:
        return sum(year.activated for year in self.years)

    @property
    def reasons(self) -> dict[str, int]:
        """Why the others have none, over all years, in the order of `WhyNot`."""
        return _told(sum((Counter(year.reasons) for year in self.years), Counter[str]()))


def together(departments: Sequence[DepartmentCount]) -> DepartmentCount:
    """Return the counts of several departments as those of one without number and name."""
    years = tuple(year for each in departments for year in each.years)
    weeks = Counter[date]()
    for each in departments:
        weeks.update(each.weeks)
    return DepartmentCount("", "", "", years, dict(sorted(weeks.items())))


def latest(years: Sequence[YearCount], most: int) -> tuple[YearCount, ...]:
    """Return the first years, and as the last one the sum of all others where they are more."""
    if len(years) <= most:
        return tuple(years)
    others = DepartmentCount("", "", "", tuple(years[most - 1 :]), {})
    summed = YearCount(LATER, others.students, others.activated, others.reasons)
    return (*years[: most - 1], summed)


def per_cent(part: int, whole: int) -> int:
    """Return a share in whole per cent; 0 and 100 stand for nobody and everybody alone."""
    if part in (0, whole):
        return 100 if part else 0
    return min(max(round(100 * part / whole), 1), 99)


@dataclass
class _Counted:
    el: Counter[str] = field(default_factory=Counter)
    en: Counter[str] = field(default_factory=Counter)
    activated: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    weeks: Counter[date] = field(default_factory=Counter)


class Tally:
    """Counts enrolments by department, year and reason, and accounts by week."""

    def __init__(self) -> None:
        self._departments: dict[str, _Counted] = {}
        self.students = 0

    def add(self, row: Row, progress: StudentProgress, why: WhyNot | None) -> None:
        self.students += 1
        year = text(row, "inscriptionacyear")
        counted = self._departments.setdefault(text(row, "departmentid"), _Counted())
        counted.el[department_name(row, "el")] += 1
        counted.en[department_name(row, "en")] += 1
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
                _usual(counted.el),
                _usual(counted.en),
                tuple(_year(counted, year) for year in sorted(counted.reasons, key=_newest_first)),
                {monday: _without(counted, monday) for monday in mondays},
            )
            for number, counted in sorted(self._departments.items())
        )


def department_name(row: Row, language: str) -> str:
    return text(row, f"department{language}")


def _year(counted: _Counted, year: str) -> YearCount:
    reasons, activated = counted.reasons[year], counted.activated[year]
    return YearCount(year, reasons.total() + activated, activated, _told(reasons))


def _told(reasons: Counter[str]) -> dict[str, int]:
    return {why.value: reasons[why.value] for why in WhyNot if reasons[why.value]}


def _usual(names: Counter[str]) -> str:
    """Return the name that most rows have, because single rows lack it or have it misspelled."""
    return max(filter(None, names), key=lambda name: names[name], default="")


def _newest_first(year: str) -> tuple[bool, int, str]:
    """Sort by the number with which a year begins; what begins with none, a blank too, is last."""
    digits = "".join(takewhile(str.isdecimal, year))[:_DIGITS]
    return not digits, -int(digits or 0), year


def _without(counted: _Counted, monday: date) -> int:
    """Return how many of today's enrolments had no account at the end of this week."""
    later = sum(number for week, number in counted.weeks.items() if week > monday)
    return later + sum(reasons.total() for reasons in counted.reasons.values())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
