"""Sweeps the ledger hourly: deletes or empties what has expired.

One endless run per namespace, without arguments. What a sweep did is counted in the ledger.
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
        for _round in range(_ROUNDS):
            swept = await calls.sweep_expired()
            if swept.complete:
                await workflow.sleep(_EVERY)
        workflow.continue_as_new()
