"""Tells by kind what the sweep will delete or empty, and when, from the rows as they are now.

What a row still waits for, such as the end of its activation, is not foretold: a row counts from
when only its term is left.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ledger import misses, retention
from ledger.retention import ERASABLE, ERASURE, ERASURES, MISS, NAMES, RULES, UNOWNED
from postgres import Pool
from settings.rules import Retention

DAYS = 7
"""How far the forecast counts; the next time is told however far it is."""


class Due(NamedTuple):
    """How many rows are due now, how many more within `DAYS`, and when the next one will be."""

    now: int
    soon: int
    next_at: datetime | None


async def forecast(pool: Pool, terms: Retention) -> dict[str, Due]:
    """Return by kind what is due; rows of the audit end only by `support audit cut`."""
    found: dict[str, list[Due]] = {}
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        for name, since, rows, *values in _kinds(terms):
            (row,) = await connection.fetch(
                "SELECT count(*) FILTER (WHERE due < now()),"  # noqa: S608 - constants of `ledger`
                f" count(*) FILTER (WHERE due >= now() AND due < now() + interval '{DAYS} days'),"
                " min(due) FILTER (WHERE due >= now())"
                f" FROM (SELECT {since} + $1::interval AS due FROM {rows}) each",
                *values,
            )
            found.setdefault(name, []).append(Due(*row))
    return {name: _together(parts) for name, parts in found.items()}


def _kinds(terms: Retention) -> Iterator[tuple[Any, ...]]:
    """Yield name, column and rows of each kind, and the values: its term, and which ends."""
    yield MISS, "ended_at", misses.MISSES, retention.misses_term(terms)
    for setting, ends in ERASURES.items():
        rows = f"{ERASABLE} AND end_step = ANY($2)"
        yield ERASURE, "ended_at", rows, timedelta(getattr(terms, setting)), ends
    for rule in RULES:
        yield rule.name, f"t.{rule.since}", rule.rows, rule.after(terms)
    yield NAMES, "u.reserved_at", UNOWNED, timedelta(terms.imported_days)
    yield "audit", "at", "audit", timedelta(terms.audit_days)


def _together(parts: list[Due]) -> Due:
    ahead = [each.next_at for each in parts if each.next_at]
    now, soon = (sum(counts) for counts in zip(*(each[:2] for each in parts), strict=True))
    return Due(now, soon, min(ahead, default=None))
