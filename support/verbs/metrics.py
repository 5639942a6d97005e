"""The metrics of the whole engine, read from Temporal and the ledger when Prometheus asks.

The process of the alerts serves them; each of several gives the same numbers. What cannot be read
is left out, and `activation_answers` says so.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from temporalio.client import Client

from domain.contracts.vocabulary import Step, System, WaitReason
from domain.findings import FindingKind
from ledger import alerts, attack_mode, findings, retention
from ledger.refusals import refuses
from postgres import NO_RESULT, Pool
from settings import Settings
from starter.client import metrics, scheduled_runs
from starter.client.certificates import CertificateWatch
from starter.client.connect import NO_ANSWER
from starter.client.pending_retries import PROBLEMS
from support.verbs import operations, windows
from support.verbs.cases import OPEN
from web import times
from workflows import steps
from workflows.search_attributes import REASON, STEP

Values = dict[tuple[str, ...], float]
_WITHIN = times.CONSOLE_RPC.total_seconds()

_REFUSES = "activation_ledger_refuses"
_CERTIFICATE = "activation_certificate_expires_timestamp_seconds"
ENGINE: Mapping[str, tuple[str, Sequence[str]]] = {
    "activation_answers": ("1 if the system answers, else 0.", ["system"]),
    _REFUSES: (
        "1 if the ledger answers and refuses a statement of this process, else 0.",
        [],
    ),
    "activation_open": (
        "Open activations by step and wait reason, which is empty while none is published.",
        ["step", "reason"],
    ),
    _CERTIFICATE: (
        "End of the certificate of a system, of several the first, or of our own for it.",
        ["system"],
    ),
    "activation_failing": ("Open activations whose workflow tasks fail.", []),
    "activation_queue_tasks": ("Tasks that wait in a task queue.", ["queue", "kind"]),
    "activation_queue_age_seconds": ("Age of the oldest of these tasks.", ["queue", "kind"]),
    "activation_queue_workers": ("Workers that poll a task queue.", ["queue", "kind"]),
    "activation_codes_sent": (
        "Messages with codes in the last hour or day, that count against a ceiling.",
        ["channel", "window"],
    ),
    "activation_codes_ceiling": ("The most of these that may be sent.", ["channel", "window"]),
    "activation_attack_mode": ("1 while attack mode is on, else 0.", []),
    "activation_swept_timestamp_seconds": ("Time of the last sweep of expired data.", []),
    "activation_schedule_success_timestamp_seconds": (
        "Begin of the newest run of a schedule that completed, of its last ten.",
        ["schedule"],
    ),
    "activation_findings": ("Findings of the reconciler that stand.", ["kind"]),
    "activation_alert": ("Activations behind each alert that stands.", ["cause"]),
}
"""Meaning and labels of each metric."""


async def exposition(
    client: Client, pool: Pool, config: Settings, certificates: CertificateWatch
) -> bytes:
    """Return these metrics with those of the process."""
    temporal, ledger, schedules = await asyncio.gather(
        _of_temporal(client), _of_ledger(pool, config), _of_schedules(client, config)
    )
    answers: Values = {
        (System.TEMPORAL.value,): bool(temporal),
        (System.LEDGER.value,): bool(ledger),
    }
    ends: Values = {(system,): end.timestamp() for system, end in certificates.by_system.items()}
    own = {"activation_answers": answers, _CERTIFICATE: ends}
    return await metrics.exposition(None, _Gauges(own | temporal | ledger | schedules))


class _Gauges(Collector):
    def __init__(self, values: Mapping[str, Values]) -> None:
        self._values = values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, values in self._values.items():
            meaning, labels = ENGINE[name]
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for named, value in values.items():
                family.add_metric(named, value)
            yield family


async def _of_temporal(client: Client) -> dict[str, Values]:
    """Return what Temporal knows; empty if it does not answer."""
    try:
        async with asyncio.timeout(_WITHIN):
            counted, failing, queues = await asyncio.gather(
                _open_runs(client),
                _count(client, f"{PROBLEMS.name} IS NOT NULL"),
                operations.queues(client),
            )
    except NO_ANSWER:
        return {}
    named = {(queue.name, queue.kind): queue for queue in queues}
    return {
        "activation_open": counted,
        "activation_failing": {(): failing},
        "activation_queue_tasks": {at: queue.waiting for at, queue in named.items()},
        "activation_queue_age_seconds": {at: queue.age for at, queue in named.items()},
        "activation_queue_workers": {at: queue.workers for at, queue in named.items()},
    }


async def _of_schedules(client: Client, config: Settings) -> dict[str, Values]:
    """Return when each schedule last succeeded; empty if Temporal does not answer or refuses."""
    try:
        async with asyncio.timeout(_WITHIN):
            found = await scheduled_runs.states(client, config.institution.timezone)
    except NO_ANSWER:
        return {}
    succeeded = {(each.id,): each.succeeded_at for each in found}
    return {
        "activation_schedule_success_timestamp_seconds": {
            schedule: at.timestamp() for schedule, at in succeeded.items() if at
        }
    }


async def _open_runs(client: Client) -> Values:
    """Count by step, and by wait reason where a step has any.

    A run that has published nothing yet is at the first step.
    """
    at = {step: f"{STEP.name} = '{step}'" for step in steps.REASONS if step not in steps.ENDS}
    at[Step.LOOKUP] = f"({STEP.name} IS NULL OR {at[Step.LOOKUP]})"
    numbers = await asyncio.gather(*(_count(client, each) for each in at.values()))
    waits = [
        (step, reason)
        for step, number in zip(at, numbers, strict=True)
        for reason in steps.REASONS[step]
        if number
    ]
    counted = await asyncio.gather(
        *(_count(client, f"{at[step]} AND {_waits_for(reason)}") for step, reason in waits)
    )
    return {
        (step.value, reason or ""): number
        for (step, reason), number in zip(waits, counted, strict=True)
        if number
    }


def _waits_for(reason: WaitReason | None) -> str:
    return f"{REASON.name} = '{reason}'" if reason else f"{REASON.name} IS NULL"


async def _count(client: Client, condition: str) -> int:
    return await windows.count(client, f"{OPEN} AND {condition}")


async def _of_ledger(pool: Pool, config: Settings) -> dict[str, Values]:
    """Return what the ledger knows, or that it refuses; empty if it does not answer."""
    try:
        async with asyncio.timeout(_WITHIN):
            spent = {
                (channel, each.window): each
                for paid, channel in ((True, "sms"), (False, "mail"))
                for each in await operations.spent(pool, config.send_budget, paid=paid)
            }
            attack = await attack_mode.known(pool)
            swept = await retention.last_at(pool)
            standing = await alerts.standing(pool)
            found = await findings.counts(pool)
    except NO_RESULT as error:
        return {_REFUSES: {(): True}} if refuses(error) else {}
    return {
        _REFUSES: {(): False},
        "activation_codes_sent": {at: each.used for at, each in spent.items()},
        "activation_codes_ceiling": {at: each.limit for at, each in spent.items()},
        "activation_attack_mode": {(): attack is not None},
        "activation_swept_timestamp_seconds": {(): swept.timestamp()} if swept else {},
        "activation_findings": {(kind.value,): found.get(kind, 0) for kind in FindingKind},
        "activation_alert": {(alert.cause,): alert.count for alert in standing},
    }
