"""The audit is cut by what was verified and by this machine's clock, and by one at a time."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client

from ledger import audit_heads
from ledger.audit_chain import CannotCut
from postgres import connect
from support.verbs import audit
from support.verbs.staff import StaffContext
from tests import desk as desks
from tests.ledger.test_audit_heads import DAYS_KEPT, Ledger, ledger
from tests.stack import TestStack
from tests.support.verbs.test_head_letters import AHEAD

__all__ = ["ledger"]
OLD = "id <= 16"


@pytest.fixture
def desk(ledger: Ledger, stack: TestStack) -> StaffContext:
    return desks.desk(cast("Client", None), ledger.pool, keys=stack.keys, settings=stack.settings)


async def cut(desk: StaffContext) -> int:
    return await audit.cut(desk, although_broken=False)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[Any]]], None]:
    """Let something happen once after the chain was verified, and before it is cut."""
    choose = audit_heads.beginning

    def happens(act: Callable[[], Awaitable[Any]]) -> None:
        async def after(*given: Any) -> Any:
            monkeypatch.setattr(audit_heads, "beginning", choose)
            await act()
            return await choose(*given)

        monkeypatch.setattr(audit_heads, "beginning", after)

    return happens


Meanwhile = Callable[[Callable[[], Awaitable[Any]]], None]


async def rows(ledger: Ledger) -> int:
    number: int = await ledger.pool.fetchval("SELECT count(*) FROM audit WHERE id <= 16")
    return number


async def test_rows_that_are_made_old_after_they_were_verified_stay(
    ledger: Ledger, desk: StaffContext, meanwhile: Meanwhile
) -> None:
    await ledger.age(800)
    meanwhile(lambda: ledger.attack("UPDATE audit SET at = at - interval '9 years' WHERE id < 16"))
    assert await cut(desk) == 0
    assert await rows(ledger) == 16


async def test_rows_are_old_by_the_clock_of_this_machine(
    ledger: Ledger, desk: StaffContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger's clock is right only while it is compared."""

    async def right(_: StaffContext) -> datetime:
        return datetime.now(UTC)

    await ledger.age(800)
    await ledger.pool.execute(AHEAD)
    monkeypatch.setattr(StaffContext, "now", right)
    async with await connect(ledger.dsn) as pool:
        ahead = desks.desk(cast("Client", None), pool, keys=desk.keys, settings=desk.settings)
        assert await cut(ahead) == 0
    assert await rows(ledger) == 16


async def test_of_two_cuts_at_once_one_is_refused_and_says_why(
    ledger: Ledger, desk: StaffContext, meanwhile: Meanwhile
) -> None:
    await ledger.age(DAYS_KEPT + 1, OLD)
    meanwhile(lambda: cut(desk))
    with pytest.raises(CannotCut, match="meanwhile"):
        await cut(desk)
    assert (await ledger.verify()).whole
    assert await cut(desk) == 0


async def test_a_beginning_that_was_replaced_after_it_was_verified_is_none(
    ledger: Ledger, desk: StaffContext, meanwhile: Meanwhile
) -> None:
    """Somebody brings back rows of the engine that were there before: the chain fits by itself."""
    await ledger.age(DAYS_KEPT + 1, OLD)
    (before,) = await ledger.pool.fetch("SELECT * FROM audit WHERE id = 16")
    await ledger.age(1, "id = 16")
    hashed, at = before["hash"].hex(), before["at"].isoformat()
    attack = (
        f"UPDATE audit SET at = '{at}', hash = '\\x{hashed}' WHERE id = 16",  # noqa: S608 - ours
        f"UPDATE audit_sent SET hash = '\\x{hashed}' WHERE id = 16",  # noqa: S608 - ours
    )
    meanwhile(lambda: ledger.attack(*attack))
    with pytest.raises(CannotCut, match="row 16"):
        await cut(desk)
    assert await rows(ledger) == 16


async def test_a_head_of_a_day_to_come_is_no_head(ledger: Ledger, desk: StaffContext) -> None:
    zone = desk.settings.institution.timezone
    today = datetime.now(UTC).astimezone(zone).date()
    real = await ledger.send(today)
    assert (await audit.verify(desk, heads=[real])).whole
    tomorrow = audit_heads.SentHead(today + timedelta(1), real.id, real.hash)
    for heads in ([real, tomorrow], [tomorrow]):
        chain = await audit.verify(desk, heads=heads)
        assert not chain.whole
        assert chain.early == (tomorrow,)
        assert chain.newest in (real, None)
    # Marked as sent beforehand, so that no letter goes on that day.
    await ledger.send(today + timedelta(1))
    assert not (await audit.verify(desk)).whole
    with pytest.raises(audit.NotWhole):
        await cut(desk)
