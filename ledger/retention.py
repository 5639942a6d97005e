"""Ends data: the rules by which the sweep deletes or empties what has expired.

A batch is one statement, which also counts what it did: a sweep can be interrupted anywhere and
repeated, also by several processes at once. What belongs to an activation that has not ended is
left alone. The personal data of an activation end by its erasure, which is the one of staff, and
which waits for the requests for help that were not answered.
"""

import time
from datetime import date, datetime, timedelta
from typing import NamedTuple

from domain.contracts.vocabulary import Step
from ledger import erasure, misses, unclosed, usernames
from ledger.activations import WITH_ACCOUNT
from ledger.misses import DeleteRuns
from ledger.unclosed import EndsOf
from postgres import Connection, Pool
from security.keys import KeyRing
from settings.rules import Retention

_BATCH = 500
_LATE = timedelta(hours=3)
_ERASED_AT_ONCE = 50
_OF_NO_LIVE = (
    "NOT EXISTS (SELECT FROM activation a WHERE a.reference = t.reference AND a.ended_at IS NULL)"
)
_OF_NOBODY = (
    "NOT EXISTS (SELECT FROM activation a WHERE a.person_key = ANY({keys}))"
    " AND NOT EXISTS (SELECT FROM imported i WHERE i.person_key = ANY({keys}))"
)
_ERASED = "coalesce(mobile_index, email_index, person_key) IS NULL"
ERASABLE = (
    "activation WHERE coalesce(mobile_index, email_index, person_key) IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM support_request s WHERE s.reference = activation.reference"
    " AND s.closing IS NULL AND (s.mailed_at IS NULL OR s.answer_outcome IS NULL))"
)
_FINAL = tuple(Step)[list(Step).index(Step.ACTIVE) :]
ERASURES = {
    "account_days": WITH_ACCOUNT,
    "without_account_days": tuple(step for step in _FINAL if step not in WITH_ACCOUNT),
}
"""The ends of the activations whose personal data a setting ends."""


class RetentionRule(NamedTuple):
    """Rows of `table` end `term` after `since`: a setting of `retention`, or a number of days.

    They are deleted, or `emptied` by these assignments. `where` are further conditions.
    """

    table: str
    since: str
    term: str | int
    where: str = "true"
    emptied: str = ""

    @property
    def name(self) -> str:
        return f"{self.table} emptied" if self.emptied else self.table

    @property
    def rows(self) -> str:
        return f"{self.table} t WHERE {self.where}"

    def after(self, retention: Retention) -> timedelta:
        return timedelta(self.term if isinstance(self.term, int) else getattr(retention, self.term))


RULES = (
    RetentionRule("session", "created_at", 1),
    RetentionRule("staff_session", "created_at", 1),
    RetentionRule("sign_in_under_way", "created_at", 1),
    RetentionRule("suggestion", "expires_at", 0),
    RetentionRule("sealed_password", "expires_at", 0),
    RetentionRule("budget", "ends_at", 0),
    RetentionRule("miss", "last_at", "misses_days"),
    RetentionRule("missed", "hour", "statistics_days"),
    RetentionRule("post", "at", "tries_days", _OF_NO_LIVE),
    RetentionRule("attempt", "at", "tries_days", _OF_NO_LIVE),
    RetentionRule(
        "message",
        "reserved_at",
        "messages_days",
        f"(contact_index <> '' OR person_key IS NOT NULL) AND {_OF_NO_LIVE}",
        "contact_index = '', person_key = NULL",
    ),
    RetentionRule("receipt", "told_at", "messages_days"),
    RetentionRule(
        "support_request",
        "created_at",
        "help_days",
        _OF_NO_LIVE,
    ),
    RetentionRule("case_note", "at", "help_days", _OF_NO_LIVE),
    RetentionRule("assignment", "at", "help_days", _OF_NO_LIVE),
    RetentionRule(
        "insurance",
        "recorded_at",
        "insurance_days",
        f"number <> '' AND {_OF_NO_LIVE}",
        "number = ''",
    ),
    RetentionRule(
        "imported",
        "noted_at",
        "imported_days",
        "NOT EXISTS (SELECT FROM activation a WHERE a.person_key = t.person_key)",
    ),
    RetentionRule(
        "told_apart",
        "noted_at",
        "imported_days",
        _OF_NOBODY.format(keys="t.person_keys || t.other_keys"),
    ),
    RetentionRule(
        "rekeyed",
        "noted_at",
        "imported_days",
        _OF_NOBODY.format(keys="ARRAY[t.person_key, t.former_key]"),
    ),
    RetentionRule("finding", "last_seen", 30, "gone_at IS NOT NULL"),
    RetentionRule(
        "invitation",
        "planned_at",
        "messages_days",
        "person_key <> ''",
        "person_key = '', enrolment = '', contact_index = '', message_index = ''",
    ),
    RetentionRule("objection", "noted_at", "account_days"),
    RetentionRule("consent", "recorded_at", "consents_days", "shown = ''"),
    RetentionRule(
        "message", "reserved_at", "statistics_days", f"contact_index = '' AND {_OF_NO_LIVE}"
    ),
    RetentionRule("invitation", "planned_at", "statistics_days", "person_key = ''"),
    RetentionRule("campaign", "prepared_at", "statistics_days"),
    RetentionRule("activation", "ended_at", "statistics_days", _ERASED),
    RetentionRule("swept", "at", "statistics_days"),
)


class Swept(NamedTuple):
    """What the sweeps of a day have done by one rule, and when the last one was."""

    day: date
    rule: str
    gone: int
    at: datetime


async def sweep(
    pool: Pool,
    keys: KeyRing,
    retention: Retention,
    delete_runs: DeleteRuns,
    ends_of: EndsOf,
    *,
    seconds: float,
) -> bool:
    """Sweep for about so long; return whether everything that has expired is gone."""
    until = time.monotonic() + seconds
    await pool.execute(_COUNTED, _UNCLOSED, await unclosed.end(pool, ends_of))
    return (
        await _delete_misses(pool, misses_term(retention), delete_runs, until)
        and await _erase(pool, keys, retention, until)
        and await _apply_rules(pool, retention, until)
        and await _conceal_names(pool, keys, retention, until)
    )


async def last(pool: Pool) -> list[Swept]:
    """Return what was swept on the last day on which there was a sweep, by rule."""
    rows = await pool.fetch(
        "SELECT day, rule, gone, at FROM swept WHERE day = (SELECT max(day) FROM swept)"
        " ORDER BY rule"
    )
    return [Swept(*row) for row in rows]


async def last_at(ledger: Connection) -> datetime | None:
    """Return when the newest sweep was; None before the first one."""
    at: datetime | None = await ledger.fetchval("SELECT max(at) FROM swept")
    return at


async def is_late(ledger: Connection) -> bool:
    """Whether there is no sweep any more, by the ledger's clock; they are due every hour.

    The audit is cut by hand.
    """
    late = "SELECT max(at) < now() - $1::interval FROM swept WHERE rule <> 'audit'"
    return bool(await ledger.fetchval(late, _LATE))


_UNCLOSED = "activation without a run"
MISS = "activation not found"
ERASURE = "activation emptied"
NAMES = "username emptied"
UNOWNED = (
    "username u WHERE u.name NOT LIKE '=%'"
    " AND NOT EXISTS (SELECT FROM activation a WHERE a.person_key = u.person_key)"
    " AND NOT EXISTS (SELECT FROM imported i WHERE i.person_key = u.person_key)"
    " AND NOT EXISTS (SELECT FROM rekeyed r WHERE u.person_key IN (r.person_key, r.former_key))"
)
_COUNTED = (
    "INSERT INTO swept AS s SELECT current_date, $1, $2, now()"
    " ON CONFLICT (day, rule) DO UPDATE SET gone = s.gone + EXCLUDED.gone, at = EXCLUDED.at"
)


async def _delete_misses(
    pool: Pool, term: timedelta, delete_runs: DeleteRuns, until: float
) -> bool:
    """Delete look-ups that found nobody, first from Temporal.

    The ledger keeps those whose runs could not be deleted, for a sweep an hour later.
    """
    while over := await misses.oldest(pool, term, _BATCH):
        without = await delete_runs(over)
        async with pool.acquire() as connection, connection.transaction():
            gone = await misses.delete(connection, term, without)
            await connection.execute(_COUNTED, MISS, gone)
        if not gone:
            break
        if time.monotonic() > until:
            return False
    return True


async def _erase(pool: Pool, keys: KeyRing, retention: Retention, until: float) -> bool:
    for setting, ends in ERASURES.items():
        while expired := await _to_erase(pool, retention, setting, ends):
            for reference in expired:
                await erasure.erase(pool, keys, reference)
            await pool.execute(_COUNTED, ERASURE, len(expired))
            if time.monotonic() > until:
                return False
    return True


async def _apply_rules(pool: Pool, retention: Retention, until: float) -> bool:
    for rule in RULES:
        full = True
        while full:
            full = await pool.fetchval(_batch(rule), rule.after(retention), rule.name) == _BATCH
            if full and time.monotonic() > until:
                return False
    return True


async def _conceal_names(pool: Pool, keys: KeyRing, retention: Retention, until: float) -> bool:
    while unowned := await _unowned(pool, retention):
        async with pool.acquire() as connection, connection.transaction():
            gone = await usernames.conceal(connection, keys, unowned)
            await connection.execute(_COUNTED, NAMES, gone)
        if not gone or time.monotonic() > until:
            return not gone
    return True


def misses_term(retention: Retention) -> timedelta:
    return timedelta(hours=retention.misses_hours)


async def _unowned(pool: Pool, retention: Retention) -> list[str]:
    """Return keys of persons with a username of whom the ledger has nothing else."""
    rows = await pool.fetch(
        f"SELECT DISTINCT u.person_key FROM {UNOWNED}"  # noqa: S608 - a constant of this module
        " AND u.reserved_at < now() - $1::interval LIMIT $2",
        timedelta(retention.imported_days),
        _BATCH,
    )
    return [row["person_key"] for row in rows]


async def _to_erase(
    pool: Pool, retention: Retention, setting: str, ends: tuple[Step, ...]
) -> list[str]:
    rows = await pool.fetch(
        f"SELECT reference FROM {ERASABLE}"  # noqa: S608 - a constant of this module
        " AND end_step = ANY($1) AND ended_at < now() - $2::interval LIMIT $3",
        ends,
        timedelta(getattr(retention, setting)),
        _ERASED_AT_ONCE,
    )
    return [row["reference"] for row in rows]


def _of(rule: RetentionRule) -> str:
    return f"{rule.rows} AND t.{rule.since} < now() - $1::interval"


def _batch(rule: RetentionRule) -> str:
    act = f"DELETE FROM {rule.table}"  # noqa: S608 - constants of this module
    if rule.emptied:
        act = f"UPDATE {rule.table} AS t SET {rule.emptied}"  # noqa: S608 - as above
    return (
        f"WITH gone AS ({act} WHERE ctid = ANY(ARRAY("  # noqa: S608 - constants of this module
        f"SELECT t.ctid FROM {_of(rule)} LIMIT {_BATCH} FOR UPDATE OF t SKIP LOCKED)) RETURNING 1),"
        " counted AS (INSERT INTO swept AS s SELECT current_date, $2, count(*), now() FROM gone"
        " ON CONFLICT (day, rule) DO UPDATE SET gone = s.gone + EXCLUDED.gone, at = EXCLUDED.at)"
        " SELECT count(*) FROM gone"
    )
