"""Invitations of campaigns: one row a student and message, and what became of it.

A message is claimed before it is handed over, and is not handed over a second time unless the
gateway deduplicates; rows whose result stays unknown are listed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import asyncpg

from domain.campaigns import InvitationState, NotInvited
from domain.contracts.campaigns import Recipient
from domain.contracts.vocabulary import Language
from ledger.messages import contact_index
from postgres import Connection, Pool
from security import receipt_tokens
from security.keys import KeyRing

NOT_TOLD = "not_told"
"""Stands among the receipts for messages of which the gateway has told no result."""
_ADD = """
INSERT INTO invitation (campaign, person_key, enrolment, department)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::text[]) ON CONFLICT DO NOTHING
"""
_REACHED = "state IN ('sending', 'sent', 'undeliverable', 'in_doubt')"
_INVITED = (
    "SELECT DISTINCT person_key FROM invitation"  # noqa: S608 - a constant
    f" WHERE person_key = ANY($1) AND {_REACHED} AND claimed_at > now() - $2::interval"
)
_NEXT = """
SELECT id, person_key, enrolment, round FROM invitation
WHERE campaign = $1 AND state = 'planned' AND person_key <> '' ORDER BY round, tries, id LIMIT $2
"""
_USED = (
    "SELECT DISTINCT contact_index FROM invitation"  # noqa: S608 - a constant
    f" WHERE campaign = $1 AND round = $2 AND contact_index = ANY($3) AND {_REACHED}"
)
_UNANSWERED = """
UPDATE invitation SET state = CASE WHEN channel = ANY($3) THEN 'planned' ELSE 'in_doubt' END,
    finished_at = CASE WHEN channel = ANY($3) THEN NULL ELSE now() END
WHERE campaign = $1 AND state = 'sending' AND claimed_at < now() - $2::interval
"""
_REMIND = """
INSERT INTO invitation (campaign, round, person_key, enrolment, department)
SELECT campaign, 2, person_key, enrolment, department FROM invitation
WHERE campaign = $1 AND round = 1 AND state = 'sent' AND person_key <> ''
    AND finished_at < now() - $2::interval
ON CONFLICT DO NOTHING
"""
_STILL = """
SELECT min(at) FROM (
    SELECT claimed_at + $3::interval AS at FROM invitation WHERE campaign = $1 AND state = 'sending'
    UNION ALL SELECT finished_at + $2::interval FROM invitation i
    WHERE campaign = $1 AND round = 1 AND state = 'sent' AND person_key <> '' AND NOT EXISTS (
        SELECT FROM invitation n
        WHERE n.campaign = $1 AND n.round = 2 AND n.person_key = i.person_key
    )
) AS open
"""
_SPOKEN = """
SELECT DISTINCT ON (key) key, started_at, language FROM (
    SELECT person_key AS key, started_at, language FROM activation WHERE person_key = ANY($1)
    UNION ALL SELECT mobile_index, started_at, language FROM activation
        WHERE mobile_index = ANY($2) AND person_key IS NULL
    UNION ALL SELECT email_index, started_at, language FROM activation
        WHERE email_index = ANY($2) AND person_key IS NULL
) AS theirs ORDER BY key, started_at DESC
"""

_COUNTS = """
SELECT round, i.state, why, count(*) AS number,
    CASE WHEN i.state IN ('sent', 'in_doubt') AND message_index <> '' THEN
        CASE WHEN r.state IN ('delivered', 'expired', 'failed') THEN r.state ELSE $2 END
    END AS receipt
FROM invitation i LEFT JOIN receipt r USING (message_index)
WHERE campaign = $1 AND ($3::text[] IS NULL OR department = ANY($3))
GROUP BY round, i.state, why, receipt ORDER BY round, i.state, why, receipt
"""


class PlannedInvitation(NamedTuple):
    """A student to whom a message is due: a row of the registrar by system and number."""

    id: int
    person_key: str
    enrolment: str
    round: int


class Spoken(NamedTuple):
    """In which language an activation was begun, and when."""

    started_at: datetime
    language: Language


class Claim(StrEnum):
    """The answer to a claim; `halt`: nothing of this campaign may be sent now."""

    CLAIMED = "claimed"
    SKIPPED = "skipped"
    TAKEN = "taken"
    HALT = "halt"


@dataclass(frozen=True)
class InvitationCount:
    """How many invitations are in a state; `receipts`: what is told of those handed over."""

    round: int
    state: InvitationState
    why: str | None
    number: int
    receipts: Mapping[str, int]


def message_key(invitation: int) -> str:
    """Return the key of an invitation's message, the same for each try."""
    return f"invitation:{invitation}"


async def add(
    ledger: Connection, keys: KeyRing, campaign: str, students: Collection[tuple[str, str, str]]
) -> None:
    """Plan invitations for these person keys with their enrolments and departments."""
    persons = [person for person, _, _ in students]
    boxes = [keys.encrypt("invitation", person, enrolment) for person, enrolment, _ in students]
    departments = [department for _, _, department in students]
    await ledger.execute(_ADD, campaign, persons, boxes, departments)


async def invited_within(pool: Connection, persons: Sequence[str], within: timedelta) -> set[str]:
    """Return the persons to whom any campaign sent a message lately, or may have."""
    return {person for (person,) in await pool.fetch(_INVITED, persons, within)}


async def following(pool: Pool, keys: KeyRing, campaign: str, most: int) -> list[PlannedInvitation]:
    """Return who is due, those first to whom it was tried least often."""
    return [
        PlannedInvitation(
            row["id"],
            row["person_key"],
            keys.decrypt("invitation", row["person_key"], row["enrolment"]),
            row["round"],
        )
        for row in await pool.fetch(_NEXT, campaign, most)
    ]


async def used(pool: Pool, campaign: str, in_round: int, contacts: Sequence[str]) -> set[str]:
    """Return to which of these contacts' indexes a message of this round went."""
    rows = await pool.fetch(_USED, campaign, in_round, contacts)
    return {contact for (contact,) in rows}


async def skip(pool: Pool, invitation: int, why: NotInvited) -> None:
    await pool.execute(
        "UPDATE invitation SET state = 'skipped', why = $2, finished_at = now()"
        " WHERE id = $1 AND state = 'planned'",
        invitation,
        why,
    )


async def end_unanswered(
    pool: Pool, campaign: str, after: timedelta, again: Collection[str]
) -> None:
    """End what was claimed so long ago: in doubt, or due again by the channels of `again`."""
    await pool.execute(_UNANSWERED, campaign, after, again)


async def plan_reminders(pool: Pool, campaign: str, after: timedelta) -> None:
    """Plan the reminders that are due."""
    await pool.execute(_REMIND, campaign, after)


async def open_until(
    pool: Pool, campaign: str, remind_after: timedelta | None, unanswered: timedelta
) -> datetime | None:
    """Return when something may next be due though nothing is now; None: nothing ever."""
    at: datetime | None = await pool.fetchval(_STILL, campaign, remind_after, unanswered)
    return at


async def spoken(
    pool: Pool, persons: Collection[str], contacts: Collection[str]
) -> dict[str, Spoken]:
    """Return by person key, or contact's index, the newest activation that was begun with it."""
    rows = await pool.fetch(_SPOKEN, persons, contacts)
    return {key: Spoken(at, Language(language)) for key, at, language in rows}


async def claim(
    pool: Pool,
    keys: KeyRing,
    recipient: Recipient,
    *,
    parts: int,
    until: datetime | None,
    apart: timedelta,
) -> Claim:
    """Claim a message just before it is handed over, unless this person must not get it."""
    claimed = await pool.fetchval(
        "SELECT claim_invitation($1, $2, $3, $4, $5, $6, $7, $8)",
        recipient.invitation,
        recipient.destination.channel,
        contact_index(keys, recipient.destination),
        receipt_tokens.index_of(keys, message_key(recipient.invitation)),
        recipient.other_keys,
        parts,
        until,
        apart,
    )
    return Claim(claimed)


async def settle(pool: Pool, invitation: int, result: InvitationState) -> None:
    """Record the result of a claimed message; `planned`: it was certainly not sent."""
    await pool.execute("SELECT settle_invitation($1, $2)", invitation, result)


async def counts(
    ledger: Connection, campaign: str, departments: Collection[str] | None = None
) -> list[InvitationCount]:
    """Count the invitations of these departments' students; None: of all."""
    rows = await ledger.fetch(_COUNTS, campaign, NOT_TOLD, departments)
    return [
        _count(of, list(told))
        for of, told in groupby(rows, lambda row: (row["round"], row["state"], row["why"]))
    ]


def _count(of: tuple[int, str, str | None], rows: Sequence[asyncpg.Record]) -> InvitationCount:
    number = sum(row["number"] for row in rows)
    receipts = {row["receipt"]: row["number"] for row in rows if row["receipt"]}
    return InvitationCount(of[0], InvitationState(of[1]), of[2], number, receipts)


async def in_doubt(ledger: Connection, keys: KeyRing, campaign: str) -> list[str]:
    """Return the enrolments of those of whom nobody knows whether the message arrived.

    Of a stopped campaign also those to whom it was being sent.
    """
    rows = await ledger.fetch(
        "SELECT person_key, enrolment FROM invitation i JOIN campaign c ON c.id = campaign"
        " WHERE campaign = $1 AND person_key <> ''"
        " AND (state = 'in_doubt' OR state = 'sending' AND stopped_at IS NOT NULL) ORDER BY i.id",
        campaign,
    )
    return [keys.decrypt("invitation", row["person_key"], row["enrolment"]) for row in rows]
