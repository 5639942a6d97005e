"""Plays a campaign of 5,000 students: `make campaign [STUDENTS=5000] [OUTAGE=600]`.

Its gateway is away for ten minutes, and its worker is killed in the outage and after it. Exits with
1 unless each student got one message, and whoever activated meanwhile none.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from demo.part import aside
from domain.contracts.vocabulary import campaign_workflow_id
from security.keys import KeyRing
from settings import Settings
from starter.client.connect import connect
from tests.campaign.play import AT_ANY_HOUR, Play
from tests.stack import WholeStack

_ACTIVE = 5


async def _histories(folder: Path, campaign: str) -> list[tuple[int, int]]:
    """Return events and bytes of each run of the campaign's workflow."""
    client = await connect(Settings(), KeyRing(folder / "keys"))
    found = []
    async for run in client.list_workflows(f"WorkflowId = '{campaign_workflow_id(campaign)}'"):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        history = await handle.fetch_history()
        found.append((run.history_length, sum(each.ByteSize() for each in history.events)))
    return found


def main() -> int:
    students, outage = int(os.environ["STUDENTS"]), float(os.environ["OUTAGE"])
    with tempfile.TemporaryDirectory() as folder:
        stack = WholeStack(Path(folder) / "demo", **AT_ANY_HOUR)
        os.environ["ACTIVATION_CONFIG"] = str(stack.folder / "activation.toml")
        try:
            stack.begin()
            play = Play(stack, students, _ACTIVE)
            played = play.run(outage, kill=True)
            runs = aside(_histories(stack.folder, play.campaign))
        finally:
            stack.end()
    expected = students - _ACTIVE
    largest = max(events for events, _ in runs), max(size for _, size in runs)
    sys.stdout.write(
        f"students: {students}, of whom {_ACTIVE} activated meanwhile\n"
        f"messages by student: {dict(played.messages)}, to who activated: {played.to_the_active}\n"
        f"states: {dict(played.states)}\n"
        f"{played.seconds:.0f} s, gateway away for {outage:.0f} s, worker killed twice\n"
        f"runs of the workflow: {len(runs)}, the largest {largest[0]} events, {largest[1]} bytes\n"
    )
    return int(played.messages != {1: expected} or bool(played.to_the_active))


if __name__ == "__main__":
    code = main()
    asyncio.run(asyncio.sleep(0.3))
    sys.exit(code)
