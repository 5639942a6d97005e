"""The activity that deletes or empties what the ledger has kept long enough."""

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from domain.contracts.sweeping import SweepExpired, SweptExpired
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import retention
from ledger.misses import DeleteRuns
from ledger.unclosed import EndsOf
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings import Settings

_SECONDS = 15.0
"""How long one call sweeps at most, well within its time-out."""


class SweepActivities(Activities):
    def __init__(
        self,
        *,
        pool: Pool,
        keys: KeyRing,
        settings: Settings,
        delete_runs: DeleteRuns,
        ends_of: EndsOf,
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._retention = settings.retention
        self._delete_runs = delete_runs
        self._ends_of = ends_of

    @activity.defn(name=ActivityName.SWEEP_EXPIRED)
    async def sweep_expired(self, _: SweepExpired) -> SweptExpired:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            complete = await retention.sweep(
                self._pool,
                self._keys,
                self._retention,
                self._delete_runs,
                self._ends_of,
                seconds=_SECONDS,
            )
        return SweptExpired(complete=complete)
