"""`activation schedules` lists and runs at the stack's own Temporal; the doctor reads the same."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from domain.contracts.vocabulary import ScheduleId
from starter.cli import app
from starter.client.scheduled_runs import COMPLETED, ScheduleState
from starter.commands.schedules import lines
from starter.doctor.temporal import trouble
from tests.commandline import run
from tests.server import at_leisure
from tests.stack import TestStack

AT = datetime(2026, 11, 30, 9, 23, 4, tzinfo=UTC)
OPEN = "WorkflowType = 'Sweep' AND ExecutionStatus = 'Running'"
STATE = ScheduleState(
    "sweep", "Sweeps.", "hourly at :23", last_at=AT, last_end=COMPLETED, next_at=AT
)


@pytest.fixture(autouse=True)
async def nothing_stays(stack: TestStack, client: Client) -> AsyncIterator[None]:
    """End what was begun, and forget it: other tests ask the doctor."""
    yield
    stack.end_runs()
    for each in ScheduleId:
        await client.get_schedule_handle(each).delete()
    await at_leisure(client)


async def command(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["schedules", *words])


@pytest.mark.parametrize(
    ("state", "shown", "to_mend"),
    [
        (
            STATE,
            [
                "hourly at :23; last run 2026-11-30 11:23:04 EET, completed",
                "next run 2026-11-30 11:23:04 EET",
            ],
            "",
        ),
        (replace(STATE, last_at=None, last_end=""), ["hourly at :23; no run yet"], ""),
        (replace(STATE, late=True), ["hourly at :23; last run"], "late, as its last run"),
        (replace(STATE, last_end="failed"), ["hourly at :23"], "its last run ended as failed"),
        (replace(STATE, paused=True, note="moving"), ["hourly", "paused: moving"], "paused (movin"),
        (replace(STATE, paused=True), ["hourly at :23", "paused"], "paused: unpause it"),
        (replace(STATE, exists=False), ["hourly at :23; missing in Temporal"], "missing: start a"),
    ],
)
def test_each_state_is_told_with_what_to_do(
    state: ScheduleState, shown: list[str], to_mend: str
) -> None:
    assert all(one.startswith(text) for one, text in zip(lines(state), shown, strict=False))
    assert trouble(state).startswith(to_mend)
    assert bool(trouble(state)) is bool(to_mend)


async def test_they_are_listed_and_begun_by_hand(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del client
    assert stack.settings
    begun = await command("run", "sweep", "--no-wait")
    assert begun.exit_code == 0, begun
    assert begun.stdout.startswith("sweep-2")
    assert begun.stdout.endswith(": started\n")
    listed = {each["id"]: each for each in json.loads((await command("list", "--json")).stdout)}
    assert set(listed) == set(ScheduleId)
    assert listed["sweep"]["last_end"] == "running"
    shown = (await command("list")).stdout
    assert "sweep: Deletes or empties" in shown
    assert "as changed in Temporal; last run" in shown
    assert "The head of the audit: sent daily by `support alerts`, the last one for " in shown
    monkeypatch.setenv("ACTIVATION_LEDGER_DSN", "postgresql://nobody@127.0.0.1:1/ledger")
    told = await asyncio.to_thread(run, "schedules", "list")
    assert told.returncode == 0, told
    assert "the last one for (the ledger does not tell)" in told.stdout


async def test_a_run_that_did_not_complete_is_a_failure(client: Client) -> None:
    waiting = asyncio.create_task(command("run", "sweep"))
    async with asyncio.timeout(30):
        while not (found := [each async for each in client.list_workflows(OPEN)]):  # noqa: ASYNC110 - Temporal decides
            await asyncio.sleep(0.2)
    await client.get_workflow_handle(found[0].id).terminate()
    told = await waiting
    assert told.exit_code == 1
    assert f"{found[0].id}: started; waits for its end, which needs a worker" in told.stderr
    assert str(told.exception) == f"{found[0].id}: terminated"
    unknown = await command("run", "weekly")
    assert "There is no schedule weekly" in str(unknown.exception)
