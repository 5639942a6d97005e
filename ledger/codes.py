"""PIN codes: which were handed out, how often each was tried, and the lock; never a code itself.

A workflow that was reset repeats submissions, which get their recorded outcome, and brings new
ones, which count. Every change locks the activation's counter, so that changes are serialised.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg

from domain.codes import Code, CodeBook
from domain.contracts.pin_io import CheckPin, PinChecked, PinOutcome
from domain.contracts.submissions import Policy
from ledger import unasked
from ledger.tries import Attempt
from postgres import Connection, Pool

SAVED = """
counted AS (
    UPDATE tries SET used = $2, locked_until = $3 WHERE reference = $1 AND counter = 'pin'
), saved AS (
    INSERT INTO code (reference, number, run_id, tries, ended)
    SELECT $1, * FROM unnest($4::integer[], $5::text[], $6::integer[], $7::boolean[])
    ON CONFLICT (reference, number) DO UPDATE SET tries = EXCLUDED.tries, ended = EXCLUDED.ended
)
"""
"""The part of a statement that stores locked codes, for parameters of `parameters`."""
_SAVE_AND_NOTE = f"""
WITH {SAVED}, given_back AS (
    DELETE FROM budget WHERE $9 IN ('right', 'expired')
    AND use IN (SELECT guess_name($1, $8, number) FROM unnest($4::integer[]) number)
)
INSERT INTO attempt (reference, submission_id, outcome, tries_left, locked_until)
VALUES ($1, $8, $9, $10, $11)
"""  # noqa: S608 - a constant of this module

FindTyped = Callable[[Sequence[int]], int | None]
"""Returns which of these code numbers was typed, or None."""


async def _hold(
    ledger: Connection, reference: str, submission_id: str, policy: Policy
) -> tuple[CodeBook, datetime, Attempt | None]:
    """Lock the codes until the transaction ends; return them and the ledger's time.

    Returns also the outcome of this submission; None when it was not counted yet.
    """
    rows = await ledger.fetch("SELECT * FROM hold_codes($1, $2)", reference, submission_id)
    row = rows[0]
    before = row["outcome"] and Attempt(row["outcome"], row["outcome_left"], row["outcome_until"])
    return read(rows, policy), row["told_at"], before


def read(rows: Sequence[asyncpg.Record], policy: Policy) -> CodeBook:
    """Return the codes that a function of the ledger has locked, a row each."""
    first = rows[0]
    return CodeBook(policy, _codes(rows), first["used"], first["locked_until"])


def _codes(rows: Sequence[asyncpg.Record]) -> list[Code]:
    columns = ("number", "run_id", "handed_over_at", "tries", "ended")
    return [Code(*(row[name] for name in columns)) for row in rows if row["number"] is not None]


def parameters(reference: str, book: CodeBook) -> tuple[object, ...]:
    """Return the parameters of `SAVED`."""
    codes = [(each.number, each.run_id, each.tries, each.ended) for each in book.codes]
    columns = ([code[place] for code in codes] for place in range(4))
    return reference, book.wrong, book.locked_until, *columns


async def _save_and_note(
    ledger: Connection, reference: str, submission_id: str, book: CodeBook, attempt: Attempt
) -> None:
    """Store locked codes, and the outcome of this submission."""
    outcome = attempt.outcome, attempt.tries_left, attempt.locked_until
    await ledger.execute(_SAVE_AND_NOTE, *parameters(reference, book), submission_id, *outcome)


async def check(
    pool: Pool, request: CheckPin, policy: Policy, guesses: int, find_typed: FindTyped
) -> PinChecked:
    """Count a try, then compare it; a repeated submission gets its recorded outcome.

    `guesses` is how many wrong tries of a day are compared for a contact; beyond it its codes end.
    """
    reference = request.reference
    async with pool.acquire() as ledger, ledger.transaction():
        book, now, before = await _hold(ledger, reference, request.submission_id, policy)
        if before is None:
            at = now if request.stops else book.judging_time(request.received_at, now)
            live = book.live(at)
            if live and not book.locked(now):
                sent = reference, live, request.submission_id, guesses
                book.end(await ledger.fetchval("SELECT take_guesses($1, $2, $3, $4)", *sent))
            if request.stops:
                before, found = _judge_stop(book, now, find_typed)
                if found is not None:
                    await unasked.close(ledger, reference, found, guesses)
            else:
                before = _judge(request, book, now, find_typed)
            await _save_and_note(ledger, reference, request.submission_id, book, before)
    return PinChecked(
        told_at=now,
        outcome=PinOutcome(before.outcome),
        tries_left=before.tries_left,
        locked_until=before.locked_until,
    )


def _judge(request: CheckPin, book: CodeBook, now: datetime, find_typed: FindTyped) -> Attempt:
    if book.locked(now):
        return Attempt(PinOutcome.LOCKED, 0, book.locked_until)
    at = book.judging_time(request.received_at, now)
    if not book.live(at):
        return Attempt(PinOutcome.EXPIRED, 0)
    dead, tried = book.dead(at), book.count(at)
    right, expired = find_typed(tried), find_typed(dead)
    if right is None and expired is None:
        book.lock_if_spent(now)
        outcome = PinOutcome.LOCKED if book.locked(now) else PinOutcome.WRONG
    else:
        book.take_back(tried)
        outcome = PinOutcome.EXPIRED if right is None else PinOutcome.RIGHT
    if right is not None:
        book.use(right)
    left = book.tries_left(at)
    return Attempt(outcome, left, book.locked_until if book.locked(now) else None)


def _judge_stop(book: CodeBook, now: datetime, find_typed: FindTyped) -> tuple[Attempt, int | None]:
    """Judge a code that is typed to stop the activation; returns its number if it is right.

    A wrong one counts as anywhere else. A code that is over is compared without limit: it proves
    nothing any more, and a right one can only end the activation. So these are no wrong codes, or
    one contact of their own would let strangers keep attack mode on.
    """
    live = () if book.locked(now) else book.live(now)
    if live:
        book.count(now)
    found = find_typed([code.number for code in book.codes])
    if found is None:
        if live:
            book.lock_if_spent(now)
        return Attempt(PinOutcome.WRONG if live else PinOutcome.EXPIRED, 0), None
    if live:
        book.take_back(live)
    book.end_all()
    return Attempt(PinOutcome.RIGHT, 0), found


async def unlock(pool: Pool, reference: str, submission_id: str, policy: Policy) -> None:
    """Remove the lock, once per submission of staff; codes that it ended stay ended."""
    async with pool.acquire() as ledger, ledger.transaction():
        book, _, before = await _hold(ledger, reference, submission_id, policy)
        if before is None:
            book.unlock()
            unlocked = Attempt("unlocked", 0)
            await _save_and_note(ledger, reference, submission_id, book, unlocked)


async def expires_at(
    pool: Pool, reference: str, number: int, policy: Policy
) -> tuple[datetime, datetime] | None:
    """Return when this code expires, and the ledger's time; None until it was handed over."""
    rows = await pool.fetch(
        "SELECT *, now() AS told_at FROM codes_of($1) ORDER BY number", reference
    )
    book = CodeBook(policy, _codes(rows))
    found = book.expires_at(number) if number in {row["number"] for row in rows} else None
    return (found, rows[0]["told_at"]) if found else None
