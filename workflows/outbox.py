"""Relays the outbox: requests for help that the ledger kept while Temporal was unavailable.

One endless run per namespace, without arguments. Each request and each answer gets its own
workflow, whose id is derived from the request's id, so that starting it is idempotent.
"""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
    from domain.contracts.message_io import MailSupportAnswer, MailSupportRequest
    from domain.contracts.vocabulary import (
        ANSWER_WORKFLOW,
        OUTBOX_WORKFLOW,
        SUPPORT_WORKFLOW,
        answer_workflow_id,
        support_workflow_id,
    )
    from workflows import calls

_EVERY = timedelta(minutes=1)
_ROUNDS = 200
"""Polls per run: about six history events each."""


@workflow.defn(name=OUTBOX_WORKFLOW)
class Outbox:
    @workflow.run
    async def run(self, *_: object) -> None:
        for _round in range(_ROUNDS):
            await relay_outbox()
            await workflow.sleep(_EVERY)
        workflow.continue_as_new()


async def relay_outbox() -> None:
    """Start the workflows that are missing; running and completed ones are left as they are."""
    found = await calls.find_left_behind()
    for request_id in found.requests:
        name = support_workflow_id(request_id)
        await _start(SUPPORT_WORKFLOW, MailSupportRequest(request_id=request_id), name)
    for request_id in found.replies:
        name = answer_workflow_id(request_id)
        await _start(ANSWER_WORKFLOW, MailSupportAnswer(request_id=request_id), name)


async def _start(kind: str, request: Model, workflow_id: str) -> None:
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            kind,
            request,
            id=workflow_id,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
