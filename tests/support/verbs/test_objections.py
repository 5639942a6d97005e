"""Who tells the desk that they want no invitations is not invited, by any of their enrolments."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from temporalio.client import Client
from typer.testing import CliRunner

from demo.crowd import insert
from demo.part import aside
from ledger import audit, objections
from postgres import Pool
from support.commands.main import commands
from support.verbs import erasure, personal_data
from support.verbs.actions import ActionRefused
from support.verbs.objections import note, take_back
from support.verbs.registrar import RegistrarQuestion, check
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests import desk as desks
from tests.activities.campaigning import HERE, leave, student
from tests.stack import TestStack
from web.limits import RateLimited

NUMBER, OTHER, STRANGER = "SIS/YY71", "SIS/YY72", "SIS/YY73"


@pytest.fixture(scope="module", autouse=True)
def _enrolled(stack: TestStack) -> Iterator[None]:
    one = student(71)
    same = {**one, "registrationid": "YY72", "departmentid": "yy2"}
    aside(insert(stack.registrar_dsn, [one, same, student(73)]))
    yield
    aside(leave(stack))


@pytest.fixture
def desk(client: Client, pool: Pool, stack: TestStack) -> StaffContext:
    return desks.desk(client, pool, keys=stack.keys, settings=stack.settings)


def by(desk: StaffContext, role: StaffRole, *departments: str) -> StaffContext:
    return replace(desk, staff=Staff("eva", frozenset({role}), frozenset(departments) or None))


async def objectors(desk: StaffContext) -> list[str]:
    numbers = {desk.keys.index("person", each): each for each in (NUMBER, OTHER, STRANGER)}
    return sorted(numbers[key] for key in await objections.among(desk.pool, [*numbers]))


async def test_an_objection_is_of_the_person_in_the_audit_and_reversible(
    desk: StaffContext, pool: Pool, stack: TestStack
) -> None:
    helpdesk = by(desk, StaffRole.HELPDESK)
    for _ in range(2):
        await note(helpdesk, number=NUMBER, reason="by phone")
    assert await objectors(desk) == [NUMBER, OTHER]
    seen = await check(desk, RegistrarQuestion(number=OTHER))
    assert seen.uninvited_since
    (row, *_) = await audit.page(pool, stack.keys, action="objection", limit=1)
    assert (row.actor, row.reference, row.reason) == ("eva", None, "noted: by phone")
    assert await take_back(helpdesk, number=OTHER)
    assert not await take_back(helpdesk, number=OTHER)
    assert await objectors(desk) == []
    assert not (await check(desk, RegistrarQuestion(number=NUMBER))).uninvited_since


async def test_it_is_told_to_the_person_and_erased_with_them(desk: StaffContext) -> None:
    await note(desk, number=NUMBER)
    told = await personal_data.export(desk, person=OTHER, reason="asked")
    assert len(told["ledger"]["objection"]) == 2
    await erasure.erase_person(desk, person=OTHER, reason="asked")
    assert await objectors(desk) == []


async def test_only_of_whom_one_may_see_and_of_one_student_alone(desk: StaffContext) -> None:
    for role in (StaffRole.VIEWER, StaffRole.SECRETARIAT, StaffRole.AUDITOR):
        with pytest.raises(NotAllowed):
            await note(by(desk, role), number=NUMBER)
    elsewhere = by(desk, StaffRole.HELPDESK, "401")
    for ctx, number in ((elsewhere, NUMBER), (desk, "SIS/YY999"), (desk, " "), (desk, "")):
        with pytest.raises(ActionRefused, match="No student"):
            await note(ctx, number=number)
        (row,) = await audit.page(desk.pool, desk.keys, limit=1)
        assert (row.action, row.reason) == (audit.REFUSED, "objection")
    here = by(desk, StaffRole.HELPDESK, HERE.id)
    await note(here, number=STRANGER)
    assert await objectors(desk) == [STRANGER]
    await take_back(here, number=STRANGER)


async def test_a_number_as_the_registrar_has_it_is_one_students(
    desk: StaffContext, stack: TestStack
) -> None:
    """Without slashes it is another one's too, and the check offers it as system/number."""
    alike = {**student(74), "registrationid": "SISYY71"}
    await asyncio.to_thread(aside, insert(stack.registrar_dsn, [alike]))
    with pytest.raises(ActionRefused, match="exactly as the registrar check shows it"):
        await note(desk, number="sis/yy71")
    for ctx in (desk, by(desk, StaffRole.HELPDESK, HERE.id)):
        seen = await check(ctx, RegistrarQuestion(number=NUMBER))
        assert seen.outcome
        assert len(seen.people) == 1
    await note(desk, number=NUMBER)
    assert await objectors(desk) == [NUMBER, OTHER]
    await take_back(desk, number=NUMBER)


async def test_while_the_registrar_is_away_nothing_changes(desk: StaffContext) -> None:
    dsn = SecretStr("postgresql://nobody@127.0.0.1:9/nothing")
    away = desk.settings.registrar.model_copy(update={"dsn": dsn})
    ctx = replace(desk, settings=desk.settings.model_copy(update={"registrar": away}))
    with pytest.raises(ActionRefused, match="do not answer"):
        await note(ctx, number=NUMBER)
    assert await objectors(desk) == []


async def test_it_counts_as_a_look_up(desk: StaffContext) -> None:
    limits = desk.settings.limits.model_copy(update={"look_ups_per_staff": 1})
    ctx = replace(
        by(desk, StaffRole.HELPDESK),
        settings=desk.settings.model_copy(update={"limits": limits}),
    )
    ctx = replace(ctx, staff=replace(ctx.staff, name="curious"))
    await take_back(ctx, number=STRANGER)
    with pytest.raises(RateLimited):
        await take_back(ctx, number=STRANGER)


async def test_the_command_notes_and_undoes(desk: StaffContext) -> None:
    words = ["uninvite", "--number", STRANGER, "--reason", "by phone"]

    async def said(*more: str) -> str:
        return (await asyncio.to_thread(CliRunner().invoke, commands, [*words, *more])).output

    assert "No campaign invites" in await said()
    assert await objectors(desk) == [STRANGER]
    assert "may invite" in await said("--undo")
    assert "Nothing was noted" in await said("--undo")
