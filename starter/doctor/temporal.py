"""Checks Temporal: namespace, retention of histories, search attributes, schedules and clock."""

from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.findings import Finding, Findings
from security.keys import KeyRing
from settings import Settings, UnreadableSettings
from settings.systems import Workers
from starter.client import scheduled_runs, temporal_clock, versions
from starter.client.connect import (
    RETENTION,
    TemporalUnavailable,
    asking,
    connect,
    missing_attributes,
)
from starter.client.scheduled_runs import COMPLETED, GONE, RUNNING, ScheduleState
from starter.doctor import clocks

PART = "temporal"
_TIMEOUT = timedelta(seconds=3)
_INIT = "activation temporal init"
_USE = "activation temporal use"
_FINE = {"", RUNNING, COMPLETED, GONE}


async def check(settings: Settings) -> Findings:
    try:
        client = await connect(settings, KeyRing(settings.keys_dir))
    except UnreadableSettings as error:
        yield Finding(PART, "can be reached", str(error))
        return
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
    retention = described.config.workflow_execution_retention_ttl.ToTimedelta()
    mend = f"{retention.days} days, not {RETENTION.days}: {_INIT}" if retention < RETENTION else ""
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
    try:
        for state in await scheduled_runs.states(client, settings.institution.timezone):
            yield Finding(PART, f"schedule {state.id}", trouble(state))
    except RPCError:
        yield Finding(PART, "schedules (not told here: the client may not describe them)")
    if settings.workers.deployment:
        yield await used_version(client, settings.workers)


def trouble(state: ScheduleState) -> str:
    """Say what to do about a schedule; empty if nothing."""
    if not state.exists:
        return f"missing: start a worker of main, or {_INIT}"
    if state.paused:
        return f"paused{f' ({state.note})' if state.note else ''}: unpause it in Temporal"
    if state.late:
        return "late, as its last run has not ended or Temporal begins none: see the workers' log"
    if state.last_end not in _FINE:
        return f"its last run ended as {state.last_end}: activation schedules run {state.id}"
    return ""


async def used_version(client: Client, workers: Workers) -> Finding:
    """Find which version of the workers gets the activations; one must."""
    found = await versions.versions(client, workers.deployment)
    used = [each.build for each in found if each.current]
    mend = (
        ""
        if used
        else f"none is used, so workers take nothing: {_USE} {versions.build_of(workers)}"
    )
    return Finding(PART, f"version of workers {' '.join(used)}".rstrip(), mend)


async def _clock(client: Client) -> Finding:
    before = clocks.now()
    server_time = await temporal_clock.ask(client, _TIMEOUT)
    if server_time is None:
        return Finding("clocks", "Temporal's (not told here)")
    return clocks.compare("Temporal's", before, server_time, timedelta())
