"""Tells operators what keeps activations from going on: one alert a cause, and one when it is over.

Several consoles may look; one acts at a time, and the ledger keeps who was told, so that a restart
repeats nothing. What could not be delivered is tried again at the next look. While the ledger
itself is away each console keeps that one cause in mind. Nothing personal is in an alert.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import asyncpg
import httpx
import structlog
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.mail import Letter, MailRelay
from domain.contracts.requests import Delivery
from domain.contracts.vocabulary import FailureType, Step, WaitReason
from ledger import alerts, parts
from ledger.alerts import Alert
from ledger.parts import Met, Part
from ledger.pool import UNAVAILABLE, Connection, Pool
from settings import Settings
from starter.support import operations
from starter.support.cases import ENGINE_WAITS, OPEN
from translations import N_, translator
from workflows import steps
from workflows.standing import REASON, STEP

TEMPORAL_DOWN = "TEMPORAL_DOWN"
TASK_FAILS = "WORKFLOW_TASK_FAILS"
NO_WORKER = "NO_WORKER"
_EVERY = 30.0
_PATIENCE = timedelta(seconds=5)
_STAFF = steps.REASONS[Step.NEEDS_SUPPORT] - ENGINE_WAITS - {None, WaitReason.HELD}
_QUERIES: Mapping[str, str] = {
    **{reason: f"{REASON.name} = '{reason}'" for reason in sorted(ENGINE_WAITS)},
    **{
        reason: f"{REASON.name} = '{reason}' AND {STEP.name} = '{Step.NEEDS_SUPPORT}'"
        for reason in sorted(filter(None, _STAFF))
    },
    TASK_FAILS: "TemporalReportedProblems IS NOT NULL",
}
_TEXTS = {
    TEMPORAL_DOWN: N_("Temporal does not answer."),
    FailureType.LEDGER_DOWN.value: N_("The engine's database does not answer."),
    TASK_FAILS: N_("The engine itself fails: the workers' logs say where."),
    NO_WORKER: N_("No worker serves a task queue."),
}
_STUCK = N_("Activations cannot go on.")
_OVER = N_("Over:")
_NOT_KEPT: tuple[type[BaseException], ...] = (*UNAVAILABLE, asyncpg.PostgresError)

log = structlog.get_logger(__name__)


async def causes(client: Client) -> dict[str, int]:
    """Return how many activations each cause befalls, and the queues that nobody serves."""

    async def count(condition: str) -> int:
        query = f"{OPEN} AND {condition}"
        return (await client.count_workflows(query, rpc_timeout=_PATIENCE)).count

    counts = await asyncio.gather(*map(count, _QUERIES.values()))
    found = {cause: number for cause, number in zip(_QUERIES, counts, strict=True) if number}
    unserved = {queue.name for queue in await operations.queues(client) if not queue.workers}
    return found | {f"{NO_WORKER} {queue}": 1 for queue in sorted(unserved)}


@dataclass(frozen=True)
class Message:
    """What one channel is told."""

    alert: Alert
    over: bool
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return what the webhook is sent."""
        return {
            "cause": self.alert.cause,
            "state": "over" if self.over else "stands",
            "count": self.alert.count,
            "since": self.alert.since.isoformat(),
            "text": self.text,
        }


class Channel(Protocol):
    name: str

    async def tell(self, message: Message) -> bool:
        """Deliver; False when it has to be tried again."""


class Webhook:
    name = "webhook"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.alerts

    async def tell(self, message: Message) -> bool:
        file = self._settings.webhook_token_file
        try:
            headers = {"Authorization": f"Bearer {file.read_text('utf-8').strip()}"} if file else {}
            async with httpx.AsyncClient(timeout=_PATIENCE.total_seconds()) as http:
                url = self._settings.webhook_url
                answer = await http.post(url, json=message.as_dict(), headers=headers)
        except (httpx.HTTPError, OSError):
            return False
        return answer.is_success


class Mailbox:
    name = "email"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def tell(self, message: Message) -> bool:
        settings = self._settings
        alert = message.alert
        letter = Letter(
            subject=f"{message.text} ({alert.cause})",
            text=f"{message.text}\n\n{alert.cause}: {alert.count}\n{alert.since:%Y-%m-%d %H:%M} UTC"
            f"\n\n{settings.console.public_url}\n",
            html=None,
            language=settings.institution.default_language,
        )
        message_id = f"alert:{alert.cause}:{alert.since.isoformat()}:{message.over}"
        try:
            relay = MailRelay(settings.mail, settings.institution)
            sent = await relay.send(to=settings.alerts.email, letter=letter, message_id=message_id)
        except (ApplicationError, OSError):
            return False
        return sent is Delivery.SENT


def channels(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels that the settings name."""
    named = (
        Webhook(settings) if settings.alerts.webhook_url else None,
        Mailbox(settings) if settings.alerts.email else None,
    )
    return tuple(channel for channel in named if channel)


class Watcher:
    def __init__(self, client: Client, pool: Pool, settings: Settings) -> None:
        self._client = client
        self._pool = pool
        self._channels = channels(settings)
        self._after = timedelta(seconds=settings.alerts.after_seconds)
        self._texts = translator(settings.institution.default_language)
        self._away: Alert | None = None

    async def watch(self) -> None:
        """Look now and then, for ever; no failure of a look ends it."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("alerts could not be looked after")
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """Look once, unless another console does, and tell what has to be told."""
        try:
            # What is told is kept at once, a statement each: to deliver takes its time.
            async with self._pool.acquire() as ledger:
                if not await alerts.alone(ledger):
                    return
                found = await self._found(ledger)
                if self._away:
                    await alerts.adopt(ledger, self._away)
                await alerts.note(ledger, found)
                for alert in await alerts.settled(ledger, self._after):
                    await self._settle(ledger, alert)
            self._away = None
        except _NOT_KEPT:
            await self._tell_without_ledger()

    async def _found(self, ledger: Connection) -> dict[str, int]:
        """Return what stands; with Temporal away what stood, and that."""
        now = datetime.now(UTC)
        met = Met(Part.TEMPORAL, now.replace(second=0, microsecond=0))
        try:
            found = await causes(self._client)
            met.done, met.last_done = 1, now
        except operations.AWAY:
            stood = {alert.cause: alert.count for alert in await alerts.standing(ledger)}
            found = stood | {TEMPORAL_DOWN: 1}
            met.failed, met.last_failed, met.failure = 1, now, TEMPORAL_DOWN
        await parts.add(self._pool, [met])
        return found

    async def _settle(self, ledger: Connection, alert: Alert) -> None:
        over = alert.gone_at is not None
        for channel in self._channels:
            if (channel.name in alert.told) is not over:
                continue
            if await channel.tell(self._message(alert, over=over)):
                note = alerts.tell_over if over else alerts.tell
                await note(ledger, alert.cause, channel.name)
        if over:
            # Who is no longer asked to be told need not hear the end.
            for name in {*alert.told} - {channel.name for channel in self._channels}:
                await alerts.tell_over(ledger, alert.cause, name)

    async def _tell_without_ledger(self) -> None:
        now = datetime.now(UTC)
        away = self._away = self._away or Alert(FailureType.LEDGER_DOWN.value, 1, now)
        if now - away.since < self._after:
            return
        for channel in self._channels:
            if channel.name not in away.told and await channel.tell(
                self._message(away, over=False)
            ):
                away = self._away = replace(away, told=(*away.told, channel.name))

    def _message(self, alert: Alert, *, over: bool) -> Message:
        say = self._texts.gettext
        text = say(_TEXTS.get(alert.cause.split(" ")[0], _STUCK))
        return Message(alert, over, f"{say(_OVER)} {text}" if over else text)
