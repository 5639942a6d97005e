"""Alerts operators to what blocks activations: once for each cause, and once when it has ended.

Several processes may poll; leader election by a lock of the ledger lets one of them
send. The ledger keeps which channels were notified, so a restart repeats nothing. A failed
delivery is logged and retried at the next poll; a failing channel is itself a cause, sent by the
other channels. While the ledger is away or refuses a statement, each process remembers in memory
which channels it notified of that and of Temporal's absence. An alert holds no personal data.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client

from domain.contracts.vocabulary import FailureType, Step, System, WaitReason
from domain.findings import NEEDS_NOBODY
from ledger import alerts, attack_mode, findings, parts, refusals, retention
from ledger.alerts import Alert
from ledger.parts import CallCounts
from postgres import NO_RESULT, Connection, Pool
from settings import Settings
from starter.client.certificates import CertificateWatch
from starter.client.connect import NO_ANSWER
from starter.client.health import temporal_answers
from starter.client.pending_retries import PROBLEMS
from support.verbs import operations, staff_limits, windows
from support.verbs.alert_channels import AlertMessage, channels, deliver
from support.verbs.cases import ENGINE_WAITS, OPEN
from support.verbs.head_letters import BEHIND, CAUSES, UNSENT, HeadLetters
from support.verbs.heartbeat import Heartbeat
from support.verbs.system_texts import TEXTS
from translations import N_, translator
from workflows import steps
from workflows.search_attributes import REASON, STEP

TEMPORAL_DOWN = "TEMPORAL_DOWN"
TASK_FAILS = "WORKFLOW_TASK_FAILS"
NO_WORKER = "NO_WORKER"
LEDGER_REFUSES = "LEDGER_REFUSES"
ALERTS_FAIL = operations.ALERTS_FAIL
ATTACK = "ATTACK_MODE"
SWEEP_LATE = "SWEEP_LATE"
CERTIFICATE_ENDS = "CERTIFICATE_ENDS"
FINDINGS = "FINDINGS_STAND"
USED = "BUDGET_USED"
_ALL = 100
_SHARES = (50, 80, _ALL)
"""The shares of a ceiling, in per cent, from which on operators are told."""
STAFF = "STAFF_STOPPED"
SMS_BUDGET = "SMS_BUDGET_SPENT"
_EVERY = 30.0
_STAFF = steps.REASONS[Step.NEEDS_SUPPORT] - ENGINE_WAITS - {None, WaitReason.HELD}
_QUERIES: Mapping[str, str] = {
    **{reason: f"{REASON.name} = '{reason}'" for reason in sorted(ENGINE_WAITS)},
    **{
        reason: f"{REASON.name} = '{reason}' AND {STEP.name} = '{Step.NEEDS_SUPPORT}'"
        for reason in sorted(filter(None, _STAFF))
    },
    TASK_FAILS: f"{PROBLEMS.name} IS NOT NULL",
}
_TEXTS = {
    TEMPORAL_DOWN: TEXTS[System.TEMPORAL].away,
    FailureType.LEDGER_DOWN.value: N_("The engine's database does not answer."),
    LEDGER_REFUSES: N_(
        "The engine's database refuses the process of the alerts, which can report"
        " nothing else: run `activation ledger migrate` and `activation ledger roles`,"
        " and see its log."
    ),
    TASK_FAILS: N_("The engine itself fails: the workers' logs say where."),
    NO_WORKER: N_("No worker serves a task queue."),
    ALERTS_FAIL: N_("Alerts are not delivered by one of their channels."),
    ATTACK: N_("Somebody seems to guess codes or contacts: attack mode is on."),
    SWEEP_LATE: N_("Personal data are kept too long: the hourly deletion has stopped."),
    CERTIFICATE_ENDS: N_("A certificate expires soon, or has expired: have it renewed."),
    FINDINGS: N_(
        "Ledger, directory and Temporal disagree where nothing corrects it: see"
        " `activation support findings`."
    ),
    USED: N_("Messages have reached a share (per cent) of the university's limit."),
    STAFF: N_(
        "One of staff has searched, looked up, decoded or listed too much: the audit says who."
    ),
    SMS_BUDGET: N_("The university's limit of SMS is reached for now."),
    UNSENT: N_("The day's head of the audit is not delivered by one of the channels."),
    BEHIND: N_("The audit ends before a head that was sent: rows were removed."),
}
_OWN = {
    *(ALERTS_FAIL, ATTACK, SWEEP_LATE, CERTIFICATE_ENDS, FINDINGS, SMS_BUDGET, STAFF, USED),
    *CAUSES,
}
"""The causes of which Temporal knows nothing."""
_STUCK = N_("Activations cannot continue.")
_OVER = N_("Over:")

log = structlog.get_logger(__name__)


async def causes(client: Client) -> dict[str, int]:
    """Return the number of activations blocked by each cause, and task queues without a worker."""
    queries = (f"{OPEN} AND {condition}" for condition in _QUERIES.values())
    counts = await asyncio.gather(*(windows.count(client, query) for query in queries))
    found = {cause: number for cause, number in zip(_QUERIES, counts, strict=True) if number}
    unserved = {queue.name for queue in await operations.queues(client) if not queue.workers}
    return found | {f"{NO_WORKER} {queue}": 1 for queue in sorted(unserved)}


@dataclass
class _Away:
    """An outage seen without the ledger: since when, and which channels were notified."""

    alert: Alert
    told: list[str] = field(default_factory=list)
    noticed: float = field(default_factory=time.monotonic)

    @property
    def stood(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.noticed)


class Watcher:
    def __init__(self, client: Client, pool: Pool, settings: Settings) -> None:
        self._client = client
        self._pool = pool
        self._limits = settings.send_budget
        self._channels = channels(settings)
        self._heads = HeadLetters(settings)
        self._heartbeat = Heartbeat(settings.alerts)
        self.certificates = CertificateWatch(settings)
        self._after = timedelta(seconds=settings.alerts.after_seconds)
        self._texts = translator(settings.institution.default_language)
        self._away: dict[str, _Away] = {}

    async def watch(self) -> None:
        """Poll for ever at an interval; a failed poll does not end the loop."""
        while True:
            await self.poll()
            await asyncio.sleep(_EVERY)

    async def poll(self) -> None:
        """Poll once; the monitor is told unless that failed."""
        try:
            if await self.look():
                await self._heartbeat.beat()
        except Exception:
            log.exception("alerts could not be looked after")

    async def look(self) -> bool:
        """Poll once and send the alerts that are due, unless another process is the leader.

        Returns whether it looked, and some channel takes alerts or none is configured.
        """
        try:
            # Autocommit: deliveries are slow, and each must be recorded as soon as it is made.
            async with alerts.leading(self._pool) as leads, self._pool.acquire() as ledger:
                if not leads:
                    return False
                await alerts.write_megabyte(ledger)
                found = await self._found(ledger)
                for away in self._away.values():
                    await alerts.adopt(ledger, away.alert.cause, away.told, away.stood)
                await alerts.note(ledger, found)
                for alert in await alerts.settled(ledger, self._after):
                    await self._settle(ledger, alert)
                failing = {
                    each.name for each in await alerts.channels(ledger) if each.failing_since
                }
            self._away = {}
            return not self._channels or any(each.name not in failing for each in self._channels)
        except NO_RESULT as error:
            refused = refusals.refuses(error)
            await self._tell_without_ledger(LEDGER_REFUSES if refused else FailureType.LEDGER_DOWN)
            told = [away.told for away in self._away.values() if away.stood >= self._after]
            return not self._channels or all(told)

    async def _found(self, ledger: Connection) -> dict[str, int]:
        """Return the current causes; with Temporal away, the last known ones and that outage."""
        now = time.monotonic()
        met = CallCounts(System.TEMPORAL, now)
        try:
            found = await causes(self._client)
            met.done, met.last_done = 1, now
        except NO_ANSWER:
            stood = {alert.cause: alert.count for alert in await alerts.standing(ledger)}
            found = {cause: count for cause, count in stood.items() if cause.split()[0] not in _OWN}
            found[TEMPORAL_DOWN] = 1
            met.failed, met.last_failed, met.failure = 1, now, TEMPORAL_DOWN
        await parts.add(self._pool, [met])
        ours = {channel.name for channel in self._channels}
        failing = [each.name for each in await alerts.channels(ledger) if each.failing_since]
        found |= {f"{ALERTS_FAIL} {name}": 1 for name in failing if name in ours}
        if await attack_mode.known(ledger):
            found[ATTACK] = 1
        if await retention.is_late(ledger):
            found[SWEEP_LATE] = 1
        found |= {f"{CERTIFICATE_ENDS} {system}": 1 for system in self.certificates.soon()}
        stand = await findings.counts(ledger)
        if for_staff := sum(stand[kind] for kind in stand.keys() - NEEDS_NOBODY):
            found[FINDINGS] = for_staff
        stopped = await staff_limits.stopped(ledger)
        found |= {f"{STAFF} {what}": number for what, number in stopped.items()}
        return found | await self._heads.send(ledger) | await self._spending(ledger)

    async def _spending(self, ledger: Connection) -> dict[str, int]:
        """Return a cause for each share of a ceiling that messages have reached."""
        found: dict[str, int] = {}
        for kind in ("sms", "mail"):
            ceilings = await operations.spent(ledger, self._limits, paid=kind == "sms")
            most = max(each.percent for each in ceilings)
            found |= {f"{USED} {kind} {share}": 1 for share in _SHARES if share <= most}
            if kind == "sms" and most >= _ALL:
                found[SMS_BUDGET] = 1
        return found

    async def _settle(self, ledger: Connection, alert: Alert) -> None:
        over = alert.gone_at is not None
        for channel in self._channels:
            if (channel.name in alert.told) is not over:
                continue
            failure = await deliver(channel, self._message(alert, over=over))
            if failure:
                await alerts.failed(ledger, channel.name, failure)
                continue
            note = alerts.tell_over if over else alerts.tell
            await note(ledger, alert.cause, channel.name)
            await alerts.delivered(ledger, channel.name)
        if over:
            # A channel that was removed from the settings is not told that the cause ended.
            for name in {*alert.told} - {channel.name for channel in self._channels}:
                await alerts.tell_over(ledger, alert.cause, name)

    async def _tell_without_ledger(self, cause: str) -> None:
        """Alert that the ledger gives no result, and perhaps Temporal; deduplicate in memory."""
        found = {str(cause)}
        if not await temporal_answers(self._client):
            found.add(TEMPORAL_DOWN)
        self._away = {
            cause: self._away.get(cause) or _Away(Alert(cause, 1, datetime.now(UTC)))
            for cause in sorted(found | {each for each, away in self._away.items() if away.told})
        }
        for away in self._away.values():
            if away.stood < self._after:
                continue
            for channel in self._channels:
                if channel.name in away.told:
                    continue
                if await deliver(channel, self._message(away.alert, over=False)) is None:
                    away.told.append(channel.name)

    def _message(self, alert: Alert, *, over: bool) -> AlertMessage:
        say = self._texts.gettext
        text = say(_TEXTS.get(alert.cause.split(" ")[0], _STUCK))
        return AlertMessage(alert, over, f"{say(_OVER)} {text}" if over else text)
