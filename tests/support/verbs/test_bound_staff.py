"""Who is limited to departments reads no audit of others, and acts on no more than theirs."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from secrets import token_hex

import pytest
from temporalio.client import Client

from ledger import audit
from support.verbs import audit as audit_verbs
from support.verbs import operations, pause, second_factor
from support.verbs.audit import Format
from support.verbs.staff import (
    OF_ALL_DEPARTMENTS,
    Action,
    NotAllowed,
    Staff,
    StaffContext,
    StaffRole,
)
from tests.server import client

__all__ = ["client"]

ALL_ROLES = frozenset(StaffRole)


@pytest.fixture
def desk(desk: StaffContext, client: Client) -> StaffContext:
    return replace(desk, client=client)


def bound(desk: StaffContext, *departments: str) -> StaffContext:
    return replace(desk, staff=Staff("eva", ALL_ROLES, frozenset(departments)))


@pytest.fixture
async def actor(desk: StaffContext) -> AsyncIterator[str]:
    """Write rows of one actor about activations of two departments, an unknown one, and none."""
    actor = token_hex(6)
    for department in ("401", "404"):
        await desk.pool.execute(
            "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', $2)",
            f"{actor}-{department}",
            department,
        )
    for reference in (f"{actor}-401", f"{actor}-404", f"{actor}-gone", None):
        await audit.record(
            desk.pool, desk.keys, actor=actor, action="retry", reference=reference, reason="why"
        )
    yield actor
    await desk.pool.execute("DELETE FROM activation WHERE starts_with(reference, $1)", actor)


async def references(desk: StaffContext, actor: str) -> list[tuple[str | None, ...]]:
    """Return what the page shows and what the export has, the oldest first."""
    page = await audit_verbs.read(desk, actor=actor)
    lines = [json.loads(line) async for line in await audit_verbs.export(desk, Format.JSONL)]
    exported = [line["reference"] for line in lines if line["actor"] == actor]
    return [tuple(row.reference for row in reversed(page)), tuple(exported)]


async def test_the_audit_of_other_departments_is_neither_shown_nor_exported(
    desk: StaffContext, actor: str
) -> None:
    everything = (f"{actor}-401", f"{actor}-404", f"{actor}-gone", None)
    assert await references(desk, actor) == [everything] * 2
    assert await references(bound(desk, "401"), actor) == [(f"{actor}-401", None)] * 2
    assert await references(bound(desk), actor) == [(None,)] * 2
    assert await audit_verbs.read(bound(desk, "401"), reference=f"{actor}-404") == []
    assert (await audit_verbs.verify(bound(desk, "401"))).whole


async def test_nobody_of_departments_acts_on_the_whole_institution(desk: StaffContext) -> None:
    eva = bound(desk, "401")
    for action in Action:
        assert eva.staff.may(action) is (action not in OF_ALL_DEPARTMENTS), action
        assert replace(eva.staff, departments=None).may(action)
    for attempt in (
        pause.pause(eva, reason="why", el="α", en="a"),
        pause.resume(eva, reason="why"),
        operations.state(eva),
        second_factor.reset(eva, "anna", "why"),
        audit_verbs.cut(eva, although_broken=False),
    ):
        with pytest.raises(NotAllowed):
            await attempt
