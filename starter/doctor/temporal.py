"""Temporal: the namespace, how long it keeps histories, and the search attributes."""

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError, RPCStatusCode

from security.keys import KeyRing
from settings import Settings
from starter.connect import RETENTION, TemporalUnavailable, asking, connect, missing_attributes
from starter.doctor.finding import Finding, Findings

PART = "temporal"
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
    try:
        with asking():
            wrong = await missing_attributes(client)
    except RPCError:
        yield Finding(PART, "search attributes (not told here: see configuration.md, Temporal)")
        return
    mend = f"{', '.join(wrong)} missing or of another type: {_INIT}" if wrong else ""
    yield Finding(PART, "search attributes", mend)
