"""A search shows names to who may search, of departments in their sight, and the audit has it."""

import asyncio
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog
from temporalio.client import Client
from typer.testing import CliRunner

from domain.contracts.vocabulary import Language
from domain.references import from_digest
from ledger import activations, audit, claims
from support.commands.main import commands
from support.verbs import erasure
from support.verbs.search import search
from support.verbs.staff import ALLOWED, Action, NotAllowed, Staff, StaffContext, StaffRole
from tests.server import client
from tests.stack import TestStack
from tests.workflows.engine import PERSON

__all__ = ["client"]


@pytest.fixture
def desk(desk: StaffContext, client: Client) -> StaffContext:
    return replace(desk, client=client)


@pytest.fixture
def surname() -> str:
    return "".join(chr(ord("Α") + secrets.randbelow(17)) for _ in range(8))


@pytest.fixture
async def theirs(stack: TestStack, desk: StaffContext, surname: str) -> dict[str, str]:
    """Return by department the activation of one of two students of the same surname."""
    found = {}
    for department in ("401", "402"):
        enrolment = PERSON.enrolments[0].model_copy(update={"department_id": department})
        found[department] = reference = from_digest(secrets.token_bytes(5))
        person = PERSON.model_copy(
            update={
                "person_key": reference,
                "first_name_el": f"Μαρία {department}",
                "last_name_el": surname,
                "enrolments": (enrolment,),
            }
        )
        await claims.note_and_claim(
            desk.pool, stack.keys, reference=reference, person=person, language=Language.EL
        )
    return found


async def test_a_name_is_shown_of_departments_in_sight_only_and_the_audit_has_of_whom(
    desk: StaffContext, surname: str, theirs: dict[str, str]
) -> None:
    for count in range(3):
        for departments in itertools.combinations(theirs, count):
            staff = Staff("eva", frozenset({StaffRole.HELPDESK}), frozenset(departments))
            found = await search(replace(desk, staff=staff), surname)
            shown = {theirs[each]: f"Μαρία {each} {surname}" for each in departments}
            assert found.names == shown
            newest = (await audit.page(desk.pool, desk.keys, limit=1))[0]
            assert newest.reason == (
                f"names shown: {', '.join(sorted(shown))}" if shown else "username, names"
            )


@pytest.mark.parametrize("role", StaffRole)
async def test_who_may_not_search_sees_no_name(
    desk: StaffContext, surname: str, theirs: dict[str, str], role: StaffRole
) -> None:
    own = replace(desk, staff=Staff("eva", frozenset({role})))
    if Action.SEARCH in ALLOWED[role]:
        assert set((await search(own, surname)).names) == set(theirs.values())
    else:
        with pytest.raises(NotAllowed):
            await search(own, surname)


async def test_an_erased_name_is_shown_no_more(
    desk: StaffContext, surname: str, theirs: dict[str, str]
) -> None:
    await activations.close(desk.pool, reference=theirs["401"], end=activations.WITH_ACCOUNT[0])
    await erasure.erase(desk, reference=theirs["401"], reason="asked by letter")
    assert set((await search(desk, surname)).names) == {theirs["402"]}
    found = await search(desk, theirs["401"])
    assert ([row.reference for row in found.rows], found.names) == ([theirs["401"]], {})


async def test_a_name_is_in_no_log_and_in_no_row_of_the_audit(
    desk: StaffContext, surname: str, theirs: dict[str, str]
) -> None:
    with structlog.testing.capture_logs() as logged:
        assert (await search(desk, surname)).names
    rows = await audit.page(desk.pool, desk.keys, limit=10)
    assert surname not in f"{logged} {rows}"
    assert rows[0].reason == f"names shown: {', '.join(sorted(theirs.values()))}"


@pytest.mark.usefixtures("desk")
async def test_the_command_shows_the_names(
    surname: str, theirs: dict[str, str], run: Callable[..., str]
) -> None:
    told = json.loads(await asyncio.to_thread(run, surname, "--json"))
    assert {each["reference"]: each["name"] for each in told} == {
        reference: f"Μαρία {department} {surname}" for department, reference in theirs.items()
    }
    assert f"Μαρία 401 {surname}" in await asyncio.to_thread(run, surname)


@pytest.fixture
def run() -> Callable[..., str]:
    def run(typed: str, *more: str) -> str:
        return CliRunner().invoke(commands, ["search", *more], input=f"{typed}\n").stdout

    return run
