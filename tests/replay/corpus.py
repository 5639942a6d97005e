"""Reads recorded histories and replays them with the code of today.

Each file is the JSON of one run of a workflow by the name of its folder, with made-up students and
without encryption. A recorded history is never changed: it stands for runs that an older version
began and that the newest version must go on with.
"""

from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Interceptor, Replayer

from tests.sandbox import sandbox
from worker import WORKFLOWS

HISTORIES = Path(__file__).with_name("histories")


def recorded(folder: Path = HISTORIES) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text("utf-8"))


async def replay(history: WorkflowHistory, *interceptors: Interceptor) -> None:
    """Replay in the sandbox; raises what the SDK raises where the code decides otherwise."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandbox(),
        interceptors=interceptors,
    )
    await replayer.replay_workflow(history)
