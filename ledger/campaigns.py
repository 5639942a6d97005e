"""Campaigns: what staff prepared, started and stopped, and the SMS budget of all of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg

from domain.campaigns import QuietHours, StopCause
from postgres import Connection, Pool, exists

_START = "SELECT pg_advisory_xact_lock(hashtext('campaign start'))"
_PROMISED = """
SELECT coalesce(sum(CASE WHEN stopped_at IS NULL AND ended_at IS NULL THEN sms_parts
    ELSE parts_spent END), 0)
FROM campaign WHERE started_at > now() - $1::interval
"""


@dataclass(frozen=True)
class CampaignPlan:
    """What staff decide: `channels` by preference, `sms_parts` at most, one reminder or none."""

    departments: Sequence[str]
    channels: Sequence[str]
    per_minute: int
    quiet: QuietHours
    remind_after: timedelta | None
    sms_parts: int


@dataclass(frozen=True)
class CampaignRow:
    """A campaign; `left_out` counts by reason who was not planned when it was prepared."""

    id: str
    plan: CampaignPlan
    parts_spent: int
    left_out: Mapping[str, int]
    prepared_at: datetime
    started_at: datetime | None
    stopped_at: datetime | None
    stopped_why: str | None
    ended_at: datetime | None

    @property
    def over(self) -> bool:
        return bool(self.stopped_at or self.ended_at)


class Started(StrEnum):
    """The answer to a start; `over_total`: all campaigns together would send too many parts."""

    STARTED = "started"
    OVER = "over"
    OVER_TOTAL = "over_total"


async def create(ledger: Connection, campaign: str, plan: CampaignPlan) -> None:
    await ledger.execute(
        "INSERT INTO campaign (id, departments, channels, per_minute, quiet_from, quiet_until,"
        " remind_after, sms_parts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        campaign,
        plan.departments,
        plan.channels,
        plan.per_minute,
        plan.quiet.begin,
        plan.quiet.end,
        plan.remind_after,
        plan.sms_parts,
    )


async def note_planned(
    ledger: Connection, campaign: str, left_out: Mapping[str, int], sms_parts: int
) -> None:
    """Record at the end of the preparation who was left out, and how many parts may be sent."""
    await ledger.execute(
        "UPDATE campaign SET left_out = $2, sms_parts = $3 WHERE id = $1",
        campaign,
        json.dumps(left_out),
        sms_parts,
    )


async def start(pool: Pool, campaign: str, *, apart: timedelta, total: int) -> Started:
    """Start a prepared campaign (idempotent) if the budget of all campaigns has its parts left."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_START)
        now = await read(connection, campaign)
        if now is None or now.over:
            return Started.OVER
        if now.started_at is None:
            promised = await connection.fetchval(_PROMISED, apart)
            if promised + now.plan.sms_parts > max(total, 0):
                return Started.OVER_TOTAL
            await connection.execute(
                "UPDATE campaign SET started_at = now() WHERE id = $1", campaign
            )
    return Started.STARTED


async def stop(ledger: Connection, campaign: str) -> bool:
    """Stop a campaign: no message goes from now on. Return False if it was over before."""
    stopped = await ledger.fetchval(
        "UPDATE campaign SET stopped_at = now(), stopped_why = $2"
        " WHERE id = $1 AND stopped_at IS NULL AND ended_at IS NULL RETURNING true",
        campaign,
        StopCause.STAFF,
    )
    return stopped is True


async def end(ledger: Connection, campaign: str) -> None:
    await ledger.execute(
        "UPDATE campaign SET ended_at = now() WHERE id = $1 AND ended_at IS NULL", campaign
    )


async def read(ledger: Connection, campaign: str) -> CampaignRow | None:
    row = await ledger.fetchrow("SELECT * FROM campaign WHERE id = $1", campaign)
    return _campaign(row) if row else None


async def newest(
    ledger: Connection, most: int, departments: Collection[str] | None = None
) -> list[CampaignRow]:
    """Return the newest campaigns that have one of these departments; None: of all."""
    rows = await ledger.fetch(
        "SELECT * FROM campaign WHERE $2::text[] IS NULL OR departments && $2"
        " ORDER BY prepared_at DESC LIMIT $1",
        most,
        departments,
    )
    return [_campaign(row) for row in rows]


async def restored_since(ledger: Connection, within: timedelta) -> bool:
    """Whether the ledger was restored lately, so that some who were invited may not be known."""
    return await exists(ledger, "restored WHERE at > now() - $1::interval", within)


def _campaign(row: asyncpg.Record) -> CampaignRow:
    told = dict(row)
    plan = CampaignPlan(
        tuple(told.pop("departments")),
        tuple(told.pop("channels")),
        told.pop("per_minute"),
        QuietHours(told.pop("quiet_from"), told.pop("quiet_until")),
        told.pop("remind_after"),
        told.pop("sms_parts"),
    )
    return CampaignRow(plan=plan, left_out=json.loads(told.pop("left_out")), **told)
