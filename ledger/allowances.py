"""Rate limits of messages with codes: each purse by contact, by person, and over all."""

from collections.abc import Sequence
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
_ALLOWED_AT = "SELECT message_allowed_at($1, $2, $3, $4)"

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


def first_bounds(to: To, purse: Purse, budget: SendBudget) -> tuple[object, ...]:
    """Return the limits that `take` applies first, as the parameters of `message_allowed_at`."""
    return _parameters(to, _first(purse), budget)


def _first(purse: Purse) -> Purse:
    return purse if purse is Purse.STAFF else Purse.ORDINARY


async def take(
    ledger: Connection,
    to: To,
    purse: Purse,
    budget: SendBudget,
    *,
    now: datetime,
    allowed_at: Sequence[datetime | None],
) -> Allowance:
    """Apply the rate limits to one message; the caller holds the locks of contact and person.

    `allowed_at` is what the ledger told of `first_bounds`. The kept purse is used only where the
    ordinary one is spent. The purse of staff has no limit but its own.
    """
    opens, spent = _latest(to, _first(purse), budget, allowed_at)
    if purse is Purse.STAFF:
        return Allowance(purse, opens, spent)
    if opens:
        kept = await ledger.fetchval(_ALLOWED_AT, *_parameters(to, Purse.KEPT, budget))
        kept_at, _ = _latest(to, Purse.KEPT, budget, kept)
        if kept_at or purse is Purse.ORDINARY:
            return Allowance(purse, opens, spent, kept_at or now)
    charged = purse if opens else Purse.ORDINARY
    free_at = await _count(ledger, budget, paid=to.channel.paid)
    return Allowance(charged, free_at, SpentPurse.INSTITUTION) if free_at else Allowance(charged)


def _parameters(to: To, purse: Purse, budget: SendBudget) -> tuple[object, ...]:
    _, holders, windows, limits = zip(*_limits(to, purse, budget), strict=True)
    return purse, holders, windows, [limit - 1 for limit in limits]


def _latest(
    to: To, purse: Purse, budget: SendBudget, allowed_at: Sequence[datetime | None]
) -> tuple[datetime | None, SpentPurse | None]:
    """Return when this purse allows a message (None: now), and whose limit is spent."""
    whose = (bound[0] for bound in _limits(to, purse, budget))
    closed = zip(allowed_at, whose, strict=True)
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
        (SpentPurse.CLOSED, f"closed:{to.contact}", _DAY, 1),
        (SpentPurse.GUESSES, f"guess:{to.contact}", _DAY, budget.guesses_per_day),
    ]
    return [*bounds, (person, to.person, _DAY, budget.per_person_day)] if to.person else bounds


def ceilings(budget: SendBudget, *, paid: bool) -> list[budgets.Bound]:
    """Return the institution's limits of SMS, or of other messages: of an hour, of a day."""
    kind = "sms" if paid else "mail"
    per_hour, per_day = (
        (budget.sms_per_hour, budget.sms_per_day)
        if paid
        else (budget.mail_per_hour, budget.mail_per_day)
    )
    return [
        budgets.Bound(f"{kind}:{window}", most, window)
        for window, most in ((_HOUR, per_hour), (_DAY, per_day))
    ]


async def _count(ledger: Connection, budget: SendBudget, *, paid: bool) -> datetime | None:
    """Count one message of the institution; over its limit, return when the next may go."""
    opens = budgets.latest(await budgets.take(ledger, ceilings(budget, paid=paid)))
    if opens:
        part = "sms" if paid else "mail"
        log.warning("message budget of the institution is spent", part=part, outcome="blocked")
    return opens
