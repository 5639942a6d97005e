"""Reads the engine's health: outside systems, task queues, SMS budget, pause and alerts.

When the ledger or Temporal is away, the result says so and holds what the other one knows.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client

from domain.contracts.vocabulary import System
from ledger import alerts, allowances, attack_mode, budgets, parts, pauses, retention
from ledger.alerts import Alert, AlertDelivery
from ledger.parts import DependencyHealth
from ledger.pauses import Pause
from postgres import UNAVAILABLE, Connection
from settings.rules import SendBudget
from starter.client.connect import NO_ANSWER
from support.verbs import alert_channels, pollers
from support.verbs.staff import Action, StaffContext
from support.verbs.system_texts import TEXTS
from translations import N_
from web import times

ALERTS_FAIL = "ALERTS_FAIL"
"""The alert cause, followed by a channel's name, for a channel that fails to deliver."""
WITHIN = timedelta(minutes=15)
LABELS: Mapping[System, str] = {system: text.name for system, text in TEXTS.items()}
CHANNELS: Mapping[str, str] = {"webhook": N_("Webhook"), "email": N_("E-mail")}


@dataclass(frozen=True)
class Queue:
    """A task queue: `waiting` tasks, the oldest for `age` seconds, and `workers` that poll it."""

    name: str
    kind: str
    waiting: int
    age: float
    workers: int


@dataclass(frozen=True)
class SpentBudget:
    """Messages sent in the last hour or day, and the institution's limit."""

    window: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return 100 * self.used // self.limit


@dataclass(frozen=True)
class OperationState:
    """The health; `queues` is None while Temporal is away, the rest is empty without the ledger."""

    ledger: bool
    parts: tuple[DependencyHealth, ...]
    temporal: bool = False
    queues: tuple[Queue, ...] | None = None
    sms: tuple[SpentBudget, ...] = ()
    mail: tuple[SpentBudget, ...] = ()
    attack_since: datetime | None = None
    swept_at: datetime | None = None
    pause: Pause | None = None
    alerts: tuple[Alert, ...] = ()
    alert_channels: tuple[AlertDelivery, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the shape that `support operations --json` promises."""
        told = [asdict(part) | {"error_rate": part.error_rate} for part in self.parts]
        return asdict(self) | {"parts": told}


async def state(ctx: StaffContext) -> OperationState:
    """Return the engine's health now; raises `NotAllowed`."""
    ctx.staff.check(Action.OPERATE)
    queues, known = await asyncio.gather(_queues(ctx.client), _known(ctx))
    return replace(known, temporal=queues is not None, queues=queues)


async def _known(ctx: StaffContext) -> OperationState:
    """Return what the ledger knows of the engine's health."""
    try:
        standing = await parts.standing(ctx.pool, WITHIN)
        return OperationState(
            ledger=True,
            parts=tuple(standing.get(part, DependencyHealth(part)) for part in System),
            sms=await spent(ctx.pool, ctx.settings.send_budget, paid=True),
            mail=await spent(ctx.pool, ctx.settings.send_budget, paid=False),
            attack_since=await attack_mode.known(ctx.pool),
            swept_at=await retention.last_at(ctx.pool),
            pause=await pauses.current(ctx.pool),
            alerts=tuple(
                alert
                for alert in await alerts.standing(ctx.pool)
                if not alert.cause.startswith(ALERTS_FAIL)
            ),
            alert_channels=tuple(await _channels(ctx)),
        )
    except UNAVAILABLE:
        return OperationState(ledger=False, parts=tuple(map(DependencyHealth, System)))


async def _channels(ctx: StaffContext) -> list[AlertDelivery]:
    """Return the delivery state of each configured alert channel, including unused ones."""
    used = {channel.name: channel for channel in await alerts.channels(ctx.pool)}
    named = [channel.name for channel in alert_channels.channels(ctx.settings)]
    return [used.get(name, AlertDelivery(name, None, None, None, None)) for name in named]


async def spent(ledger: Connection, limits: SendBudget, *, paid: bool) -> tuple[SpentBudget, ...]:
    """Return the SMS, or other messages, of the last hour and day against their limits."""
    bounds = zip(("hour", "day"), allowances.ceilings(limits, paid=paid), strict=True)
    return tuple(
        [
            SpentBudget(name, await budgets.used(ledger, bound.bucket), bound.most)
            for name, bound in bounds
        ]
    )


async def _queues(client: Client) -> tuple[Queue, ...] | None:
    try:
        async with asyncio.timeout(times.CONSOLE_RPC.total_seconds()):
            return await queues(client)
    except NO_ANSWER:
        return None


async def queues(client: Client) -> tuple[Queue, ...]:
    """Return the state of every task queue from Temporal; needs no worker."""
    told, now = await asyncio.gather(pollers.described(client), pollers.now(client))
    return tuple(
        Queue(
            name=name,
            kind="workflows" if kind == pollers.WORKFLOWS else "activities",
            waiting=queue.stats.approximate_backlog_count,
            age=queue.stats.approximate_backlog_age.ToTimedelta().total_seconds(),
            workers=pollers.workers(queue, now),
        )
        for (name, kind), queue in told.items()
    )
