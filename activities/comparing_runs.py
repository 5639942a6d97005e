"""Compares the ledger's activations with Temporal's runs, and closes each look of the reconciler.

Temporal is asked by functions that the worker gives; one that is away or is not ours concludes
nothing.
"""

import base64
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from temporalio import activity

from activities.errors import failure, guarded
from activities.registered import Activities
from adapters.errors import Unavailable
from domain import findings as rules
from domain.contracts.reconciling import CompareStage, LookStage, StageCompared
from domain.contracts.vocabulary import ActivityName, FailureType
from domain.findings import FindingKind, RunState
from ledger import activations, clock, compared, findings
from ledger.findings import SeenFinding
from ledger.unclosed import EndsOf
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing

_SECONDS = 15.0
_AT_ONCE = 200


OpenRunsFrom: TypeAlias = Callable[[bytes], Awaitable[tuple[dict[str, bool], bytes] | None]]
"""Returns a page of open activations, each with whether it is at its end; None: unknown."""


class RunActivities(Activities):
    def __init__(
        self, *, pool: Pool, keys: KeyRing, ends_of: EndsOf, open_runs: OpenRunsFrom
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._ends_of = ends_of
        self._open_runs = open_runs

    @activity.defn(name=ActivityName.COMPARE_RUNS)
    async def compare_runs(self, request: CompareStage) -> StageCompared:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            began = request.began or await clock.now(self._pool)
            if request.stage is LookStage.END:
                await self._mend_left_behind()
                suspected, standing = await findings.end_look(self._pool, began)
                return StageCompared(began=began, suspected=suspected, standing=standing)
            compare = self._live if request.stage is LookStage.LIVE else self._runs
            return StageCompared(began=began, position=await compare(request.position))

    async def _live(self, position: str) -> str | None:
        """Find the activations of the ledger that Temporal does not run."""
        until = time.monotonic() + _SECONDS
        while references := await compared.live(self._pool, position, _AT_ONCE):
            activity.heartbeat()
            ends = await self._ends_of(references)
            if ends is None:
                raise _unknown()
            # One that has ended meanwhile was read as live.
            alive = await activations.noted(self._pool, [*ends])
            await self._note(
                FindingKind.RUN_MISSING, [each for each, row in alive.items() if row.end is None]
            )
            position = references[-1]
            if time.monotonic() > until:
                return position
        return None

    async def _runs(self, position: str) -> str | None:
        """Find the runs of Temporal that the ledger does not have, or has as ended."""
        until = time.monotonic() + _SECONDS
        while True:
            activity.heartbeat()
            found = await self._open_runs(base64.b64decode(position))
            if found is None:
                raise _unknown()
            runs, following = found
            noted = await activations.noted(self._pool, [*runs])
            for kind in (FindingKind.RUN_UNKNOWN, FindingKind.RUN_GOES_ON):
                await self._note(
                    kind,
                    [
                        reference
                        for reference, finishing in runs.items()
                        if rules.of_run(_state(noted.get(reference), finishing=finishing)) is kind
                    ],
                )
            position = base64.b64encode(following).decode()
            if not position or time.monotonic() > until:
                return position or None

    async def _mend_left_behind(self) -> None:
        found = await compared.left_behind(self._pool)
        ripe = [each.subject for each in await self._note(FindingKind.LEFT_BEHIND, found)]
        await compared.delete_left_behind(self._pool, ripe)
        await findings.mended(self._pool, FindingKind.LEFT_BEHIND, ripe)

    async def _note(self, kind: FindingKind, references: Sequence[str]) -> set[SeenFinding]:
        seen = [SeenFinding(kind, each, each) for each in references]
        return await findings.note(self._pool, self._keys, seen)


def _state(row: activations.ActivationRow | None, *, finishing: bool) -> RunState:
    return RunState(finishing, known=row is not None, ended=row is not None and row.end is not None)


def _unknown() -> Exception:
    return failure(Unavailable(FailureType.LEDGER_DOWN, "Temporal does not say what it runs"))
