"""An answer that is lost leaves open whether it was done; the next try looks first."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import Choice, Language
from ledger import activations, claims
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, others
from tests.activities.conftest import writing
from tests.adapters.between import (
    ADD,
    MODIFY,
    SEARCH,
    SET_PASSWORD,
    STUDENTS_BIND,
    Between,
    Moment,
    between,
)
from tests.stack import TestStack


@pytest.fixture
def middle(stack: TestStack) -> Iterator[Between]:
    with between(stack) as made:
        yield made


@pytest.fixture
async def far(stack: TestStack, pool: Pool, middle: Between) -> AsyncIterator[DirectoryActivities]:
    async with writing(stack, pool, urls=[middle.url]) as made:
        yield made


async def is_down(activities: DirectoryActivities, case: Case, sealed: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        await case.provision(activities, sealed)
    assert (raised.value.type, raised.value.non_retryable) == ("DIRECTORY_DOWN", False)


def stands_once(case: Case) -> None:
    (entry,) = case.ldap.search(case.people, f"({CODES}={codes(case.person, case.domain)[0]})", [])
    assert entry.dn == case.dn
    assert case.can_bind(PASSWORD)


@pytest.mark.parametrize("lost", [ADD, MODIFY, SET_PASSWORD, STUDENTS_BIND])
async def test_what_was_done_and_not_answered_is_found_done(
    far: DirectoryActivities, middle: Between, case: Case, lost: Moment
) -> None:
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    middle.lose_answer(lost)
    await is_down(far, case, sealed)
    before = len(middle.asked)
    assert await case.provision(far, sealed) == ACTIVE
    again = middle.asked[before:]
    assert again.index(SEARCH) < again.index(STUDENTS_BIND)
    assert (SET_PASSWORD in again) is (lost not in (SET_PASSWORD, STUDENTS_BIND))
    assert ADD not in again
    assert again.count(STUDENTS_BIND) == 1
    stands_once(case)


async def test_every_answer_may_be_lost_one_after_the_other(
    far: DirectoryActivities, middle: Between, case: Case
) -> None:
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    for lost in (ADD, MODIFY, SET_PASSWORD, STUDENTS_BIND):
        middle.lose_answer(lost)
        await is_down(far, case, sealed)
    assert await case.provision(far, sealed) == ACTIVE
    assert middle.asked.count(ADD) == middle.asked.count(MODIFY) == 1
    stands_once(case)


async def test_a_faster_try_of_the_same_person_is_no_stranger(
    activities: DirectoryActivities, far: DirectoryActivities, middle: Between, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    twin = {CODES: codes(case.person, case.domain)}
    middle.first(ADD, lambda: case.plant(case.name, **twin))
    assert await case.provision(far, sealed) == ACTIVE
    stands_once(case)
    assert await case.provision(activities, sealed) == ACTIVE


@pytest.mark.parametrize(
    ("prescribed", "outcome"),
    [(False, ProvisionOutcome.USERNAME_TAKEN), (True, ProvisionOutcome.CONFLICT)],
)
async def test_a_faster_stranger_keeps_the_name(
    far: DirectoryActivities, middle: Between, case: Case, prescribed: bool, outcome: str
) -> None:
    if not prescribed:
        case.person = case.person.model_copy(update={"login_name": None})
    middle.first(ADD, lambda: case.plant(case.name, **others(case)))
    made = await case.provision(far, await case.choose(PASSWORD))
    assert made.outcome == outcome
    assert SET_PASSWORD not in middle.asked
    assert case.entry() is not None


async def test_a_name_that_stands_where_we_cannot_look_is_taken(
    far: DirectoryActivities, middle: Between, case: Case
) -> None:
    case.person = case.person.model_copy(update={"login_name": None})
    middle.answer(ADD, 68)
    made = await case.provision(far, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)


async def test_a_value_that_came_by_a_rivals_write_is_no_trouble(
    far: DirectoryActivities, middle: Between, case: Case
) -> None:
    await case.consent(*Choice)
    more = {"mobile": [str(case.person.mobile)]}
    middle.first(MODIFY, lambda: case.ldap.add_values(case.dn, more))
    assert await case.provision(far, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["mobile"] == more["mobile"]
    assert entry["labeleduri"]


async def test_the_ledgers_lost_answer_is_made_up_for_too(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await claims.note_and_claim(
        pool, stack.keys, reference=case.reference, person=case.person, language=Language.EL
    )
    sealed = await case.choose(PASSWORD)
    note = activations.provisioned

    async def note_and_lose_the_answer(*args: Any, **named: Any) -> None:
        await note(*args, **named)
        raise asyncpg.ConnectionDoesNotExistError

    monkeypatch.setattr(activations, "provisioned", note_and_lose_the_answer)
    with pytest.raises(ApplicationError) as raised:
        await case.provision(activities, sealed)
    assert raised.value.type == "LEDGER_DOWN"
    monkeypatch.undo()
    assert await case.provision(activities, sealed) == ACTIVE
    stands_once(case)
