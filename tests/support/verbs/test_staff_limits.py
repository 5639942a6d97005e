"""Searches, registrar checks and decoded workflows of one of staff are limited, and alerted."""

import os
import secrets
from dataclasses import replace

import pytest
from temporalio.client import Client

from ledger import audit
from postgres import connect
from support.verbs import alerts, staff_limits
from support.verbs.registrar import RegistrarQuestion, check
from support.verbs.search import search
from support.verbs.staff import Action, NotAllowed, Staff, StaffContext, StaffRole
from tests.commandline import run
from tests.server import client
from tests.stack import TestStack
from web.limits import Purpose, RateLimited

__all__ = ["client"]

FEW = {"searches_per_staff": 2, "look_ups_per_staff": 2, "decodes_per_staff": 2}


def of(desk: StaffContext, *roles: StaffRole) -> StaffContext:
    """Return the desk of somebody new with these roles and narrow limits."""
    settings = desk.settings.model_copy(
        update={"limits": desk.settings.limits.model_copy(update=FEW)}
    )
    staff = Staff(f"eva{secrets.token_hex(4)}", frozenset(roles))
    return replace(desk, staff=staff, settings=settings)


@pytest.fixture
def eva(desk: StaffContext) -> StaffContext:
    return of(desk, StaffRole.HELPDESK, StaffRole.OPERATOR)


async def acts(ctx: StaffContext) -> list[tuple[str, str | None]]:
    rows = await audit.page(ctx.pool, ctx.keys, actor=ctx.staff.name)
    return [(row.action, row.reason) for row in reversed(rows)]


async def test_who_is_stopped_is_once_in_the_audit_and_operators_are_told(
    eva: StaffContext, client: Client
) -> None:
    before = (await staff_limits.stopped(eva.pool)).get(Purpose.SEARCHES, 0)
    for _ in range(2):
        await search(eva, "no")
    for _ in range(3):
        with pytest.raises(RateLimited) as limited:
            await search(eva, "no")
    assert limited.value.opens is not None
    searched = (Action.SEARCH, "nothing")
    assert await acts(eva) == [searched, searched, (audit.REFUSED, Action.SEARCH)]
    assert (await staff_limits.stopped(eva.pool))[Purpose.SEARCHES] == before + 1
    watcher = alerts.Watcher(client, eva.pool, eva.settings)
    async with eva.pool.acquire() as ledger:
        assert (await watcher._found(ledger))[f"{alerts.STAFF} searches"] == before + 1
    assert eva.staff.name not in alerts.STAFF
    other = replace(eva, staff=Staff(f"{eva.staff.name}2", frozenset({StaffRole.HELPDESK})))
    assert (await search(other, "no")).rows == ()


async def test_each_kind_of_look_has_a_limit_of_its_own(eva: StaffContext) -> None:
    question = RegistrarQuestion(number="000000000")
    for _ in range(2):
        await check(eva, question)
    with pytest.raises(RateLimited):
        await check(eva, question)
    assert (await search(eva, "no")).rows == ()
    for workflow in ("A", "B", "A", "B"):
        await staff_limits.count(eva, Action.DECODE, once=workflow)
    with pytest.raises(RateLimited):
        await staff_limits.count(eva, Action.DECODE, once="C")
    await staff_limits.count(eva, Action.DECODE, once="A")


async def test_another_name_at_the_provider_begins_no_new_limit(eva: StaffContext) -> None:
    digest, roles = secrets.token_hex(8), eva.staff.roles
    for name in ("eva", "maria"):
        await search(replace(eva, staff=Staff(f"{name}~{digest}", roles)), "no")
    with pytest.raises(RateLimited):
        await search(replace(eva, staff=Staff(f"~{digest}", roles)), "no")


async def test_whoever_may_not_search_uses_nothing_up(desk: StaffContext) -> None:
    viewer = of(desk, StaffRole.VIEWER)
    with pytest.raises(NotAllowed):
        await search(viewer, "no")
    used = "SELECT count(*) FROM budget WHERE bucket = $1"
    assert await desk.pool.fetchval(used, f"searches:{viewer.staff.name}") == 0


async def test_a_command_says_from_when_on_there_is_more_whoever_one_says_to_be(
    stack: TestStack,
) -> None:
    async with await connect(stack.ledger_dsn) as ledger:
        await ledger.execute("DELETE FROM budget WHERE bucket LIKE 'searches:%'")
    first, second = (
        run(
            *("support", "search"),
            environ=os.environ | {"ACTIVATION_LIMITS__SEARCHES_PER_STAFF": "1", "LOGNAME": name},
            given="no\n",
        )
        for name in ("eva", "nikos")
    )
    assert first.returncode == 0, first.stderr
    assert second.returncode != 0
    assert "too often (see limits.*): again 20" in second.stderr
