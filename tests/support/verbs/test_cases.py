"""A case whose history is too large to be read in time is shown as far as it can be."""

from datetime import UTC, datetime
from secrets import token_hex

import pytest
from temporalio.client import Client

from domain.contracts.submissions import ActivationStart, PinSubmission
from domain.contracts.vocabulary import WORKFLOW, TaskQueue
from starter.client.activations import Activations
from support.verbs import cases, histories
from support.verbs.cases import CaseState
from tests.server import working
from tests.starter.client.test_activations import waits_for_its_pin
from tests.workflows.engine import World, pin_of

FLOOD = 8


@pytest.mark.parametrize("large", [True, False])
async def test_a_run_that_was_ended_for_its_size_is_told_of(
    client: Client, reference: str, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """Temporal ends a run at 50 MiB, of which no answer brings all within the time."""
    if large:
        monkeypatch.setattr(histories, "_LARGEST", 200_000)
        monkeypatch.setattr(histories, "_PAGE", 100_000)
    start = ActivationStart(reference=reference, mobile="+306912345678")
    handle = await client.start_workflow(WORKFLOW, start, id=reference, task_queue=TaskQueue.MAIN)
    for _ in range(FLOOD):
        await handle.signal("nobodys", "x" * 100_000)
    await handle.terminate()
    case = await cases.case(client, reference)
    told = [event.what for event in case.timeline]
    assert case.standing.state is CaseState.CUT_OFF
    assert (told[0], told[-1]) == ("started", "terminated")
    assert case.masked["mobile"]
    assert case.missing == (("history",) if large else ())
    submitted = sum(event.times for event in case.timeline if event.what == "submitted")
    assert (submitted < FLOOD) is large


async def test_a_press_that_came_by_update_and_by_signal_is_told_once(
    client: Client, world: World, reference: str
) -> None:
    """A portal that gets no answer in time sends the same submission by the other door."""
    activations, handle = Activations(client), client.get_workflow_handle(reference)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        for _ in range(2):
            wrong = PinSubmission(
                submission_id=token_hex(8), received_at=datetime.now(UTC), pin=pin_of(9)
            )
            await activations.submit(reference, "submit_pin", wrong)
            for _ in range(2):
                await handle.signal("submit_pin", wrong)
        told = (await cases.case(client, reference)).timeline
        await handle.terminate()
    assert sum(each.times for each in told if each.detail == "submit_pin") == 2
