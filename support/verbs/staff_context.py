"""The dependencies of every staff verb, whether the console or the command line calls it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client

from ledger import audit, clock
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import Activations
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, Staff


@dataclass(frozen=True)
class StaffContext:
    """The connections, and the member of staff on whose behalf a verb runs."""

    client: Client
    pool: Pool
    keys: KeyRing
    settings: Settings
    staff: Staff

    @property
    def activations(self) -> Activations:
        return Activations(self.client)

    async def now(self) -> datetime:
        """Return the ledger's time, because the clock of this process may be wrong."""
        return await clock.now(self.pool)

    async def record(self, action: Action, reference: str | None = None, reason: str = "") -> None:
        """Check the role and write the audit row before the action; raises `NotAllowed`.

        No details are shown and nothing is changed without this row.
        """
        self.staff.check(action)
        await self._write(action, [reference], reason)

    async def record_each(self, action: Action, references: Iterable[str], reason: str) -> None:
        """Write one audit row for each reference in one transaction; raises `NotAllowed`."""
        self.staff.check(action)
        await self._write(action, references, reason)

    async def record_refusal(self, action: Action, reference: str | None) -> None:
        """Write an audit row that says that the action was refused and not done."""
        await self._write(audit.REFUSED, [reference], action)

    def check_sight(self, department: str | None) -> None:
        """Raise `UnknownReference` for a case that this person may not see, against enumeration."""
        if not self.staff.sees(department):
            raise UnknownReference

    async def _write(self, action: str, references: Iterable[str | None], reason: str) -> None:
        await audit.record_each(
            self.pool,
            self.keys,
            actor=self.staff.name,
            action=action,
            references=references,
            reason=reason,
        )
