"""What has expired goes, by every rule, and nothing of a live activation or a young row does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import time, timedelta

import asyncpg
import pytest

from domain.campaigns import QuietHours
from domain.contracts.vocabulary import Step
from ledger import (
    campaigns,
    imports,
    invitations,
    objections,
    rekeyed,
    retention,
    told_apart,
    unclosed,
)
from ledger.campaigns import CampaignPlan
from ledger.forecast import forecast
from ledger.imports import Owned
from ledger.migrate import migrate
from ledger.retention import ERASURES, RULES, RetentionRule
from postgres import Pool, connect
from settings.rules import Retention
from tests.ledger.life import left, live, person_of
from tests.stack import TestStack

TERMS = Retention()
NEVER_ENDS = {
    *("migration", "key_check", "alert", "alert_channel", "pause", "part_last", "part_minute"),
    *("audit_head", "username", "start_under_way", "second_factor", "restored", "report_sent"),
    "reconciled",
}
"""Without personal data, cleared by its own writer, or kept: docs/privacy.md has the reasons."""
WITH_A_CUT = {"audit", "audit_sent", "audit_start"}
"""Of the audit only a beginning ends: tests/ledger/test_audit_heads.py."""
WITH_ERASURE = {"claim", "code", "tries", "key_used_again", "password_try"}


@pytest.fixture
async def ledger(empty: str) -> AsyncIterator[Pool]:
    await migrate(empty)
    async with await connect(empty) as pool:
        yield pool


async def aged(pool: Pool, days: int) -> None:
    """Make every row as if all had happened so many days earlier."""
    columns = await pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'"
        " AND table_name NOT IN ('migration', 'swept', 'audit')"
    )
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE consent DISABLE TRIGGER USER")
        for table, column in columns:
            await connection.execute(
                f"UPDATE {table} SET {column} = {column} - $1::interval",  # noqa: S608 - as the catalogue has it
                timedelta(days),
            )
        await connection.execute("ALTER TABLE consent ENABLE TRIGGER USER")


async def everything(pool: Pool, stack: TestStack, reference: str) -> None:
    """Live through an activation, ask for help, and import somebody who never comes."""
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    await pool.execute("UPDATE support_request SET mailed_at = now()")
    nobody = person_of(stack, "nobody")
    await imports.reserve_all(pool, stack.keys, [Owned("nobody", [nobody.person_key], ["facts"])])
    await rekeyed.note(pool, nobody.person_key, ["before"])
    await told_apart.note_keys(pool, nobody, ["another"])
    await pool.execute("INSERT INTO staff_session VALUES ('hash', 'anna', '{}')")
    await pool.execute(
        "INSERT INTO sign_in_under_way (token_hash, name, roles, onward)"
        " VALUES ('hash', 'anna', '{}', '/')"
    )
    night = QuietHours(time(21), time(9))
    await campaigns.create(pool, "c1", CampaignPlan(["1"], ["sms"], 60, night, None, 1))
    await invitations.add(pool, stack.keys, "c1", [(nobody.person_key, "SIS/1", "401")])
    await objections.note(pool, [nobody.person_key])
    await pool.execute("INSERT INTO suggestion VALUES ('page', 'words', now())")
    await pool.execute("INSERT INTO budget VALUES ('contact', now(), 1, now())")


async def no_runs(references: Sequence[str]) -> Sequence[str]:
    return references


async def none_over(_: Sequence[str]) -> dict[str, Step]:
    return {}


async def swept(pool: Pool, stack: TestStack) -> dict[str, int]:
    assert await retention.sweep(pool, stack.keys, TERMS, no_runs, none_over, seconds=60)
    return {row.rule: row.gone for row in await retention.last(pool)}


async def due_now(pool: Pool) -> int:
    return sum(due.now for due in (await forecast(pool, TERMS)).values())


async def test_each_table_has_an_end_or_a_reason_for_none(ledger: Pool) -> None:
    tables = await ledger.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    ends = {rule.table for rule in RULES} | WITH_ERASURE | WITH_A_CUT
    assert {row["table_name"] for row in tables} == ends | NEVER_ENDS
    assert ends.isdisjoint(NEVER_ENDS)


async def test_with_the_years_everything_goes_but_what_must_stay(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    await everything(ledger, stack, reference)
    person = person_of(stack, reference)
    assert await due_now(ledger) <= 2  # suggestion and budget
    await swept(ledger, stack)
    first = await left(ledger, reference, person)
    assert {"message", "session", "support_request", "attempt", "post"} <= set(first)
    await aged(ledger, TERMS.help_days + 1)
    await swept(ledger, stack)
    now = await left(ledger, reference, person)
    assert {"session", "support_request", "attempt", "post", "case_note"}.isdisjoint(now)
    assert await ledger.fetchval("SELECT bool_and(contact_index = '') FROM message")
    assert await ledger.fetchval("SELECT bool_and(number = '') FROM insurance")
    await aged(ledger, TERMS.account_days - TERMS.help_days)
    expected = await forecast(ledger, TERMS)
    assert expected["activation emptied"].now == 1
    assert expected["imported"].now == 1
    gone = await swept(ledger, stack)
    assert {gone[name] for name in ("imported", "told_apart", "rekeyed")} == {1}
    assert set(await left(ledger, reference, person)) == {
        *("activation", "consent", "message", "username"),
    }
    assert await ledger.fetchval("SELECT count(*) FROM username WHERE name NOT LIKE '=%'") == 0
    await aged(ledger, 3_700)
    await swept(ledger, stack)
    assert set(await left(ledger, reference, person)) == {"username"}
    assert await due_now(ledger) == 0


async def test_the_forecast_says_what_will_go_and_when_and_changes_nothing(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    await everything(ledger, stack, reference)
    await ledger.execute("UPDATE support_request SET closing = 'done'")
    await aged(ledger, TERMS.help_days - 5)
    noted = await ledger.fetchval("SELECT max(at) FROM case_note")
    held = await left(ledger, reference, person_of(stack, reference))
    before = await forecast(ledger, TERMS)
    assert before["case_note"] == (0, 1, noted + timedelta(TERMS.help_days))
    assert before["insurance emptied"][:2] == (0, 1)
    assert before["session"].now == 1
    assert before["activation emptied"][:2] == (0, 0)
    assert before["activation emptied"].next_at is not None
    assert before["username emptied"] == (0, 0, None)
    assert await left(ledger, reference, person_of(stack, reference)) == held
    await aged(ledger, 6)
    assert (await forecast(ledger, TERMS))["case_note"] == (1, 0, None)
    assert (await swept(ledger, stack))["case_note"] == 1
    assert (await forecast(ledger, TERMS))["case_note"] == (0, 0, None)


async def test_of_a_live_activation_nothing_goes_but_sessions_and_what_expired_by_itself(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    await everything(ledger, stack, reference)
    person = person_of(stack, reference)
    await ledger.execute("UPDATE activation SET ended_at = NULL, end_step = NULL")
    before = await left(ledger, reference, person)
    await aged(ledger, 3_500)
    await swept(ledger, stack)
    gone = set(before) - set(await left(ledger, reference, person))
    assert gone == {"session", "sealed_password", "budget"}
    assert await ledger.fetchval("SELECT count(*) FROM message WHERE contact_index = ''") == 0
    assert await ledger.fetchval("SELECT count(*) FROM insurance WHERE number = ''") == 0


async def test_a_live_activation_that_has_no_run_any_more_ends_like_any_other(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    young = "A-0000-YXNG"
    for each in (reference, young):
        await live(ledger, stack, each, person_of(stack, each))
    await ledger.execute("UPDATE activation SET ended_at = NULL, end_step = NULL")
    await ledger.execute(
        "UPDATE activation SET started_at = started_at - interval '25 hours' WHERE reference = $1",
        reference,
    )
    asked: list[str] = []

    async def over(references: Sequence[str]) -> dict[str, Step]:
        asked.extend(references)
        return dict.fromkeys(references, Step.CANCELLED)

    for _ in range(2):
        assert await retention.sweep(ledger, stack.keys, TERMS, no_runs, over, seconds=60)
    assert asked == [reference]
    ended = await ledger.fetch("SELECT reference FROM activation WHERE end_step = 'cancelled'")
    assert [row["reference"] for row in ended] == [reference]
    kept = await left(ledger, reference, person_of(stack, reference))
    assert not {"claim", "sealed_password"} & set(kept)
    assert {"claim", "sealed_password"} <= set(await left(ledger, young, person_of(stack, young)))
    told = {row.rule: row.gone for row in await retention.last(ledger)}
    assert told["activation without a run"] == 1


async def test_each_live_activation_has_its_turn_to_be_asked_about_the_oldest_first(
    ledger: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three at a time, each once in six hours; what Temporal did not answer is asked again."""
    monkeypatch.setattr(unclosed, "_AT_ONCE", 3)
    await ledger.execute(
        "INSERT INTO activation (reference, language, started_at)"
        " SELECT n::text, 'el', now() - interval '29.5 hours' + n * interval '1 hour'"
        " FROM generate_series(1, 10) n"
    )

    async def asks(answer: dict[str, Step] | None) -> list[str]:
        asked: list[str] = []

        async def ends_of(references: Sequence[str]) -> dict[str, Step] | None:
            asked.extend(references)
            return answer

        await unclosed.end(ledger, ends_of)
        return asked

    assert await asks(None) == ["1", "2", "3"]
    assert await asks({"2": Step.CANCELLED}) == ["1", "2", "3"]
    assert await asks({}) == ["4", "5"]  # Of the rest no day has gone by.
    assert await asks({}) == []
    await aged(ledger, 1)
    assert await asks({}) == ["6", "7", "8"]
    assert await asks({}) == ["9", "10", "1"]
    assert await asks({}) == ["3", "4", "5"]
    assert await asks({}) == []


@pytest.mark.parametrize("end", [end for ends in ERASURES.values() for end in ends])
async def test_each_end_has_its_term(
    ledger: Pool, stack: TestStack, reference: str, end: Step
) -> None:
    setting = next(name for name, ends in ERASURES.items() if end in ends)
    await live(ledger, stack, reference, person_of(stack, reference))
    await ledger.execute("UPDATE activation SET end_step = $1", end)
    await ledger.execute("UPDATE support_request SET mailed_at = now(), closing = 'done'")
    await aged(ledger, getattr(TERMS, setting) - 1)
    await swept(ledger, stack)
    assert await ledger.fetchval("SELECT person_key FROM activation")
    await aged(ledger, 2)
    assert (await swept(ledger, stack))["activation emptied"] == 1
    assert await ledger.fetchval("SELECT person_key FROM activation") is None


@pytest.mark.parametrize(
    "waits", ["mailed_at = NULL", "mailed_at = now()", "mailed_at = now(), answer = 'x'"]
)
async def test_an_activation_stays_while_help_for_it_waits_and_no_longer_than_the_request_may(
    ledger: Pool, stack: TestStack, reference: str, waits: str
) -> None:
    await live(ledger, stack, reference, person_of(stack, reference))
    await ledger.execute("UPDATE activation SET end_step = $1", Step.CANCELLED)
    await aged(ledger, TERMS.without_account_days + 1)
    await ledger.execute(f"UPDATE support_request SET {waits}")  # noqa: S608 - as parametrized
    await swept(ledger, stack)
    assert await ledger.fetchval("SELECT count(*) FROM support_request") == 1
    assert await ledger.fetchval("SELECT person_key FROM activation")
    await ledger.execute("UPDATE support_request SET mailed_at = now(), answer_outcome = 'sent'")
    await aged(ledger, TERMS.help_days)
    await swept(ledger, stack)
    await swept(ledger, stack)
    assert await ledger.fetchval("SELECT count(*) FROM support_request") == 0
    assert await ledger.fetchval("SELECT person_key FROM activation") is None


@pytest.mark.parametrize("state", ["mailed_at = NULL", "answer = 'x', answer_outcome = NULL"])
async def test_a_letter_that_no_mail_server_takes_has_an_end(
    ledger: Pool, stack: TestStack, reference: str, state: str
) -> None:
    await live(ledger, stack, reference, person_of(stack, reference))
    await ledger.execute(f"UPDATE support_request SET {state}")  # noqa: S608 - as parametrized
    await aged(ledger, TERMS.help_days - 1)
    await swept(ledger, stack)
    assert await ledger.fetchval("SELECT count(*) FROM support_request") == 1
    await aged(ledger, 2)
    await swept(ledger, stack)
    assert await ledger.fetchval("SELECT count(*) FROM support_request") == 0


async def test_batches_go_on_where_the_last_one_stopped_and_two_sweeps_count_each_row_once(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    many = 1_700
    await ledger.execute(
        "INSERT INTO post SELECT $1, n::text, now() - interval '31 days'"
        " FROM generate_series(1, $2::int) n",
        reference,
        many,
    )
    assert not await retention.sweep(ledger, stack.keys, TERMS, no_runs, none_over, seconds=0)
    some = await ledger.fetchval("SELECT count(*) FROM post")
    assert 0 < some < many
    both = [
        retention.sweep(ledger, stack.keys, TERMS, no_runs, none_over, seconds=60) for _ in range(2)
    ]
    await asyncio.gather(*both)
    assert (await swept(ledger, stack))["post"] == many
    assert await ledger.fetchval("SELECT count(*) FROM post") == 0


async def test_a_consent_goes_neither_while_it_shows_anything_nor_before_five_years(
    ledger: Pool, stack: TestStack, reference: str
) -> None:
    await live(ledger, stack, reference, person_of(stack, reference))
    delete = "DELETE FROM consent"
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await ledger.execute(delete)
    await aged(ledger, 1_830)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await ledger.execute(delete)
    await ledger.execute("SELECT empty_consents($1)", reference)
    assert await ledger.execute(delete) == "DELETE 1"


@pytest.mark.few(8)
@pytest.mark.parametrize("rule", [each for each in RULES if each.term], ids=lambda each: each.name)
async def test_a_rule_does_not_read_the_whole_table(ledger: Pool, rule: RetentionRule) -> None:
    """Tables without an index have a handful of rows."""
    async with ledger.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            f"EXPLAIN SELECT t.ctid FROM {retention._of(rule)}",  # noqa: S608 - constants
            timedelta(9),
        )
    text = "\n".join(row[0] for row in plan)
    small = rule.table in {"staff_session", "sign_in_under_way", "told_apart", "rekeyed", "swept"}
    assert small or f"Seq Scan on {rule.table} t" not in text
