"""After an erasure nothing personal of an activation is left, and what must stay has stayed."""

from datetime import date, timedelta

import asyncpg
import pytest

from domain.contracts.vocabulary import Step
from domain.dates import swapped
from ledger import (
    activations,
    audit,
    consents,
    erased_list,
    erasure,
    imports,
    invitations,
    objections,
    rekeyed,
    told_apart,
    usernames,
)
from ledger.erased_list import Erased, ErasedKind
from ledger.imports import Owned
from postgres import Pool
from recognition.rekeyed import known, known_by_former_rows
from tests.ledger.life import MOBILE, left, live, person_of
from tests.stack import TestStack

STAYS = {"activation", "audit", "budget", "consent", "message", "username"}
"""The budget has the wrong codes of a contact, for a day."""


async def test_what_is_personal_goes_and_the_proof_stays(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    person = person_of(stack, reference)
    request = await live(pool, stack, reference, person)
    await audit.record(
        pool, stack.keys, actor="anna", action="erase", reference=reference, reason="asked"
    )
    before = await pool.fetchrow("SELECT * FROM consent WHERE reference = $1", reference)
    assert before
    traces = await erasure.traces(pool, reference)
    assert traces == erasure.Traces(person.enrolments[0].department_id, (request,), (before["id"],))
    assert set(await left(pool, reference, person)) == STAYS | {
        *("case_note", "claim", "insurance", "sealed_password", "session", "support_request"),
        *("code", "tries", "attempt", "post", "key_used_again"),
    }
    for _ in range(2):
        await erasure.erase(pool, stack.keys, reference)
        assert set(await left(pool, reference, person)) == STAYS
    rows = await left(pool, reference, person)
    index = stack.keys.index("mobile", MOBILE)
    name = f"u{reference[2:].lower()}"
    for table in ("activation", "message"):
        for told in (index, person.person_key, stack.keys.index("username", name)):
            assert told not in rows[table]
    after = await pool.fetchrow("SELECT * FROM consent WHERE reference = $1", reference)
    assert after
    assert dict(after) == {**before, "shown": b""}
    assert await activations.username(pool, stack.keys, reference) is None
    ended = await pool.fetchrow("SELECT * FROM activation WHERE reference = $1", reference)
    assert ended
    assert (ended["end_step"], ended["department"]) == (Step.ACTIVE, traces.department)
    assert await usernames.held_by(pool, person.person_key) is None
    assert name not in rows["username"]
    for key, given in (("another", None), (person.person_key, name)):
        asked = usernames.reserve(pool, stack.keys, person_key=key, candidates=[name])
        assert await asked == given
    assert await consents.standing(pool, reference)


async def test_of_the_row_only_what_the_figures_need_is_left(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await live(pool, stack, reference, person_of(stack, reference))
    await erasure.erase(pool, stack.keys, reference)
    row = await pool.fetchrow("SELECT * FROM activation WHERE reference = $1", reference)
    kept = {name for name, value in dict(row or {}).items() if value}
    assert kept == {"reference", "language", "started_at", "ended_at", "end_step", "department"}


async def test_an_insurance_number_goes_with_the_last_activation_of_its_person(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    person = person_of(stack, reference)
    other = f"{reference}-2"
    for each in (reference, other):
        await live(pool, stack, each, person, number=reference)
    count = "SELECT count(*) FROM insurance WHERE person_key = $1"
    await rekeyed.note(pool, person.person_key, [f"{reference}-gone"])
    await erasure.erase(pool, stack.keys, reference)
    assert await rekeyed.former(pool, person.keys)
    assert await pool.fetchval(count, person.person_key) == 1
    assert "case_note" in await left(pool, other, person)
    await erasure.erase(pool, stack.keys, other)
    assert await pool.fetchval(count, person.person_key) == 0
    assert not await rekeyed.former(pool, person.keys)


PERSONAL = (
    "SELECT DISTINCT table_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name IN ('person_key', 'former_key', 'person_keys')"
)


@pytest.mark.parametrize("begun_again", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_what_stands_under_any_key_of_the_person_goes_with_the_last_activation(
    pool: Pool, stack: TestStack, reference: str, begun_again: bool, newest_first: bool
) -> None:
    """The registrar replaced the row twice, in one activation (`begun_again`) or between two."""
    people = [person_of(stack, f"{reference}-{n}") for n in range(3)]
    keys = [person.person_key for person in people]
    old, new = f"{reference}-0", f"{reference}-2"
    await live(pool, stack, old, people[0], number=f"number {reference}")
    account = Owned(f"i{reference[2:].lower()}", [keys[0]], [f"facts of {reference}"])
    await imports.reserve_all(pool, stack.keys, [account])
    await rekeyed.note(pool, keys[1], [keys[0]])
    await rekeyed.note(pool, keys[2], [keys[1]])
    await told_apart.note_keys(pool, people[1], [f"another than {reference}"])
    await invitations.add(pool, stack.keys, reference, [(keys[1], "SIS/1", "401")])
    if begun_again:
        await pool.execute(
            "UPDATE activation SET person_key = $2 WHERE reference = $1", old, keys[2]
        )
    await live(pool, stack, new, people[2], number=f"another {reference}")
    await pool.execute(
        "UPDATE message SET person_key = $2 WHERE reference = $1", new, people[2].person_key
    )
    await objections.note(pool, [keys[1]])
    before = {table for person in people for table in await left(pool, "no reference", person)}
    assert before == {row["table_name"] for row in await pool.fetch(PERSONAL)}
    first, last = (new, old) if newest_first else (old, new)
    await erasure.erase(pool, stack.keys, first)
    assert await pool.fetchval("SELECT count(*) FROM insurance WHERE person_key = ANY($1)", keys)
    await erasure.erase(pool, stack.keys, last)
    after = {table for person in people for table in await left(pool, reference, person)}
    # The sweep erases activations too: an objection ends with an erasure of the person.
    assert after == STAYS - {"audit"} | {"objection"}
    await erasure.forget(pool, stack.keys, keys)
    assert not await objections.since(pool, keys)


@pytest.mark.parametrize("again", [True, False])
async def test_an_objection_after_an_erasure_outlives_a_restore(
    pool: Pool, stack: TestStack, reference: str, again: bool
) -> None:
    """Who had everything erased objects again, and every restore erases all once more."""
    keys = [person_of(stack, reference).person_key]
    await objections.note(pool, keys)
    noted = await objections.since(pool, keys)
    assert noted
    erased_at = noted + timedelta(seconds=-1 if again else 1)
    async with pool.acquire() as connection, connection.transaction():
        erased = Erased(ErasedKind.PERSON, keys[0])
        await erased_list.erase_again(connection, stack.keys, erased, erased_at)
    assert (await objections.since(pool, keys) is not None) is again


async def test_a_number_under_a_key_that_no_activation_has_goes_with_the_last_one(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    """The newest of a person's rows changed during the activation: nothing was re-keyed."""
    older, newer = person_of(stack, f"{reference}-A"), person_of(stack, f"{reference}-B")
    await live(pool, stack, reference, older, number=reference)
    other = f"{reference}-2"
    await live(pool, stack, other, newer, number=f"another {reference}")
    await pool.execute(
        "UPDATE activation SET person_key = $2 WHERE reference = $1", reference, newer.person_key
    )
    await erasure.erase(pool, stack.keys, reference)
    await erasure.erase(pool, stack.keys, other)
    for person in (older, newer):
        assert set(await left(pool, reference, person)) == STAYS - {"audit"}


@pytest.mark.parametrize("day", [14, 4])
@pytest.mark.parametrize("by_import", [False, True])
async def test_an_erased_persons_number_is_another_key_for_whoever_gets_it_next(
    pool: Pool, stack: TestStack, reference: str, by_import: bool, day: int
) -> None:
    """Nothing but keyed marks tells the one who comes back from the one who has the number now."""
    person = person_of(stack, reference).model_copy(update={"birth_date": date(2005, 3, day)})
    key, name = person.person_key, f"u{reference[2:].lower()}"
    if by_import:
        facts = rekeyed.facts(stack.keys, person)
        await imports.reserve_all(pool, stack.keys, [Owned(name, [key], facts)])
        await erasure.forget(pool, stack.keys, [key])
    else:
        await live(pool, stack, reference, person, number=reference)
        await erasure.erase(pool, stack.keys, reference)
    another = person.model_copy(
        update={
            "first_name_el": "Ζωή",
            "first_name_latin": "Zoi",
            "birth_date": date(2006, 3, 14),
            "insurance_number": None,
            "enrolments": (),
        }
    )
    for of_other in (another, another.model_copy(update={"birth_date": person.birth_date})):
        found = await known(pool, stack.keys, of_other)
        assert found.person.person_key != key
        assert found.own_keys == {key: found.person.person_key}
        assert (await known_by_former_rows(pool, stack.keys, [of_other])).keys() == {key}
        given = usernames.reserve(
            pool, stack.keys, person_key=found.person.person_key, candidates=[name]
        )
        assert await given is None
    married = person.model_copy(update={"last_name_el": "Λύκου", "last_name_latin": "Lykou"})
    exchanged = person.model_copy(update={"birth_date": swapped(date(2005, 3, day))})
    for same in (person, married, *([exchanged] if exchanged.birth_date else [])):
        assert (await known(pool, stack.keys, same)).person.person_key == key
        without_number = same.model_copy(update={"insurance_number": None})
        assert not await known_by_former_rows(pool, stack.keys, [without_number])
    asked = usernames.reserve(pool, stack.keys, person_key=key, candidates=[name])
    assert await asked == name


async def test_of_an_unknown_one_there_are_no_traces(pool: Pool, reference: str) -> None:
    assert await erasure.traces(pool, reference) is None


SAYS_SO = "SELECT set_config('ledger.emptied', $1, true)"


@pytest.mark.parametrize(
    ("first", "change"),
    [
        ("SELECT $1", "UPDATE consent SET shown = '' WHERE reference = $1"),
        ("SELECT empty_consents($1)", "UPDATE consent SET shown = '' WHERE reference = $1"),
        ("SELECT empty_consents($1)", "DELETE FROM consent WHERE reference = $1"),
        (SAYS_SO, "DELETE FROM consent WHERE reference = $1"),
        (SAYS_SO, "UPDATE consent SET shown = 'x' WHERE reference = $1"),
        (SAYS_SO, "UPDATE consent SET shown = '', choices = '{x}' WHERE reference = $1"),
        (SAYS_SO, "UPDATE consent SET accepted_at = now() WHERE reference = $1"),
    ],
)
async def test_a_consent_is_emptied_by_the_one_function_and_changed_by_nothing(
    pool: Pool, stack: TestStack, reference: str, first: str, change: str
) -> None:
    await live(pool, stack, reference, person_of(stack, reference))
    row = "SELECT * FROM consent WHERE reference = $1"
    before = await pool.fetchrow(row, reference)

    async def attack() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(first, reference)
            await connection.execute(change, reference)

    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await attack()
    assert await pool.fetchrow(row, reference) == before
