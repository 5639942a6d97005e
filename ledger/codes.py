"""PIN codes: which were handed out, how often each was tried, and the lock; never a code itself.

A workflow that was reset repeats submissions, which get their recorded outcome, and brings new
ones, which count. Every change locks the activation's counter, so that changes are serialised.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain.codes import Code, CodeBook
from domain.contracts.pin_io import CheckPin, PinChecked, PinOutcome
from domain.contracts.submissions import Policy
from ledger import tries
from ledger.tries import Attempt
from postgres import Connection, Pool

_PIN = "pin"
# A message that a later one replaced may have reached the gateway without a recorded outcome: its
# code counts as handed over at the latest when the later one was reserved, so that it expires.
_CODES = """
SELECT number, run_id, tries, ended, (
    SELECT min(CASE
        WHEN m.outcome = 'sent' THEN m.finished_at
        WHEN m.outcome IS NULL THEN (
            SELECT min(reserved_at) FROM message later
            WHERE later.reference = m.reference AND later.send_no > m.send_no
        )
    END) FROM message m
    WHERE m.reference = c.reference AND m.code_no = c.number
) AS handed_over_at
FROM code c WHERE reference = $1 ORDER BY number
"""
_SAVE = """
WITH counted AS (
    UPDATE tries SET used = $3, locked_until = $4 WHERE reference = $1 AND counter = $2
)
INSERT INTO code (reference, number, run_id, tries, ended)
SELECT $1, * FROM unnest($5::integer[], $6::text[], $7::integer[], $8::boolean[])
ON CONFLICT (reference, number) DO UPDATE SET tries = EXCLUDED.tries, ended = EXCLUDED.ended
"""

FindTyped = Callable[[Sequence[int]], int | None]
"""Returns which of these code numbers was typed, or None."""


async def hold(ledger: Connection, reference: str, policy: Policy) -> tuple[CodeBook, datetime]:
    """Lock the codes until the transaction ends; return them and the ledger's time."""
    counter = await tries.hold(ledger, reference, _PIN)
    codes = [Code(**row) for row in await ledger.fetch(_CODES, reference)]
    return CodeBook(policy, codes, counter.used, counter.locked_until), counter.now


async def save(ledger: Connection, reference: str, book: CodeBook) -> None:
    """Store codes that the caller has locked with `hold`."""
    codes = [(each.number, each.run_id, each.tries, each.ended) for each in book.codes]
    columns = [[code[place] for code in codes] for place in range(4)]
    await ledger.execute(_SAVE, reference, _PIN, book.wrong, book.locked_until, *columns)


async def check(pool: Pool, request: CheckPin, policy: Policy, find_typed: FindTyped) -> PinChecked:
    """Count a try, then compare it; a repeated submission gets its recorded outcome."""
    reference = request.reference
    async with pool.acquire() as ledger, ledger.transaction():
        book, now = await hold(ledger, reference, policy)
        before = await tries.known(ledger, reference, request.submission_id)
        if before is None:
            before = await _judge(ledger, request, book, now, find_typed)
            await tries.note(ledger, reference, request.submission_id, before)
    return PinChecked(
        told_at=now,
        outcome=PinOutcome(before.outcome),
        tries_left=before.tries_left,
        locked_until=before.locked_until,
    )


async def _judge(
    ledger: Connection, request: CheckPin, book: CodeBook, now: datetime, find_typed: FindTyped
) -> Attempt:
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
    await save(ledger, request.reference, book)
    left = book.tries_left(at)
    return Attempt(outcome, left, book.locked_until if book.locked(now) else None)


async def unlock(pool: Pool, reference: str, submission_id: str, policy: Policy) -> None:
    """Remove the lock, once per submission of staff; codes that it ended stay ended."""
    async with pool.acquire() as ledger, ledger.transaction():
        book, _ = await hold(ledger, reference, policy)
        if await tries.known(ledger, reference, submission_id) is None:
            book.unlock()
            await save(ledger, reference, book)
            await tries.note(ledger, reference, submission_id, Attempt("unlocked", 0))


async def expires_at(pool: Pool, reference: str, number: int, policy: Policy) -> datetime | None:
    """Return when this code expires; None while it has not been handed over."""
    rows = await pool.fetch(_CODES, reference)
    book = CodeBook(policy, [Code(**row) for row in rows])
    return book.expires_at(number) if number in {row["number"] for row in rows} else None
