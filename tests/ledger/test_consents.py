"""What was agreed is written once, encrypted, and can never be changed."""

from datetime import UTC, datetime

import asyncpg
import pytest

from domain import consent
from domain.contracts.requests import RecordConsent
from domain.contracts.vocabulary import Choice, Language
from ledger import audit, consents
from ledger.pool import Pool
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
    assert not await consents.newest(pool, reference)
    request = agreed(reference)
    for _ in range(2):
        await consents.record(pool, stack.keys, request)
    assert await consents.newest(pool, reference)
    (row,) = await pool.fetch("SELECT * FROM consent WHERE reference = $1", reference)
    assert row["choices"] == ["recovery_mobile"]
    assert row["shown_hash"] == SHOWN.shown_hash


async def test_agreeing_again_with_other_choices_is_a_new_row_that_counts(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await consents.record(pool, stack.keys, agreed(reference))
    again = agreed(reference).model_copy(update={"choices": ()})
    await consents.record(pool, stack.keys, again)
    assert await consents.choices(pool, reference) == ()


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
    await audit.record(pool, actor="maria", action="retry", reference=reference, reason="mended")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(change.format(table=table))
    count = f"SELECT count(*) FROM {table} WHERE reference = $1"  # noqa: S608 - ours
    assert await pool.fetchval(count, reference) == 1
