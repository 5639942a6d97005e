"""Calls the activities of the reconciler, which take longer than those that a student waits for."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.contracts.reconciling import IN_DIRECTORY, CompareStage, StageCompared
    from domain.contracts.vocabulary import ActivityName, TaskQueue
    from workflows import calls
    from workflows.priorities import DUTIES
    from workflows.results import ForgedResult, read_result

_TIMEOUT = timedelta(minutes=30)
"""The whole directory is read in one attempt, because LDAP has no position to go on from."""
_HEARTBEAT = timedelta(minutes=1)


async def compare_stage(request: CompareStage) -> StageCompared:
    """Retry until the systems of the stage answer; a forged result causes another attempt."""
    name, queue = ActivityName.COMPARE_RUNS, TaskQueue.MAIN
    if request.stage in IN_DIRECTORY:
        name, queue = ActivityName.COMPARE_DIRECTORY, TaskQueue.DIRECTORY
    while True:
        result = await workflow.execute_activity(
            name,
            request,
            result_type=RawValue,
            task_queue=queue,
            start_to_close_timeout=_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=calls.retry_policy(),
            priority=DUTIES,
        )
        with suppress(ForgedResult):
            return read_result(result, StageCompared)
