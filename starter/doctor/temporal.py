"""Checks Temporal: way, namespace, retention, search attributes, schedules and clock."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError

from adapters.findings import Finding, Findings
from security.keys import KeyRing
from settings import Settings, UnreadableSettings
from settings.systems import Workers
from starter.client import environment, namespace, scheduled_runs, temporal_clock, versions
from starter.client.connect import TemporalUnavailable, asking, connect
from starter.client.refusals import NO_NAMESPACE, why
from starter.client.scheduled_runs import COMPLETED, GONE, RUNNING, ScheduleState
from starter.doctor import clocks

PART = "temporal"
_TIMEOUT = timedelta(seconds=3)
_INIT = "activation temporal init"
_RETENTION = f"{_INIT} --set-retention, or correct the setting"
_USE = "activation temporal use"
_FINE = {"", RUNNING, COMPLETED, GONE}


async def check(settings: Settings) -> Findings:
    try:
        client = await connect(settings, KeyRing(settings.keys_dir))
    except UnreadableSettings as error:
        yield Finding(PART, "can be reached", str(error))
        return
    except TemporalUnavailable as error:
        mend = f"{error}: see to TEMPORAL_ADDRESS, its TLS and the way there"
        yield Finding(PART, "can be reached", str(error) if error.why else mend)
        return
    yield Finding(PART, "can be reached")
    for finding in _private_key(environment.profile(settings)):
        yield finding
    about = f"namespace {client.namespace}"
    try:
        with asking():
            kept = await namespace.find_retention(client)
    except RPCError as error:
        yield Finding(PART, about, why(error) or f"Temporal answers {error.status.name}")
        return
    if kept is None:
        yield Finding(PART, about, NO_NAMESPACE)
        return
    yield Finding(PART, about)
    days = settings.retention.histories_days
    mend = f"for {kept.days} days, not {days} as retention.histories_days: {_RETENTION}"
    yield Finding(PART, "keeps closed histories", "" if kept.days == days else mend)
    yield await _clock(client)
    try:
        with asking():
            wrong = await namespace.missing_attributes(client)
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


def _private_key(profile: ClientConfigProfile) -> Iterator[Finding]:
    """Find a key of the client certificate that others may read."""
    key = profile.tls.client_private_key if profile.tls else None
    if isinstance(key, Path) and key.stat().st_mode & stat.S_IROTH:
        yield Finding(PART, f"its key ({key})", "everybody may read this secret: chmod o-rwx")


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
