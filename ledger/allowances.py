"""How many messages with codes may go: to a contact, to a person and, by SMS, over all.

Each purse is counted by itself, so that what one has spent another one still has.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from domain.contracts.vocabulary import Channel, Purse, Spent
from ledger import budgets
from ledger.pool import Connection
from settings import SendBudget

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EVER = datetime.min.replace(tzinfo=UTC)
_OPENS = """
SELECT reserved_at + $3::interval FROM message
WHERE (contact_index = $1 OR person_key = $1) AND purse = $2 AND key LIKE '%:pin:%'
AND reserved_at > now() - $3::interval ORDER BY reserved_at DESC OFFSET $4 LIMIT 1
"""

Bound: TypeAlias = tuple[Spent, str, timedelta, int]
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
    """Without `not_before` a message may go now, charged to `purse`; else `spent` says why not."""

    purse: Purse
    not_before: datetime | None = None
    spent: Spent | None = None


async def take(ledger: Connection, to: To, purse: Purse, budget: SendBudget) -> Allowance:
    """Find room for one message; the caller holds the locks of contact and person.

    Staff's is held back by no limit but their own.
    """
    opens, spent = await _opens(ledger, to, purse, budget)
    if opens is None and to.channel is Channel.SMS and purse is not Purse.STAFF:
        opens, spent = await _paid(ledger, budget), Spent.INSTITUTION
    return Allowance(purse, opens, spent) if opens else Allowance(purse)


async def _opens(
    ledger: Connection, to: To, purse: Purse, budget: SendBudget
) -> tuple[datetime | None, Spent | None]:
    """Return when this purse has room again, None for now, and whose limit is spent."""
    closed = [
        (await ledger.fetchval(_OPENS, holder, purse, window, limit - 1), whose)
        for whose, holder, window, limit in _bounds(to, purse, budget)
    ]
    return max(closed, key=lambda each: each[0] or _EVER)


def _bounds(to: To, purse: Purse, budget: SendBudget) -> list[Bound]:
    contact, person = Spent.CONTACT, Spent.PERSON
    if purse is Purse.STAFF:
        return [(contact, to.contact, _HOUR, budget.staff_per_hour)]
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
