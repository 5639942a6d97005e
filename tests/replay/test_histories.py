"""Recorded runs go on with the code of today, and there is one of each thing that can happen."""

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.workflow import NondeterminismError

from domain.contracts.account_io import Claimed, ClaimPerson
from domain.contracts.vocabulary import ActivityName, Step
from tests.handlers import MODELS
from tests.replay.corpus import HISTORIES, read, recorded, replay
from tests.replay.fingerprint import committed
from worker import WORKFLOWS
from workflows import calls
from workflows.search_attributes import STEP
from workflows.step_machine import Delayed


@pytest.mark.parametrize(
    "path", recorded(), ids=lambda path: str(path.relative_to(HISTORIES).with_suffix(""))
)
async def test_a_recorded_run_goes_on(path: Path) -> None:
    await replay(read(path))


@pytest.mark.long
async def test_a_run_recorded_without_traces_goes_on_with_them() -> None:
    for path in recorded():
        await replay(read(path), TracingInterceptor())


async def test_a_run_that_the_code_no_longer_repeats_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = calls.claim_person

    async def later(request: ClaimPerson, delayed: Delayed) -> Claimed:
        await workflow.sleep(1)
        return await claim(request, delayed)

    monkeypatch.setattr(calls, "claim_person", later)
    with pytest.raises(NondeterminismError):
        await replay(read(HISTORIES / "Activation" / "before-the-short-course.json"))


@cache
def happened() -> Mapping[str, set[str]]:
    """Return by the kind of event which names the recorded histories have."""
    found: dict[str, set[str]] = defaultdict(set)
    for event in (event for path in recorded() for event in read(path).events):
        started = event.workflow_execution_started_event_attributes
        scheduled = event.activity_task_scheduled_event_attributes
        marker = event.marker_recorded_event_attributes
        upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes
        accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request
        found["workflow"].add(started.workflow_type.name)
        found["activity"].add(scheduled.activity_type.name)
        noted = {
            name: [json.loads(each.data) for each in payloads.payloads]
            for name, payloads in marker.details.items()
        }
        found["activity"].update(each["activity_type"] for each in noted.get("data", ()))
        found["patch"].update(each["id"] for each in noted.get("patch-data", ()))
        found["submission"].add(accepted.input.name)
        found["submission"].add(event.workflow_execution_signaled_event_attributes.signal_name)
        if STEP.name in upserted.indexed_fields:
            found["step"].add(json.loads(upserted.indexed_fields[STEP.name].data))
    return found


EXPECTED = {
    "workflow": {workflow._Definition.must_from_class(each).name for each in WORKFLOWS},
    "activity": {*ActivityName},
    "submission": {*MODELS},
    "step": {*Step},
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_that_can_happen_is_recorded(kind: str) -> None:
    assert EXPECTED[kind] - happened()[kind] == set()


def test_each_patch_is_recorded() -> None:
    """Those whose id is composed have a number at the end."""
    kind = "version patched "
    tokens = {each for tokens in committed().values() for each in tokens if each.startswith(kind)}
    missing = {
        token
        for token in tokens
        for name in [token.removeprefix(kind).strip("f'").partition("{")[0]]
        if not any(each.startswith(name) for each in happened()["patch"])
    }
    assert missing == set()
