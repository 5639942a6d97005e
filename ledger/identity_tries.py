"""Rate limit of answers to identity questions, per contact and person, over a sliding day.

Answers are counted for the contact that was proved and for the persons who have it, so that an
activation started in another browser shares the limit. Each row of `budget` is one try, until it is
a day old.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ledger import budgets, tries
from ledger.tries import SPENT, TAKEN, Attempt
from postgres import Connection, Pool

WINDOW = timedelta(days=1)
_COUNTER = "identity"
_GIVE_BACK = """
DELETE FROM budget WHERE (bucket, window_start) = (
    SELECT bucket, window_start FROM budget WHERE bucket = $1 ORDER BY window_start DESC LIMIT 1
)
"""


async def left(pool: Pool, holders: Iterable[str], limit: int) -> Attempt:
    """Return how many tries remain and, where none does, when the next one is possible."""
    async with pool.acquire() as ledger:
        return await _remaining(ledger, _buckets(holders), limit)


async def take(
    pool: Pool, reference: str, submission_id: str, holders: Iterable[str], limit: int
) -> Attempt:
    """Use one of `limit` tries; a repeated submission uses none and gets its recorded outcome."""
    buckets = _buckets(holders)
    async with pool.acquire() as ledger, ledger.transaction():
        await _hold(ledger, reference, buckets)
        before = await tries.known(ledger, reference, submission_id)
        if before:
            return before
        attempt = await _remaining(ledger, buckets, limit)
        if attempt.outcome == TAKEN:
            for bucket in buckets:
                await budgets.use(ledger, bucket, WINDOW)
            after = await _remaining(ledger, buckets, limit)
            attempt = Attempt(TAKEN, after.tries_left, after.locked_until)
        await tries.note(ledger, reference, submission_id, attempt)
        return attempt


async def give_back(
    pool: Pool, reference: str, submission_id: str, holders: Iterable[str], *, everything: bool
) -> None:
    """Give one try back, or all of them; deduplicated by submission."""
    buckets = _buckets(holders)
    given_back = f"{submission_id}:given-back"
    async with pool.acquire() as ledger, ledger.transaction():
        await _hold(ledger, reference, buckets)
        if await tries.known(ledger, reference, given_back) is None:
            for bucket in buckets:
                if everything:
                    await ledger.execute("DELETE FROM budget WHERE bucket = $1", bucket)
                else:
                    await ledger.execute(_GIVE_BACK, bucket)
            await tries.note(ledger, reference, given_back, Attempt("given back", 0))


def _buckets(holders: Iterable[str]) -> list[str]:
    return sorted({f"{_COUNTER}:{holder}" for holder in holders})


async def _hold(ledger: Connection, reference: str, buckets: Iterable[str]) -> None:
    """Lock the counters of this activation and these holders until the transaction ends."""
    await tries.hold(ledger, reference, _COUNTER)
    await budgets.hold(ledger, buckets)


async def _remaining(ledger: Connection, buckets: Iterable[str], limit: int) -> Attempt:
    used = [await budgets.ends(ledger, each) for each in buckets]
    remaining = min(limit - len(ends) for ends in used)
    if remaining > 0:
        return Attempt(TAKEN, remaining)
    opens: datetime = max(ends[len(ends) - limit] for ends in used if len(ends) >= limit)
    return Attempt(SPENT, 0, opens)
