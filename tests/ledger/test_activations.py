"""The row of an activation: one a reference, found again by keyed indexes, readable by nobody."""

import pytest
from cryptography.exceptions import InvalidTag

from domain.contracts.vocabulary import Language, Step
from ledger import activations, claims
from ledger.activations import ActiveAccount
from postgres import Pool
from tests.stack import TestStack
from tests.workflows.engine import PERSON


async def begin(pool: Pool, stack: TestStack, reference: str, mobile: str | None) -> bool:
    return await activations.begin(
        pool,
        stack.keys,
        reference=reference,
        language=Language.EL,
        mobile=mobile,
        email=None if mobile else "maria@example.org",
    )


async def test_a_reference_is_ours_again_with_the_same_contacts_only(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    assert await begin(pool, stack, reference, "+306900000401")
    assert await begin(pool, stack, reference, "+306900000401")
    assert not await begin(pool, stack, reference, "+306900000402")
    assert not await begin(pool, stack, reference, None)


async def test_it_is_alive_until_its_first_end_which_stands(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    assert not await activations.alive(pool, reference)
    await begin(pool, stack, reference, "+306900000403")
    assert await activations.alive(pool, reference)
    for end in (Step.EXPIRED, Step.ACTIVE):
        await activations.close(pool, reference=reference, end=end)
    assert not await activations.alive(pool, reference)
    row = await pool.fetchval("SELECT end_step FROM activation WHERE reference = $1", reference)
    assert row == Step.EXPIRED


async def test_the_account_is_known_by_its_person_and_written_nowhere_in_clear(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    person = PERSON.model_copy(update={"person_key": reference})
    await begin(pool, stack, reference, person.mobile)
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    await activations.provisioned(pool, stack.keys, reference=reference, username="mpapadop")
    assert await activations.active_account(pool, stack.keys, reference) is None
    await activations.close(pool, reference=reference, end=Step.ACTIVE)
    assert await activations.active_account(pool, stack.keys, reference) == ActiveAccount(
        reference, "mpapadop"
    )
    keys = ("another", reference)
    assert await activations.active_account(pool, stack.keys, *keys) is not None
    whole = await pool.fetchval("SELECT a::text FROM activation a WHERE reference = $1", reference)
    for clear in ("mpapadop", "+306912345678", "2026001", "Παπαδοπούλου"):
        assert clear not in whole
        assert clear.encode().hex() not in whole


async def test_the_name_is_the_last_that_the_registrar_told_and_is_written_nowhere_in_clear(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    async def names() -> dict[str, str]:
        return await activations.names_of(pool, stack.keys, [reference, "A-0000-0000"])

    await begin(pool, stack, reference, PERSON.mobile)
    assert await names() == {}
    for last_name in ("Παπαδοπούλου", "Παππά", ""):
        person = PERSON.model_copy(update={"last_name_el": last_name})
        await claims.note_and_claim(
            pool, stack.keys, reference=reference, person=person, language=Language.EL
        )
        assert await names() == {reference: f"Μαρία {last_name}".strip()}
        row = await pool.fetchrow("SELECT * FROM activation WHERE reference = $1", reference)
        assert row
        for clear in ("Μαρία", last_name or "Μαρία"):
            assert clear not in str(dict(row))
            assert clear.encode() not in row["name"]
        # What is copied from another row is not taken for this one's.
        with pytest.raises(InvalidTag):
            stack.keys.decrypt("name", "A-0000-0000", row["name"])


async def test_a_row_of_the_version_before_has_no_name_and_gets_one_when_it_is_claimed_again(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await pool.execute(
        "INSERT INTO activation (reference, language, person_key, department, found_by)"
        " VALUES ($1, 'el', $1, '401', '{}')",
        reference,
    )
    assert await activations.names_of(pool, stack.keys, [reference]) == {}
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=PERSON, language=Language.EL
    )
    assert await activations.names_of(pool, stack.keys, [reference]) == {
        reference: "Μαρία Παπαδοπούλου"
    }


async def test_an_account_of_ones_own_under_any_key_is_nobody_elses(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    person = PERSON.model_copy(update={"person_key": reference})
    name = f"u{reference.lower()}"
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    await activations.provisioned(pool, stack.keys, reference=reference, username=name)
    await activations.close(pool, reference=reference, end=Step.ACTIVE)
    for keys, found in ((("other",), True), ((reference,), False), (("first", reference), False)):
        others = await activations.others_accounts(pool, stack.keys, keys, most=100_000)
        assert (name in others) is found


async def test_only_exactly_the_same_contact_is_the_same(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    async def same(mobile: str | None, email: str | None) -> bool:
        return await activations.same_contact(pool, stack.keys, reference, mobile, email)

    await begin(pool, stack, reference, "+306900000405")
    assert await same("+306900000405", None)
    assert not await same("+306900000406", None)
    assert not await same("+306900000405", "maria@example.org")
    assert not await same(None, "maria@example.org")
    assert not await activations.same_contact(
        pool, stack.keys, f"{reference}-other", "+306900000405", None
    )


async def test_the_name_of_the_account_is_read_back_once_there_is_one(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    assert await activations.username(pool, stack.keys, reference) is None
    await begin(pool, stack, reference, "+306900000407")
    assert await activations.username(pool, stack.keys, reference) is None
    await activations.provisioned(pool, stack.keys, reference=reference, username="mpapa")
    assert await activations.username(pool, stack.keys, reference) == "mpapa"
