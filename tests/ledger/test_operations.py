"""What operators read is what was written: counts of parts, the pause, and the alerts."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from domain.contracts.vocabulary import Language, System
from ledger import alerts, parts, pauses
from ledger.migrate import migrate
from ledger.parts import CallCounts
from postgres import Pool, connect

QUARTER = timedelta(minutes=15)


def is_now(at: datetime | None, ago: timedelta = timedelta()) -> bool:
    """Whether a time is this moment's, or that long ago, but for a minute."""
    return at is not None and abs(datetime.now(UTC) - ago - at) < timedelta(minutes=1)


async def test_a_part_is_told_by_its_last_while_and_its_last_answers(pool: Pool) -> None:
    await pool.execute("DELETE FROM part_last; DELETE FROM part_minute")
    long_ago, now = timedelta(days=2), time.monotonic()
    past = now - long_ago.total_seconds()
    old = CallCounts(System.SMS, past, failed=9, last_failed=past, failure="SMS_DOWN")
    await parts.add(pool, [old])
    kept = (await parts.standing(pool, QUARTER))[System.SMS]
    assert (kept.failure, kept.error_rate) == ("SMS_DOWN", None)
    assert is_now(kept.last_failed, long_ago)
    assert await pool.fetchval("SELECT count(*) FROM part_minute") == 0

    done = CallCounts(
        System.SMS, now, done=2, failed=1, last_done=now, last_failed=now, failure="X"
    )
    await asyncio.gather(*(parts.add(pool, [done]) for _ in range(10)))
    await parts.add(pool, [old])
    told = (await parts.standing(pool, QUARTER))[System.SMS]
    assert (told.done, told.failed, told.failure) == (20, 10, "X")
    assert is_now(told.last_done)
    assert is_now(told.last_failed)
    assert told.error_rate == 1 / 3


async def test_a_pause_has_both_languages_and_ends_once(pool: Pool) -> None:
    await pauses.end(pool)
    assert await pauses.current(pool) is None
    await pauses.begin(pool, el="Σε λίγο", en="Soon")
    await pauses.begin(pool, el="Αύριο", en="Tomorrow")
    pause = await pauses.current(pool)
    assert pause is not None
    assert [pause.text(language) for language in Language] == ["Αύριο", "Tomorrow"]
    assert [await pauses.end(pool), await pauses.end(pool)] == [True, False]


async def test_each_channel_hears_of_a_cause_once_and_once_that_it_is_over(pool: Pool) -> None:
    now = timedelta(0)
    await pool.execute("DELETE FROM alert")
    await alerts.note(pool, {"SMS_DOWN": 3, "MAIL_DOWN": 1})
    assert await alerts.settled(pool, timedelta(minutes=1)) == []
    await alerts.note(pool, {"SMS_DOWN": 214})
    (told,) = await alerts.settled(pool, now)
    assert (told.cause, told.count, told.told) == ("SMS_DOWN", 214, ())
    await alerts.tell(pool, "SMS_DOWN", "webhook")
    await alerts.note(pool, {})
    (over,) = await alerts.settled(pool, now)
    assert over.gone_at is not None
    assert over.told == ("webhook",)
    await alerts.note(pool, {"SMS_DOWN": 1})
    (back,) = await alerts.standing(pool)
    assert (back.since, back.gone_at, back.told) == (told.since, None, ("webhook",))
    await alerts.tell_over(pool, "SMS_DOWN", "webhook")
    await alerts.note(pool, {})
    assert await alerts.settled(pool, now) == []


async def test_what_was_told_without_the_ledger_is_told_no_more(pool: Pool) -> None:
    await pool.execute("DELETE FROM alert")
    for channel in ("webhook", "email"):
        await alerts.adopt(pool, "LEDGER_DOWN", [channel], QUARTER)
    (kept,) = await alerts.standing(pool)
    assert {*kept.told} == {"webhook", "email"}
    assert is_now(kept.since, QUARTER)


async def test_one_looks_at_a_time(pool: Pool) -> None:
    async with alerts.leading(pool) as one, alerts.leading(pool) as other:
        assert [one, other] == [True, False]
    async with alerts.leading(pool) as other:
        assert other


async def test_a_leader_is_not_ended_for_being_idle(empty: str) -> None:
    """Deliveries take as long as those who receive them."""
    await migrate(empty)
    async with await connect(empty) as pool:
        name = empty.rpartition("/")[2]
        await pool.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 100")
        await pool.expire_connections()
        async with alerts.leading(pool) as leads:
            assert leads
            assert await pool.fetchval("SHOW idle_in_transaction_session_timeout") == "100ms"
            await pool.execute("SELECT pg_sleep(0.3)")
            async with alerts.leading(pool) as other:
                assert not other
