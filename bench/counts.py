"""Counts what one journey asks of each system: `python -m bench.counts`.

Starts a demo of its own and plays some journeys, one at a time. Prints how many events, workflow
tasks, state transitions, calls of Temporal, statements of PostgreSQL, operations of the directory,
and bytes of pages one journey takes, and writes the same to `bench/results.json`. The fewest of all
journeys are given, because what a page asks while it waits depends on the machine.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from temporalio.api.enums.v1 import EventType

from bench import directory, results
from bench.console import say
from bench.journeys import play, world_in
from bench.processes import pid_of
from demo.crowd import World
from support.commands.terminal import staff_context

JOURNEYS = 7
_CALLS = {
    "QueryWorkflow": "queries",
    "UpdateWorkflowExecution": "updates",
    "ExecuteMultiOperation": "updates with start",
    "StartWorkflowExecution": "starts",
    "SignalWorkflowExecution": "signals",
    "DescribeWorkflowExecution": "describes",
}
_PUBLISHED_EVERY = 2.0
"""Seconds in which Temporal publishes its counters at least once; a journey is shorter."""
_CALL = re.compile(
    r'^service_requests\{[^}]*operation="(\w+)"[^}]*service_name="frontend"\} (\d+)$', re.MULTILINE
)
_STATEMENT = re.compile(r"^(\S+) LOG:\s+(?:execute [^:]*|statement): (.*)$")
_BACKGROUND = re.compile(
    r"part_minute|part_last|alert|advisory_xact_lock\(\$1\)|set_config|FROM pause|advisory_unlock"
    r"|DELETE FROM sealed_password WHERE expires_at|support_request"
)
"""What is asked whether somebody comes or not."""


@contextmanager
def logged_statements(folder: Path) -> Iterator[Path]:
    """Let PostgreSQL log all statements in the block, without their parameters; yields the log."""
    log = folder / "logs" / "postgres.log"
    _log_statements(folder, "all")
    try:
        yield log
    finally:
        _log_statements(folder, "none")


def _log_statements(folder: Path, which: str) -> None:
    with (folder / "data/postgres/postgresql.conf").open("a") as settings:
        settings.write(f"\nlog_statement = {which}\nlog_line_prefix = '%d '\n")
    os.kill(pid_of(folder, "postgres"), signal.SIGHUP)


def statements(log: Path, since: int) -> Counter[str]:
    """Count the statements of journeys by database that were logged after this place."""
    text = log.read_bytes()[since:].decode("utf-8", "replace")
    # The server indents the further lines of a statement.
    found = map(_STATEMENT.match, re.sub(r"\n\t", " ", text).split("\n"))
    said = [each.groups() for each in found if each]
    return Counter(database for database, each in said if not _BACKGROUND.search(each))


def calls(folder: Path) -> Counter[str]:
    """Return how often clients have called Temporal's front end by now, by kind."""
    log = (folder / "logs" / "temporal.log").read_text("utf-8", "replace")
    *_, url = re.findall(r"http://\S+/metrics", log)
    time.sleep(_PUBLISHED_EVERY)
    counted: Counter[str] = Counter()
    for operation, number in _CALL.findall(httpx.get(url).raise_for_status().text):
        if operation in _CALLS:
            counted[_CALLS[operation]] += int(number)
    return counted


async def history(reference: str) -> Mapping[str, int]:
    """Return how large the history of a journey is."""
    async with staff_context() as opened:
        handle = opened.client.get_workflow_handle(reference)
        await handle.result()
        info = (await handle.describe()).raw_description.workflow_execution_info
        kinds = [each.event_type for each in (await handle.fetch_history()).events]
    return {
        "events": len(kinds),
        "workflow tasks": kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
        "state transitions": info.state_transition_count,
        "bytes of history": info.history_size_bytes,
    }


def counted(world: World, folder: Path, number: int, logs: tuple[Path, Path]) -> dict[str, int]:
    """Play one journey and return how often each thing was done for it."""
    places = [log.stat().st_size for log in logs]
    before = calls(folder)
    seen, _ = play(world, 1, 1, number)
    if seen.lost:
        raise SystemExit(seen.lost[0])
    # The end of the history is the end of the journey's work.
    asked = calls(folder) - before
    past = asyncio.run(history(seen.references[0]))
    sql, ldap = logs
    return {
        **past,
        **{what: asked[what] for what in _CALLS.values()},
        **{f"statements of {name}": n for name, n in statements(sql, places[0]).items()},
        "operations of the directory": len(directory.operations(ldap, places[1])),
        "bytes of pages": seen.rendered,
    }


def fewest(journeys: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {what: min(each[what] for each in journeys) for what in journeys[0]}


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with (
            world_in(folder) as world,
            logged_statements(folder) as sql,
            directory.logging(folder) as ldap,
        ):
            # The first opens connections and fills caches.
            found = [counted(world, folder, n, (sql, ldap)) for n in range(1, JOURNEYS + 2)]
    told = fewest(found[1:])
    for what, number in told.items():
        say(f"{what:28} {number:7}")
    results.keep("counts", told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
