"""An insurance number belongs to one person and stands nowhere in clear."""

import asyncio
import secrets

from domain.contracts.account_io import RecordInsurance
from ledger import insurance
from postgres import Pool
from tests.stack import TestStack


def given(person: str, number: str, scheme: str = "GR") -> RecordInsurance:
    return RecordInsurance(reference="A-7K3F-92QD", person_key=person, scheme=scheme, number=number)


async def test_a_number_belongs_to_the_first_of_many_who_give_it_at_once(
    pool: Pool, stack: TestStack
) -> None:
    for _ in range(10):
        number = secrets.token_hex(6)
        owned = await asyncio.gather(
            *(
                insurance.record(pool, stack.keys, given(f"{number}:{person}", number))
                for person in range(8)
            )
        )
        assert sum(owned) == 1
        again = given(f"{number}:{owned.index(True)}", number)
        assert await insurance.record(pool, stack.keys, again)
        regrouped = given(number, number).model_copy(update={"other_keys": (again.person_key,)})
        assert await insurance.record(pool, stack.keys, regrouped)


async def test_the_same_digits_of_two_schemes_are_two_numbers(pool: Pool, stack: TestStack) -> None:
    number = secrets.token_hex(6)
    assert await insurance.record(pool, stack.keys, given("one", number))
    assert await insurance.record(pool, stack.keys, given("two", number, "EHIC"))


async def test_the_number_is_encrypted(pool: Pool, stack: TestStack) -> None:
    number = secrets.token_hex(6)
    await insurance.record(pool, stack.keys, given("three", number))
    row = await pool.fetchrow(
        "SELECT number, i::text AS whole FROM insurance i WHERE number_index = $1",
        stack.keys.index("insurance", f"GR:{number}"),
    )
    assert row is not None
    assert number not in row["whole"]
    assert number.encode() not in row["number"]
    assert stack.keys.decrypt("insurance", "three", row["number"]) == number


async def test_numbers_with_a_warning_are_read_back_oldest_first_and_not_printed_by_accident(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await pool.execute(
        "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', '401')",
        reference,
    )
    numbers = [secrets.token_hex(6) for _ in range(3)]
    warned = [("birth_date", "sex"), (), ("birth_date",)]
    for place, (number, warnings) in enumerate(zip(numbers, warned, strict=True)):
        changes = {"reference": (reference, "A-NONE", "A-NONE")[place], "warnings": warnings}
        await insurance.record(pool, stack.keys, given(number, number).model_copy(update=changes))
    found = await insurance.flagged(pool, stack.keys)
    mine = [each for each in found if each.number in numbers]
    assert [(each.number, each.department, each.warnings) for each in mine] == [
        (numbers[0], "401", ("birth_date", "sex")),
        (numbers[2], "", ("birth_date",)),
    ]
    assert not any(number in repr(found) for number in numbers)
