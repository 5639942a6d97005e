"""Activations are found by what a caller says, and nothing of it can be read in the ledger."""

from secrets import randbelow, token_bytes, token_hex
from typing import Any

import pytest

from domain.contracts.account_io import RecordInsurance
from domain.contracts.people import Enrolment, Person
from domain.contracts.vocabulary import Language, Step
from domain.references import from_digest
from ledger import activations, claims, finished, insurance, usernames
from ledger.search import SearchQuery, search
from postgres import Pool
from tests.stack import TestStack
from tests.workflows.engine import PERSON


@pytest.fixture
def person() -> Person:
    """Draw somebody nobody else is mistaken for."""
    drawn = "".join(chr(ord("Α") + randbelow(17)) for _ in range(9))
    latin = "".join(chr(ord("a") + randbelow(26)) for _ in range(9))
    enrolments = tuple(
        Enrolment(
            system_id="1",
            registration_id=f"{prefix}-{token_hex(4)}",
            department_id="401",
            department_el="Νοσηλευτικής",
            department_en="Nursing",
        )
        for prefix in ("ab", "cd")
    )
    changes = {
        "person_key": token_hex(8),
        "enrolments": enrolments,
        "last_name_el": drawn.capitalize(),
        "last_name_latin": latin.capitalize(),
        "insurance_number": f"{randbelow(10**11):011}",
        "mobile": f"+30691{randbelow(10**7):07}",
        "email": f"{latin}@mail.example",
    }
    return PERSON.model_copy(update=changes)


@pytest.fixture
async def claimed(pool: Pool, stack: TestStack, reference: str, person: Person) -> str:
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile=None, email=None
    )
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    return reference


async def found(pool: Pool, stack: TestStack, **sought: Any) -> list[str]:
    hits = await search(
        pool,
        stack.keys,
        SearchQuery(**sought),
        departments=None,
        limit=20,
    )
    return [hit.reference for hit in hits]


async def test_every_way_to_be_found_finds_it_alone(
    pool: Pool, stack: TestStack, claimed: str, person: Person
) -> None:
    await usernames.reserve(
        pool, stack.keys, person_key=person.person_key, candidates=[claimed.lower()]
    )
    number = f"{person.insurance_scheme}:{person.insurance_number}"
    surname = person.last_name_el.upper()
    ways: list[dict[str, Any]] = [
        {"reference": claimed},
        {"mobile": person.mobile},
        {"email": person.email},
        {"username": claimed.lower()},
        {"insurance": ["FR:1", number]},
        {"names": [{surname[:5]}]},
        {"names": [{"ΜΑΡ"}, {surname[:8]}]},
        {"names": [{"ΝΙΚ", "ΜΑΡ"}, {"ΝΙΚ", surname[:8]}]},
        {"names": [{person.last_name_latin.upper()[:6]}]},
        *(
            {"student_number": each.registration_id.upper().replace("-", "")}
            for each in person.enrolments
        ),
    ]
    for way in ways:
        assert await found(pool, stack, **way) == [claimed], way
    assert await found(pool, stack, names=[{"ΝΙΚ"}, {surname[:8]}]) == []
    assert await found(pool, stack, names=[set(), {surname[:8]}]) == []
    assert await found(pool, stack) == []


async def test_a_number_given_to_the_engine_finds_every_activation_of_its_person(
    pool: Pool, stack: TestStack, claimed: str, person: Person
) -> None:
    number = token_hex(6)
    request = RecordInsurance(
        reference=claimed, person_key=person.person_key, scheme="CY", number=number
    )
    await insurance.record(pool, stack.keys, request)
    assert await found(pool, stack, insurance=[f"CY:{number}"]) == [claimed]


async def test_the_made_account_finds_its_activation(
    pool: Pool, stack: TestStack, claimed: str
) -> None:
    name = token_hex(6)
    await activations.provisioned(pool, stack.keys, reference=claimed, username=name)
    assert await found(pool, stack, username=name) == [claimed]


async def test_of_another_department_nothing_is_found(
    pool: Pool, stack: TestStack, claimed: str
) -> None:
    for departments, hits in (({"401"}, 1), ({"402"}, 0), (set[str](), 0)):
        hit = await search(
            pool, stack.keys, SearchQuery(reference=claimed), departments=departments, limit=20
        )
        assert len(hit) == hits


async def test_nothing_of_the_person_can_be_read(pool: Pool, claimed: str, person: Person) -> None:
    row = await pool.fetchval("SELECT a::text FROM activation a WHERE reference = $1", claimed)
    for clear in (person.last_name_el, person.last_name_el.upper()[:3], person.email):
        assert str(clear) not in row


async def test_what_ended_lately_is_listed_with_its_end(pool: Pool, claimed: str) -> None:
    noted = (await activations.noted(pool, [claimed, "A-0000-0000"]))[claimed]
    assert (noted.department, noted.end, noted.language) == ("401", None, Language.EL)
    assert claimed not in await ended(pool, noted)
    await activations.close(pool, reference=claimed, end=Step.ACTIVE)
    assert (await ended(pool, noted))[claimed] is Step.ACTIVE


async def ended(pool: Pool, noted: activations.ActivationRow) -> dict[str, Step | None]:
    rows, _, _ = await finished.page(pool, since=noted.started_at, departments=None, limit=10_000)
    return {row.reference: row.end for row in rows}


async def test_a_username_is_found_in_whatever_letters_the_directory_has_it(
    pool: Pool, stack: TestStack, claimed: str
) -> None:
    name = f"P{claimed.replace('-', '')}"
    await activations.found_active(pool, stack.keys, reference=claimed, username=name)
    assert await found(pool, stack, username=name.lower()) == [claimed]


async def test_activations_of_strangers_hide_no_claimed_one(
    pool: Pool, stack: TestStack, claimed: str, person: Person
) -> None:
    """Anybody can begin activations with a mobile that is not theirs, and as many as they like."""
    strangers = [from_digest(token_bytes(5)) for _ in range(3)]
    for stranger in strangers:
        await activations.begin(
            pool,
            stack.keys,
            reference=stranger,
            language=Language.EL,
            mobile=person.mobile,
            email=None,
        )
    for departments, hits in (
        ({"401"}, [claimed]),
        ({"402"}, []),
        (None, [claimed, *reversed(strangers)]),
    ):
        for limit in (1, 2, 4):
            found = await search(
                pool,
                stack.keys,
                SearchQuery(mobile=person.mobile),
                departments=departments,
                limit=limit,
            )
            assert [hit.reference for hit in found] == hits[:limit]
