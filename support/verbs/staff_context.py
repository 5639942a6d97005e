"""What every verb of the desk works with, be it asked by the console or by the command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client

from ledger import audit, clock
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import Activations
from support.verbs.staff import Action, Staff


@dataclass(frozen=True)
class StaffContext:
    """One person's desk: the connections, and who sits there."""

    client: Client
    pool: Pool
    keys: KeyRing
    settings: Settings
    staff: Staff

    @property
    def activations(self) -> Activations:
        return Activations(self.client)

    async def now(self) -> datetime:
        """Return the ledger's time; the clock of this process may be wrong."""
        return await clock.now(self.pool)

    async def record(self, action: Action, reference: str | None = None, reason: str = "") -> None:
        """Write to the audit what is about to happen; raises `NotAllowed` when it may not.

        Nothing is shown in detail and nothing is done without its row.
        """
        self.staff.check(action)
        await self._write(action, reference, reason)

    async def record_each(self, action: Action, references: Iterable[str], reason: str) -> None:
        """Write one row for each of these, all of them or none; raises `NotAllowed`."""
        self.staff.check(action)
        await audit.record_each(
            self.pool,
            self.keys,
            actor=self.staff.name,
            action=action,
            references=references,
            reason=reason,
        )

    async def record_refusal(self, action: Action, reference: str | None) -> None:
        """Write that what was about to happen was refused, and did not."""
        await self._write(audit.REFUSED, reference, action)

    async def _write(self, action: str, reference: str | None, reason: str) -> None:
        await audit.record(
            self.pool,
            self.keys,
            actor=self.staff.name,
            action=action,
            reference=reference,
            reason=reason,
        )
