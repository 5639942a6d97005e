"""Rate limits of messages with codes: each purse by contact, by person and, for SMS, over all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Purse, SpentPurse
from ledger import budgets
from postgres import Connection
from settings.rules import SendBudget

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_ALLOWED_AT = """
SELECT (
    SELECT reserved_at + span FROM message
    WHERE (contact_index = holder OR person_key = holder) AND purse = $1 AND key LIKE '%:pin:%'
    AND reserved_at > now() - span ORDER BY reserved_at DESC OFFSET before LIMIT 1
) FROM unnest($2::text[], $3::interval[], $4::integer[])
    WITH ORDINALITY AS bounds (holder, span, before, place) ORDER BY place
"""

Bound: TypeAlias = tuple[SpentPurse, str, timedelta, int]
"""One rate limit: whose it is, the contact or person that is counted, the window, the maximum."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class To:
    """Destination of a message, by keyed indexes; `person` None: not known yet whose contact."""

    channel: Channel
    contact: str
    person: str | None

    @property
    def holders(self) -> list[str]:
        """Return the contact and the person whose messages are counted."""
        return [self.contact, self.person] if self.person else [self.contact]


@dataclass(frozen=True)
class Allowance:
    """The answer of the rate limits: without `not_before` a message may go now, charged to `purse`.

    `spent` is whose limit refuses it until then. `kept_at` is when a message charged to the kept
    purse may go; None: that purse would not help.
    """

    purse: Purse
    not_before: datetime | None = None
    spent: SpentPurse | None = None
    kept_at: datetime | None = None


async def take(
    ledger: Connection, to: To, purse: Purse, budget: SendBudget, now: datetime
) -> Allowance:
    """Apply the rate limits to one message; the caller holds the locks of contact and person.

    The kept purse is used only where the ordinary one is spent. The purse of staff has no limit but
    its own.
    """
    if purse is Purse.STAFF:
        return Allowance(purse, *await _allowed_at(ledger, to, purse, budget))
    opens, spent = await _allowed_at(ledger, to, Purse.ORDINARY, budget)
    if opens:
        kept_at, _ = await _allowed_at(ledger, to, Purse.KEPT, budget)
        if kept_at or purse is Purse.ORDINARY:
            return Allowance(purse, opens, spent, kept_at or now)
    charged = purse if opens else Purse.ORDINARY
    free_at = await _count_paid(ledger, budget) if to.channel.paid else None
    return Allowance(charged, free_at, SpentPurse.INSTITUTION) if free_at else Allowance(charged)


async def _allowed_at(
    ledger: Connection, to: To, purse: Purse, budget: SendBudget
) -> tuple[datetime | None, SpentPurse | None]:
    """Return when this purse allows a message (None: now), and whose limit is spent."""
    whose, holders, windows, limits = zip(*_limits(to, purse, budget), strict=True)
    before = [limit - 1 for limit in limits]
    rows = await ledger.fetch(_ALLOWED_AT, purse, holders, windows, before)
    closed = zip((row[0] for row in rows), whose, strict=True)
    return max(closed, key=lambda each: each[0] or _EARLIEST)


def _limits(to: To, purse: Purse, budget: SendBudget) -> list[Bound]:
    contact, person = SpentPurse.CONTACT, SpentPurse.PERSON
    match purse:
        case Purse.STAFF:
            return [(contact, to.contact, _HOUR, budget.staff_per_hour)]
        case Purse.KEPT:
            return [
                (contact, to.contact, _HOUR, budget.kept_per_hour),
                (contact, to.contact, _DAY, budget.kept_per_day),
            ]
    bounds = [
        (contact, to.contact, _HOUR, budget.per_hour),
        (contact, to.contact, _DAY, budget.per_day),
    ]
    return [*bounds, (person, to.person, _DAY, budget.per_person_day)] if to.person else bounds


async def _count_paid(ledger: Connection, budget: SendBudget) -> datetime | None:
    """Count one SMS of the institution; over its limit, return when the next window opens."""
    for window, limit in ((_HOUR, budget.sms_per_hour), (_DAY, budget.sms_per_day)):
        opens = await budgets.take(ledger, f"sms:{window}", limit=limit, window=window)
        if opens:
            log.warning("SMS budget of the institution is spent", part="sms", outcome="blocked")
            return opens
    return None
