"""Compares ledger, directory and Temporal: a look over all of them, and a second one if needed.

What one look finds is only suspected; a second look minutes later confirms it, so that nothing
which an activation is changing just now is found. The payloads are positions and counts: what was
found is in the ledger. An outage makes the comparison wait, and concludes nothing.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.reconciling import CompareStage, LookStage, Reconciled
    from domain.contracts.vocabulary import RECONCILE_WORKFLOW
    from workflows.calls import compare_stage
    from workflows.inbox import one_payload

_BETWEEN = timedelta(minutes=12)
"""From one look to the next: more than the ledger's time from a suspicion to its confirmation."""
_CALLS = 500
"""Activities per run: about six history events each."""
_LOOKS = 2
_STAGES = tuple(LookStage)


@workflow.defn(name=RECONCILE_WORKFLOW)
class Reconcile:
    @workflow.run
    async def run(self, *given: object) -> Reconciled:
        at = one_payload(CompareStage, given) if given else CompareStage()
        calls = 0
        while True:
            seen = await compare_stage(at)
            calls += 1
            if seen.position is not None:
                at = at.model_copy(update={"position": seen.position, "began": seen.began})
            elif at.stage is not LookStage.END:
                following = _STAGES[_STAGES.index(at.stage) + 1]
                at = CompareStage(look=at.look, stage=following, began=seen.began)
            elif seen.suspected and at.look < _LOOKS:
                await workflow.sleep(_BETWEEN)
                at = CompareStage(look=at.look + 1)
            else:
                return Reconciled(standing=seen.standing)
            if calls == _CALLS:
                workflow.continue_as_new(at)
