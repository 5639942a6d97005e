"""What was agreed or withdrawn is written once, encrypted, and can never be changed."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from domain import consent
from domain.contracts.account_io import RecordConsent
from domain.contracts.vocabulary import Choice, Language
from ledger import audit, consents
from postgres import Pool
from tests.stack import TestStack
from tests.workflows.engine import PERSON

SHOWN = consent.review(PERSON, "mpapadopoulou", "1")


def agreed(reference: str) -> RecordConsent:
    return RecordConsent(
        reference=reference,
        person_key=PERSON.person_key,
        shown=SHOWN,
        choices=(Choice.RECOVERY_MOBILE,),
        language=Language.EL,
        accepted_at=datetime.now(UTC),
    )


async def test_a_consent_is_one_row_however_often_it_is_recorded(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    assert not await consents.standing(pool, reference)
    request = agreed(reference)
    for _ in range(2):
        await consents.record(pool, stack.keys, request)
    assert await consents.standing(pool, reference)
    (row,) = await pool.fetch("SELECT * FROM consent WHERE reference = $1", reference)
    assert row["choices"] == ["recovery_mobile"]
    assert row["shown_hash"] == SHOWN.shown_hash


async def test_agreeing_again_with_other_choices_is_a_new_row_that_counts(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await consents.record(pool, stack.keys, agreed(reference))
    again = agreed(reference).model_copy(update={"choices": ()})
    await consents.record(pool, stack.keys, again)
    stands = await consents.standing(pool, reference)
    assert stands is not None
    assert (stands.choices, stands.withdrawn) == ((), ())


async def chosen(pool: Pool, stack: TestStack, reference: str, *choices: Choice) -> None:
    request = agreed(reference).model_copy(update={"choices": choices})
    await consents.record(pool, stack.keys, request)


async def test_a_withdrawn_choice_is_a_new_row_with_the_ones_that_are_left(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await chosen(pool, stack, reference, *Choice)
    before = await consents.standing(pool, reference)
    assert before
    for _ in range(2):
        stands = await consents.withdraw(pool, reference, [Choice.RECOVERY_MOBILE])
        assert stands.choices == (Choice.RECOVERY_EMAIL, Choice.DIRECTORY_LISTING)
        assert stands.withdrawn == (Choice.RECOVERY_MOBILE,)
        assert (stands.agreed, stands.agreed_at) == (True, before.agreed_at)
        assert stands == await consents.standing(pool, reference)
    first, second = await pool.fetch(
        "SELECT * FROM consent WHERE reference = $1 ORDER BY id", reference
    )
    assert (first["withdrawal"], second["withdrawal"]) == (None, "choices")
    assert first["choices"] == [choice.value for choice in Choice]
    changed = {"id", "choices", "accepted_at", "recorded_at", "withdrawal"}
    assert {name for name in first.keys() if first[name] != second[name]} == changed  # noqa: SIM118 - a record is no dict


async def test_what_is_withdrawn_as_a_whole_stands_no_more_until_agreed_to_again(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await chosen(pool, stack, reference, Choice.RECOVERY_EMAIL)
    for choices in ((), (), (Choice.RECOVERY_EMAIL,)):
        stands = await consents.withdraw(pool, reference, choices)
        assert (stands.agreed, stands.choices) == (False, ())
        assert stands.withdrawn == (Choice.RECOVERY_EMAIL,)
    rows = "SELECT withdrawal FROM consent WHERE reference = $1 ORDER BY id"
    assert [row[0] for row in await pool.fetch(rows, reference)] == [None, "whole"]
    await chosen(pool, stack, reference, Choice.RECOVERY_EMAIL)
    again = await consents.standing(pool, reference)
    assert again
    assert (again.agreed, again.withdrawn) == (True, ())
    assert again.agreed_at > stands.agreed_at


async def test_racing_withdrawals_of_different_choices_all_count(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await chosen(pool, stack, reference, *Choice)
    await asyncio.gather(
        *(consents.withdraw(pool, reference, [choice]) for choice in Choice for _ in range(4))
    )
    stands = await consents.standing(pool, reference)
    assert stands
    assert (stands.agreed, stands.choices, stands.withdrawn) == (True, (), tuple(Choice))
    count = "SELECT count(*) FROM consent WHERE reference = $1"
    assert await pool.fetchval(count, reference) == 1 + len(Choice)


async def test_where_nothing_was_agreed_to_nothing_is_withdrawn(pool: Pool, reference: str) -> None:
    with pytest.raises(LookupError):
        await consents.withdraw(pool, reference, ())
    assert await consents.standing(pool, reference) is None


async def test_what_was_shown_is_readable_with_the_keys_and_for_its_own_row_only(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await consents.record(pool, stack.keys, agreed(reference))
    row = await pool.fetchrow(
        "SELECT shown, c::text AS whole FROM consent c WHERE reference = $1", reference
    )
    assert row is not None
    for clear in ("Παπαδοπούλου", "Papadopoulou", "mpapadopoulou", "2026001"):
        assert clear not in row["whole"]
        assert clear.encode() not in row["shown"]
    opened = stack.keys.decrypt("consent", reference, row["shown"])
    assert opened == SHOWN.model_dump_json()


@pytest.mark.parametrize("table", ["consent", "audit"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {table} SET reference = 'x'",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
    ],
)
async def test_what_was_agreed_or_done_can_only_be_added_to(
    pool: Pool, stack: TestStack, reference: str, table: str, change: str
) -> None:
    await consents.record(pool, stack.keys, agreed(reference))
    said = {"actor": "maria", "action": "retry", "reason": "mended"}
    await audit.record(pool, stack.keys, reference=reference, **said)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(change.format(table=table))
    count = f"SELECT count(*) FROM {table} WHERE reference = $1"  # noqa: S608 - ours
    assert await pool.fetchval(count, reference) == 1
