"""How many messages with codes may go: to a contact, to a person and, by SMS, over all.

Each purse is counted by itself, so that what one has spent another one still has.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Purse, SpentPurse
from ledger import budgets
from postgres import Connection
from settings import SendBudget

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EVER = datetime.min.replace(tzinfo=UTC)
_OPENS = """
SELECT reserved_at + $3::interval FROM message
WHERE (contact_index = $1 OR person_key = $1) AND purse = $2 AND key LIKE '%:pin:%'
AND reserved_at > now() - $3::interval ORDER BY reserved_at DESC OFFSET $4 LIMIT 1
"""

Bound: TypeAlias = tuple[SpentPurse, str, timedelta, int]
"""Whose limit it is, for which contact or person, in which time, and how many."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class To:
    """Where a message goes, by keyed indexes; nobody may know yet which person's contact it is."""

    channel: Channel
    contact: str
    person: str | None

    @property
    def holders(self) -> list[str]:
        """Whose messages are counted."""
        return [self.contact, self.person] if self.person else [self.contact]


@dataclass(frozen=True)
class Allowance:
    """Without `not_before` a message may go now, charged to `purse`; else `spent` says why not.

    From `kept_at` on the kept one may go; None: it would not help.
    """

    purse: Purse
    not_before: datetime | None = None
    spent: SpentPurse | None = None
    kept_at: datetime | None = None


async def take(
    ledger: Connection, to: To, purse: Purse, budget: SendBudget, now: datetime
) -> Allowance:
    """Find room for one message; the caller holds the locks of contact and person.

    The kept purse is opened only where the ordinary one is empty. Staff's is held back by no limit
    but their own.
    """
    if purse is Purse.STAFF:
        return Allowance(purse, *await _opens(ledger, to, purse, budget))
    opens, spent = await _opens(ledger, to, Purse.ORDINARY, budget)
    if opens:
        kept_at, _ = await _opens(ledger, to, Purse.KEPT, budget)
        if kept_at or purse is Purse.ORDINARY:
            return Allowance(purse, opens, spent, kept_at or now)
    charged = purse if opens else Purse.ORDINARY
    paid_at = await _paid(ledger, budget) if to.channel.paid else None
    return Allowance(charged, paid_at, SpentPurse.INSTITUTION) if paid_at else Allowance(charged)


async def _opens(
    ledger: Connection, to: To, purse: Purse, budget: SendBudget
) -> tuple[datetime | None, SpentPurse | None]:
    """Return when this purse has room again, None for now, and whose limit is spent."""
    closed = [
        (await ledger.fetchval(_OPENS, holder, purse, window, limit - 1), whose)
        for whose, holder, window, limit in _bounds(to, purse, budget)
    ]
    return max(closed, key=lambda each: each[0] or _EVER)


def _bounds(to: To, purse: Purse, budget: SendBudget) -> list[Bound]:
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


async def _paid(ledger: Connection, budget: SendBudget) -> datetime | None:
    """Take one SMS from the institution's own budgets; past one, return when the next opens."""
    for window, limit in ((_HOUR, budget.sms_per_hour), (_DAY, budget.sms_per_day)):
        opens = await budgets.take(ledger, f"sms:{window}", limit=limit, window=window)
        if opens:
            log.warning("SMS budget of the institution is spent", part="sms", outcome="blocked")
            return opens
    return None
