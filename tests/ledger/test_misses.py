"""Look-ups that found nobody cost nothing that lasts, and support can still answer about them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.contracts.vocabulary import Language, Step
from ledger import (
    activations,
    finished,
    forecast,
    funnel,
    misses,
    notes,
    retention,
    support_requests,
)
from ledger.migrate import migrate
from ledger.misses import DeleteRuns
from ledger.support_requests import HelpRequest
from postgres import Pool, connect
from settings.rules import Retention
from tests.ledger.test_retention import aged, none_over
from tests.stack import TestStack

TERMS = Retention()
MANY = 10_000
MOBILE, EMAIL = "+306900000001", "nobody@mail.example"
_LEFT = "SELECT count(*) FROM activation"


@pytest.fixture
async def ledger(empty: str) -> AsyncIterator[Pool]:
    await migrate(empty)
    async with await connect(empty, seconds=30) as pool:
        yield pool


class Temporal:
    """Deletes what it is told to, but the runs of these references, and remembers it."""

    def __init__(self, *stubborn: str) -> None:
        self.stubborn = stubborn
        self.deleted: list[str] = []

    async def delete(self, references: Sequence[str]) -> Collection[str]:
        done = [each for each in references if each not in self.stubborn]
        self.deleted += done
        return done


async def missed(
    pool: Pool,
    stack: TestStack,
    *,
    hours: float = 13,
    mobile: str | None = MOBILE,
    email: str | None = None,
    end: Step = Step.NOT_FOUND,
) -> str:
    reference = f"A-{secrets.token_hex(4)}"
    await activations.begin(
        pool,
        stack.keys,
        reference=reference,
        language=Language.EL,
        mobile=mobile,
        email=email,
    )
    await activations.close(pool, reference=reference, end=end)
    await pool.execute(
        "UPDATE activation SET started_at = started_at - $2::interval,"
        " ended_at = ended_at - $2::interval WHERE reference = $1",
        reference,
        timedelta(hours=hours),
    )
    return reference


async def sweep(pool: Pool, stack: TestStack, delete: DeleteRuns | None = None) -> None:
    delete = delete or Temporal().delete
    assert await retention.sweep(pool, stack.keys, TERMS, delete, none_over, seconds=60)


async def rows(pool: Pool) -> dict[str, int]:
    """Return how many rows each table has that a look-up or a sweep leaves something in."""
    tables = ("activation", "session", "post", "budget", "miss", "missed", "swept")
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608 - constants


async def test_of_ten_thousand_strangers_one_number_an_hour_is_left(
    ledger: Pool, stack: TestStack
) -> None:
    await ledger.execute(
        "INSERT INTO activation (reference, language, mobile_index, started_at, ended_at, end_step)"
        " SELECT 'A-' || n, 'el', md5(n::text), at, at, 'not_found'"
        " FROM generate_series(1, $1) n, LATERAL (SELECT now() - interval '13 hours' AS at) ago",
        MANY,
    )
    await ledger.execute(
        "INSERT INTO session (token_hash, reference, created_at, seen_at)"
        " SELECT md5(reference), reference, started_at, started_at FROM activation"
    )
    await ledger.execute("INSERT INTO post SELECT reference, 'one', started_at FROM activation")
    temporal = Temporal()
    assert (await forecast.forecast(ledger, TERMS))["activation not found"].now == MANY
    both = [
        retention.sweep(ledger, stack.keys, TERMS, temporal.delete, none_over, seconds=60)
        for _ in range(2)
    ]
    await asyncio.gather(*both)
    await sweep(ledger, stack)
    assert len(set(temporal.deleted)) == MANY
    assert await ledger.fetchval("SELECT sum(number) FROM missed") == MANY
    told = {row.rule: row.gone for row in await retention.last(ledger)}
    assert told["activation not found"] == MANY
    at_once = await rows(ledger)
    assert (at_once["activation"], at_once["session"], at_once["post"]) == (0, 0, 0)
    assert at_once["miss"] == MANY
    assert at_once["missed"] <= 2
    await aged(ledger, TERMS.misses_days + 1)
    await sweep(ledger, stack)
    for_ever = await rows(ledger)
    assert for_ever["miss"] == 0
    assert sum(for_ever.values()) <= 2 + for_ever["swept"]
    await aged(ledger, TERMS.statistics_days)
    await sweep(ledger, stack)
    assert (await rows(ledger))["missed"] == 0


async def test_nothing_goes_before_its_hours_are_over(ledger: Pool, stack: TestStack) -> None:
    await missed(ledger, stack, hours=TERMS.misses_hours - 0.1)
    await sweep(ledger, stack)
    assert await ledger.fetchval(_LEFT) == 1


@pytest.mark.few(5)
@pytest.mark.parametrize("end", [end for end in Step if end is not Step.NOT_FOUND])
async def test_only_what_found_nobody_is_a_miss(ledger: Pool, stack: TestStack, end: Step) -> None:
    await missed(ledger, stack, end=end)
    await sweep(ledger, stack)
    assert await ledger.fetchval(_LEFT) == 1


async def test_one_that_somebody_wrote_about_or_got_a_message_from_stays(
    ledger: Pool, stack: TestStack
) -> None:
    asked, noted, sent = [await missed(ledger, stack) for _ in range(3)]
    request = HelpRequest("help", asked, Step.NOT_FOUND, Language.EL, "Μαρία", EMAIL, "Γεια")
    await support_requests.put(ledger, stack.keys, request)
    await notes.put(ledger, stack.keys, note_id="1", reference=noted, author="anna", text="rang")
    # As of a run that was reset, and found somebody then.
    await ledger.execute(
        "INSERT INTO message (key, reference, channel, contact_index) VALUES ('k', $1, 'sms', 'x')",
        sent,
    )
    temporal = Temporal()
    await sweep(ledger, stack, temporal.delete)
    assert temporal.deleted == []
    assert await ledger.fetchval(_LEFT) == 3


async def test_what_temporal_does_not_delete_stays_until_it_does(
    ledger: Pool, stack: TestStack
) -> None:
    stays, goes = [await missed(ledger, stack) for _ in range(2)]
    await sweep(ledger, stack, Temporal(stays).delete)
    assert await ledger.fetchval("SELECT array_agg(reference) FROM activation") == [stays]
    temporal = Temporal()
    await sweep(ledger, stack, temporal.delete)
    assert temporal.deleted == [stays]
    assert await ledger.fetchval("SELECT sum(number) FROM missed") == 2
    assert goes not in temporal.deleted


async def test_support_is_told_how_often_and_when_last_before_and_after_the_sweep(
    ledger: Pool, stack: TestStack
) -> None:
    for hours in (20, 14, 1):
        await missed(ledger, stack, hours=hours)
    await missed(ledger, stack, mobile=None, email=EMAIL)
    await missed(ledger, stack, end=Step.CANCELLED)

    async def told(mobile: str | None, email: str | None = None) -> misses.Misses | None:
        return await misses.of_contacts(ledger, stack.keys, mobile=mobile, email=email)

    before = await told(MOBILE)
    assert before
    assert before.times == 3
    await sweep(ledger, stack)
    assert await ledger.fetchval(f"{_LEFT} WHERE end_step = 'not_found'") == 1
    assert await told(MOBILE) == before
    both = await told(MOBILE, EMAIL)
    assert both
    assert both.times == 4
    assert await told("+306900000002") is None
    assert await told(None) is None
    await missed(ledger, stack, hours=13)
    await sweep(ledger, stack)
    again = await told(MOBILE)
    assert again == misses.Misses(4, before.last_at)


async def test_the_counts_of_today_and_of_the_week_stay(ledger: Pool, stack: TestStack) -> None:
    zone = ZoneInfo("Europe/Athens")
    for hours in (13, 14, 14, 1):
        await missed(ledger, stack, hours=hours)
    await missed(ledger, stack, end=Step.CANCELLED)
    now: datetime = await ledger.fetchval("SELECT now()")
    today: date = now.astimezone(zone).date()
    first = today - timedelta(days=2)

    async def counted() -> tuple[list[funnel.Day], list[tuple[str, int]]]:
        days = await funnel.by_day(ledger, first, today, zone, None)
        since = now - timedelta(hours=30)
        return days, await finished.counts(ledger, since=since, departments=None)

    before = await counted()
    assert sum(day.started for day in before[0]) == 5
    assert before[1] == [("not_found", 4), ("cancelled", 1)]
    await sweep(ledger, stack)
    assert await ledger.fetchval(_LEFT) == 2
    assert await counted() == before
    # Whoever sees some departments only has never seen those without any.
    assert await finished.counts(ledger, since=now - timedelta(days=2), departments=["401"]) == []
    days = await funnel.by_day(ledger, first, today, zone, ["401"])
    assert sum(day.started for day in days) == 0
