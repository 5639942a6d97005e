"""A plugin of pytest that writes down every history that the workflows' tests replay.

Given to pytest by `python -m tests.replay`; payloads are recorded without encryption.
"""

import json
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowReplayResult

from tests.workflows import conftest as replayed

_PLACES = {"stackTrace", "identity", "workerVersion", "binaryChecksum"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-into", type=Path)


def _without_places(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out on which machine and from which files this was recorded."""
    return {name: value for name, value in found.items() if name not in _PLACES}


@pytest.fixture(autouse=True)
def record(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write each history into a folder named after its workflow, under the name of its test."""
    folder: Path = request.config.getoption("--record-into")
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-_")
    number = count(1)

    class Recorder(Replayer):
        async def replay_workflow(
            self, history: WorkflowHistory, *, raise_on_replay_failure: bool = True
        ) -> WorkflowReplayResult:
            started = history.events[0].workflow_execution_started_event_attributes
            path = folder / started.workflow_type.name / f"{name}-{next(number)}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            events: Any = json.loads(history.to_json(), object_hook=_without_places)
            path.write_text(json.dumps(events, ensure_ascii=False, indent=1) + "\n", "utf-8")
            return await super().replay_workflow(
                history, raise_on_replay_failure=raise_on_replay_failure
            )

    monkeypatch.setattr(replayed, "Replayer", Recorder)
    monkeypatch.setattr(replayed, "data_converter", lambda _ring: pydantic_data_converter)
