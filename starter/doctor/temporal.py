"""Temporal: the namespace, how long it keeps histories, and the search attributes."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from security.keys import KeyRing
from settings import Settings
from starter.connect import RETENTION, SEARCH_ATTRIBUTES, TemporalUnavailable, connect
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
    wrong = await missing_attributes(client)
    mend = f"{', '.join(wrong)} missing or of another type: {_INIT}" if wrong else ""
    yield Finding(PART, "search attributes", mend)


async def missing_attributes(client: Client) -> list[str]:
    """Return the search attributes that are not there, or of another type."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return [
        name
        for name, kind in SEARCH_ATTRIBUTES.items()
        if known.custom_attributes.get(name, None) != IndexedValueType.ValueType(kind)
    ]
