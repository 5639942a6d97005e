"""Reads recorded histories and replays them with the code of today.

Each file is the JSON of one run of a workflow by the name of its folder, with made-up students and
without encryption. A recorded history is never changed: it stands for runs that an older version
began and that the newest version must go on with.
"""

from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.sandbox import sandbox
from workflows.activation import Activation
from workflows.outbox import Outbox
from workflows.retry_batch import Retry
from workflows.support_request import SupportAnswer, SupportRequest
from workflows.sweep import Sweep
from workflows.withdrawal import Withdrawal

HISTORIES = Path(__file__).with_name("histories")
WORKFLOWS = (Activation, SupportRequest, SupportAnswer, Withdrawal, Retry, Outbox, Sweep)


def recorded(folder: Path = HISTORIES) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text("utf-8"))


async def replay(history: WorkflowHistory) -> None:
    """Replay in the sandbox; raises what the SDK raises where the code decides otherwise."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandbox(),
    )
    await replayer.replay_workflow(history)
