"""Temporal: the namespace, how long it keeps histories, the search attributes, and its clock."""

import asyncio
from datetime import UTC, timedelta
from uuid import uuid4

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from security.keys import KeyRing
from settings import Settings
from starter.connect import RETENTION, TemporalUnavailable, asking, connect, missing_attributes
from starter.doctor import clocks
from starter.doctor.finding import Finding, Findings

PART = "temporal"
_QUEUE = TaskQueue(name="activation-doctor")
"""Nothing is ever put into it; who waits there is told of with the server's time."""
_WITHIN = 3
_INIT = "activation temporal init"


async def check(settings: Settings) -> Findings:
    try:
        client = await connect(settings, KeyRing(settings.keys_dir))
    except TemporalUnavailable:
        mend = "no server answers: see to TEMPORAL_ADDRESS, its TLS and the way there"
        yield Finding(PART, "can be reached", mend)
        return
    yield Finding(PART, "can be reached")
    request = DescribeNamespaceRequest(namespace=client.namespace)
    about = f"namespace {client.namespace}"
    try:
        with asking():
            described = await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        yield Finding(PART, about, f"there is none: {_INIT}")
        return
    yield Finding(PART, about)
    kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
    mend = f"{kept.days} days, not {RETENTION.days}: {_INIT}" if kept < RETENTION else ""
    yield Finding(PART, "keeps closed histories long enough", mend)
    yield await _clock(client)
    try:
        with asking():
            wrong = await missing_attributes(client)
    except RPCError:
        yield Finding(PART, "search attributes (not told here: see configuration.md, Temporal)")
        return
    mend = f"{', '.join(wrong)} missing or of another type: {_INIT}" if wrong else ""
    yield Finding(PART, "search attributes", mend)


async def _clock(client: Client) -> Finding:
    """Wait a moment at an empty queue, for only of who waits does Temporal tell since when."""
    identity, before = f"doctor-{uuid4()}", clocks.now()
    space = client.namespace
    service = client.workflow_service
    waiting = asyncio.create_task(
        service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=space, task_queue=_QUEUE, identity=identity),
            timeout=timedelta(seconds=10),
        )
    )
    question = DescribeTaskQueueRequest(
        namespace=space,
        task_queue=_QUEUE,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        async with asyncio.timeout(_WITHIN):
            while True:
                described = await service.describe_task_queue(question)
                for each in described.pollers:
                    if each.identity == identity:
                        told = each.last_access_time.ToDatetime(UTC)
                        return clocks.compared("Temporal's", before, told, timedelta())
                await asyncio.sleep(0.05)
    except (RPCError, TimeoutError):
        return Finding("clocks", "Temporal's (not told here)")
    finally:
        waiting.cancel()
        await asyncio.wait({waiting})
