"""What the portal's role of the database writes stops no page of staff, erasure or sweep."""

from collections.abc import AsyncIterator
from datetime import timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from domain.contracts.vocabulary import Step
from ledger import support_requests
from postgres import Pool, connect
from security.purposes import User
from starter.client import runs, schedules
from support.verbs import erasure, personal_data
from tests import desk as desks
from tests.ledger.life import MOBILE, left, live, person_of
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn
from tests.support.verbs.test_erasure import STAYS

LISTS = {
    "helpdesk": ("/queue", "/list", "/requests"),
    "operator": ("/operations", "/funnel", "/not-activated?department=401"),
}


@pytest.fixture
async def portal(stack: TestStack, pool: Pool) -> AsyncIterator[Pool]:
    """Yield the ledger as the portal's role has it, and delete afterwards what it wrote."""
    async with await connect(stack.ledger_dsn_of(User.PORTAL)) as role:
        yield role
    for table in ("activation", "support_request"):
        await pool.execute(f"DELETE FROM {table} WHERE language = 'zz'")  # noqa: S608 - ours


@pytest.fixture(params=["", "x" * 2000, "' OR WorkflowId != '", "<b>&"])
async def written(request: pytest.FixtureRequest, stack: TestStack, portal: Pool) -> str:
    """Write an activation and requests for help as the engine never does; return the reference."""
    reference: str = request.param
    await portal.execute(
        "INSERT INTO activation (reference, language, mobile_index) VALUES ($1, 'zz', $2)",
        reference,
        stack.keys.index("mobile", MOBILE),
    )
    for number, of in ((reference, reference), (token_hex(16), None)):
        await portal.execute(
            "INSERT INTO support_request (id, reference, step, language, name, reply_to, text)"
            " VALUES ($1, $2, 'zz', 'zz', '', 'x', 'x')",
            number,
            of,
        )
    return reference


@pytest.mark.usefixtures("written")
async def test_every_list_of_staff_is_shown(signed_in: SignedIn) -> None:
    for name, paths in LISTS.items():
        browser = await signed_in(name)
        for path in paths:
            assert (await browser.get(path)).status_code == 200, path


@pytest.mark.usefixtures("written")
async def test_a_person_with_such_a_row_is_told_all_and_erased(
    client: Client, pool: Pool, stack: TestStack, portal: Pool, reference: str
) -> None:
    desk = desks.desk(client, pool, keys=stack.keys, settings=stack.settings)
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    await portal.execute(
        "INSERT INTO support_request (id, reference, step, language, name, reply_to, text)"
        " VALUES ($1, $2, 'zz', 'zz', '', 'x', 'x')",
        f"{reference}'",
        reference,
    )
    told = await personal_data.export(desk, person=reference, reason="asked")
    assert "rang twice" in str(told)
    await erasure.erase_person(desk, person=reference, reason="asked")
    assert set(await left(pool, reference, person)) <= STAYS


@pytest.mark.usefixtures("written")
async def test_a_request_that_nobody_can_read_is_there_to_be_closed(
    pool: Pool, stack: TestStack, signed_in: SignedIn
) -> None:
    number = await pool.fetchval(
        "SELECT id FROM support_request WHERE language = 'zz' AND reference IS NULL"
    )
    browser = await signed_in("helpdesk")
    assert (await browser.get(f"/requests/{number}")).status_code == 200
    found = await support_requests.standing(pool, stack.keys, number)
    assert found
    assert found.request.text == ""


async def test_the_sweep_ends_other_activations(
    client: Client, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_OURS_AFTER", timedelta())
    await schedules.create_all(client, ZoneInfo("UTC"))
    ends = await runs.ends(client, [written, "A-0000-0000"])
    assert ends == {written: Step.CANCELLED, "A-0000-0000": Step.CANCELLED}
