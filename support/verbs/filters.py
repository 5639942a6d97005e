"""Narrows a list of activations: by step, department, age and who it is assigned to.

Every value is one of a closed vocabulary or a department's code, so that an address with them is a
view to be kept as a bookmark and holds no personal data.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.contracts.vocabulary import Step
from support.verbs import groups
from support.verbs.cases import CaseSummary


class Older(StrEnum):
    """The least time that an activation has stood."""

    MINUTES = "10m"
    HOURS = "2h"
    DAY = "1d"
    DAYS = "2d"


class Assigned(StrEnum):
    """Whose an activation is."""

    ME = "me"
    NOBODY = "nobody"


LEAST = {
    Older.MINUTES: timedelta(minutes=10),
    Older.HOURS: timedelta(hours=2),
    Older.DAY: timedelta(days=1),
    Older.DAYS: timedelta(days=2),
}


@dataclass(frozen=True)
class Filter:
    """What is asked for; None does not narrow. `among`: only these references, not `without`."""

    step: Step | None = None
    department: str | None = None
    older: Older | None = None
    among: Collection[str] | None = None
    without: Collection[str] = ()

    def conditions(self, now: datetime) -> list[str | None]:
        """Return the conditions of Temporal's query; one that is None finds nothing."""
        found: list[str | None] = []
        if self.step:
            found.append(groups.at_step(self.step))
        if self.department:
            found.append(groups.in_departments([self.department]))
        if self.older:
            found.append(groups.since_before(now - LEAST[self.older]))
        if self.among is not None:
            found.append(groups.among(self.among))
        if self.without:
            found.append(groups.not_among(self.without))
        return found

    def holds(self, line: CaseSummary, now: datetime) -> bool:
        """Whether a line is asked for, as it is now."""
        return (
            self.step in (None, line.step)
            and self.department in (None, line.department)
            and (self.older is None or line.since <= now - LEAST[self.older])
            and (self.among is None or line.reference in self.among)
            and line.reference not in self.without
        )

    def departments(self, seen: Collection[str] | None) -> Collection[str] | None:
        """Return of the departments in sight those asked for; None: all."""
        if self.department is None:
            return seen
        return [each for each in (self.department,) if seen is None or each in seen]
