"""Sweeps the ledger: deletes or empties what has expired. A schedule starts a run each hour.

Runs have no arguments; what a sweep did is counted in the ledger. Runs of older versions were
endless and slept between the sweeps: such a run ends with its next sweep.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.vocabulary import SWEEP_WORKFLOW
    from workflows import calls

_EVERY = timedelta(hours=1)
_ROUNDS = 200
"""Activities per run: about nine history events each."""


@workflow.defn(name=SWEEP_WORKFLOW)
class Sweep:
    @workflow.run
    async def run(self, *_: object) -> None:
        for number in range(_ROUNDS):
            swept = await calls.sweep_expired()
            if swept.complete:
                # An id for each round: the answer for one holds for the whole run.
                if workflow.patched(f"sweep ends, {number}"):
                    return
                await workflow.sleep(_EVERY)
        workflow.continue_as_new()
