"""Students without an account are counted once for all who look, and seen by department."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import Unavailable
from support.verbs import not_activated
from support.verbs.not_activated import SharedCounts
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
PATIENCE = 60.0


class _Desk(StaffContext):
    """A desk whose clock shows a time that a test sets."""

    later = timedelta()

    async def now(self) -> datetime:
        return AT + type(self).later


@pytest.fixture
def secretariat(desk: StaffContext) -> StaffContext:
    who = Staff("ioanna", frozenset({StaffRole.SECRETARIAT}), frozenset({"401"}))
    _Desk.later = timedelta()
    return _Desk(desk.client, desk.pool, desk.keys, desk.settings, who)


async def test_they_are_counted_once_for_all_and_anew_when_somebody_looks_later(
    secretariat: StaffContext,
) -> None:
    shared = SharedCounts()
    all_of_them = replace(secretariat, staff=replace(secretariat.staff, departments=None))
    mine, all_departments = await asyncio.gather(
        shared.in_sight(secretariat, PATIENCE), shared.in_sight(all_of_them, PATIENCE)
    )
    assert mine
    assert all_departments
    assert [each.department_id for each in mine.departments] == ["401"]
    assert len(all_departments.departments) > 1
    first = shared._counting
    assert await shared.in_sight(secretariat, PATIENCE) == mine
    assert shared._counting is first
    _Desk.later = not_activated.FRESH
    older = await shared.in_sight(secretariat, 0)
    assert older
    assert older.at == AT
    assert shared._counting is not first
    assert shared._counting
    await shared._counting
    fresh = await shared.in_sight(secretariat, 0)
    assert fresh
    assert fresh.at == AT + not_activated.FRESH
    _Desk.later += not_activated.KEPT
    assert await shared.in_sight(secretariat, 0) is None
    assert await shared.in_sight(secretariat, PATIENCE)


async def test_what_failed_is_tried_again_after_a_pause_and_older_counts_stay(
    secretariat: StaffContext,
) -> None:
    dsn = type(secretariat.settings.registrar.dsn)("postgresql://nobody@127.0.0.1:1/none")
    section = secretariat.settings.registrar.model_copy(update={"dsn": dsn})
    settings = secretariat.settings.model_copy(update={"registrar": section})
    away = replace(secretariat, settings=settings)
    shared = SharedCounts()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await shared.in_sight(away, PATIENCE)
    failed = shared._counting
    with pytest.raises(Unavailable):
        await shared.in_sight(secretariat, PATIENCE)
    assert shared._counting is failed
    _Desk.later = timedelta(minutes=1)
    assert await shared.in_sight(secretariat, PATIENCE)
    _Desk.later += not_activated.FRESH
    assert await shared.in_sight(away, PATIENCE)


async def test_whoever_has_no_role_for_it_starts_nothing(secretariat: StaffContext) -> None:
    shared = SharedCounts()
    helpdesk = Staff("nikos", frozenset({StaffRole.HELPDESK}))
    with pytest.raises(NotAllowed):
        await shared.in_sight(replace(secretariat, staff=helpdesk), PATIENCE)
    assert shared._counting is None
