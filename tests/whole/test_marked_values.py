"""After every branch, each secret is where the design allows it and nowhere else.

The registrar lives in the same PostgreSQL as the ledger and holds names and contacts by its nature:
they are looked for in the ledger's own rows and files, everything else in the whole server's.
"""

import gzip
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client

from demo.part import aside, run
from demo.postgres import Postgres, find_binaries
from tests.metrics import health_port, scraped
from tests.scan import Finding, scan
from tests.whole.marked_scene import Scene
from tests.whole.marked_walks import ALONE, BESIDE

# Everything is walked before the first test, on machines that may be busy with more.
pytestmark = [pytest.mark.timeout(400), pytest.mark.long]

PEOPLE = frozenset({"name", "contact", "kept contact", "login", "student number"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "temporal": frozenset(),
    "ledger": frozenset({"login"}),
    "logs": frozenset(),
    "settings": frozenset({"credential"}),
    "processes": frozenset(),
    "metrics": frozenset(),
    "postgres": PEOPLE | {"number on file"},
    "slapd": PEOPLE - {"contact"},
    "inbox": PEOPLE | {"pin", "help"},
    # A slip, or a contact that is nobody's, goes back to the form it was typed into.
    "pages": PEOPLE | {"help", "note", "suggestion", "slip", "stranger"},
    "addresses": frozenset(),
    "staff": frozenset({"note"}),
    "export": frozenset(),
    "report": frozenset({"student number"}),
}
HELD: Mapping[str, frozenset[str]] = {
    "ledger": frozenset({"login"}),
    "settings": frozenset({"credential"}),
    "postgres": frozenset({"name", "contact", "number on file"}),
    "slapd": frozenset({"name", "kept contact"}),
    "inbox": frozenset({"contact", "login", "pin", "help"}),
    "pages": frozenset({"name", "login", "suggestion", "help", "note", "stranger"}),
    "staff": frozenset({"note"}),
    "report": frozenset({"student number"}),
}
TABLES = (
    *("activation", "audit", "audit_head", "budget", "case_note", "claim", "consent", "insurance"),
    *("message", "session", "suggestion", "support_request", "username"),
)
AT_ONCE = 4


def leaks(places: Mapping[str, list[Path]], marks: Mapping[str, str]) -> set[tuple[str, Finding]]:
    """Return what was found where it must not be."""
    return {
        (place, found)
        for place, paths in places.items()
        for found in scan(paths, {n: v for n, v in marks.items() if kind(n) not in ALLOWED[place]})
    }


def kind(name: str) -> str:
    """Return a mark's kind: its name without its own number."""
    return name.rpartition(" ")[0]


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Walk every branch on a stack at log level DEBUG."""
    folder = tmp_path_factory.mktemp("marked")
    scene = Scene(folder / "demo", folder / "outputs")
    try:
        scene.begin()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for walked in [pool.submit(walk, scene) for walk in BESIDE]:
                walked.result()
        for walk in ALONE:
            walk(scene)
        yield scene
    finally:
        scene.end()


@pytest.fixture(scope="session")
def marks(scene: Scene) -> Mapping[str, str]:
    """Give what was typed, what was sent, and the credentials."""
    for message in scene.messages():
        for pin in re.findall(r"(?<!\d)\d{6}(?!\d)", message["text"]):
            scene.mark("pin", pin)
    for file in (scene.stack.folder / "secrets").iterdir():
        scene.mark("credential", file.read_text("ascii"))
    return scene.marks


@pytest.fixture(scope="session")
def places(
    scene: Scene, marks: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[Path]]:
    del marks
    folder, copies = scene.stack.folder, tmp_path_factory.mktemp("copies")
    ledger = [_dump(scene, copies), *aside(_files_of_the_ledger(scene))]
    told, processes = aside(_told_by_temporal(scene, copies)), [*_processes(scene, copies)]
    metrics = [*_metrics(scene, copies)]
    scene.end()
    logs = {*(folder / "logs").glob("*.log"), scene.stack.output}
    return {
        "temporal": [folder / "data/temporal", *told],
        "ledger": ledger,
        "logs": [*logs],
        "settings": [folder / name for name in ("env", "activation.toml", "temporal.toml")],
        "processes": processes,
        "metrics": metrics,
        "postgres": [folder / "data/postgres"],
        "slapd": [folder / "data/slapd"],
        "inbox": [folder / "data/inbox"],
    } | {path.name: [path] for path in scene.outputs.iterdir()}


def _dump(scene: Scene, copies: Path) -> Path:
    major = int((scene.stack.folder / "data/postgres/PG_VERSION").read_text())
    dump = copies / "ledger.sql"
    dsn = scene.env["LEDGER_DSN"]
    command = (str(find_binaries(major) / "pg_dump"), f"--file={dump}", f"--dbname={dsn}")
    run(command, what="pg_dump")
    return dump


async def _files_of_the_ledger(scene: Scene) -> list[Path]:
    """Write everything to the disk and name the files of the ledger's tables and indexes."""
    folder = scene.stack.folder
    server = await asyncpg.connect(
        scene.env["LEDGER_DSN"],
        user="postgres",
        password=(folder / "secrets/postgres_postgres").read_text(),
    )
    try:
        await server.execute("CHECKPOINT")
        rows = await server.fetch(
            "SELECT pg_relation_filepath(c.oid) AS path FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'pg_toast') AND c.relkind IN ('r', 'i', 't')"
        )
        return [folder / "data" / Postgres.name / row["path"] for row in rows]
    finally:
        await server.close()


async def _told_by_temporal(scene: Scene, copies: Path) -> list[Path]:
    """Write down what Temporal tells anybody who asks: list, description and history."""
    namespace = scene.env["TEMPORAL_NAMESPACE"]
    client = await Client.connect(scene.env["TEMPORAL_ADDRESS"], namespace=namespace)
    service = client.workflow_service
    listed = await service.list_workflow_executions(
        ListWorkflowExecutionsRequest(namespace=namespace)
    )
    told: list[Message] = [listed]
    for one in listed.executions:
        run = WorkflowExecution(workflow_id=one.execution.workflow_id)
        described = DescribeWorkflowExecutionRequest(namespace=namespace, execution=run)
        history = GetWorkflowExecutionHistoryRequest(namespace=namespace, execution=run)
        told.append(await service.describe_workflow_execution(described))
        told.append(await service.get_workflow_execution_history(history))
    files = [copies / f"temporal.{number}" for number in range(len(told))]
    for file, answer in zip(files, told, strict=True):
        file.write_bytes(answer.SerializeToString())
    return files


def _processes(scene: Scene, copies: Path) -> Iterator[Path]:
    """Copy the words and the environment each part was started with."""
    for name, pid in scene.stack.pids.items():
        for told in ("cmdline", "environ"):
            file = copies / f"{name}.{told}"
            file.write_bytes(Path("/proc", str(pid), told).read_bytes())
            yield file


def _metrics(scene: Scene, copies: Path) -> Iterator[Path]:
    """Write down what each process tells Prometheus."""
    of_workers = {name: health_port(scene.stack.pids[name]) for name in ("worker", "alerts")}
    for name, port in (scene.metrics_ports | of_workers).items():
        file = copies / f"{name}.metrics"
        file.write_text(scraped(str(port)), encoding="utf-8")
        yield file


@pytest.mark.parametrize("place", sorted(ALLOWED))
def test_nothing_marked_is_where_it_must_not_be(
    places: Mapping[str, list[Path]], marks: Mapping[str, str], place: str
) -> None:
    assert all(path.exists() for path in places[place])
    assert leaks({place: places[place]}, marks) == set()


def test_every_place_is_looked_into(places: Mapping[str, list[Path]]) -> None:
    assert places.keys() == ALLOWED.keys()
    assert all(places.values())


def test_what_may_be_somewhere_is_found_there(
    places: Mapping[str, list[Path]], marks: Mapping[str, str]
) -> None:
    """The scan looks at the right files: it sees what they are known to hold."""
    seen = {place: {kind(found.mark) for found in scan(places[place], marks)} for place in HELD}
    for place, held in HELD.items():
        assert seen[place] >= held, place


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("log", ["portal", "worker", "postgres", "slapd", "temporal"])
def test_whatever_is_planted_in_a_log_is_found(
    scene: Scene, marks: Mapping[str, str], tmp_path: Path, log: str, packed: bool
) -> None:
    copy = tmp_path / f"{log}.log"
    shutil.copy(scene.stack.folder / "logs" / copy.name, copy)
    with copy.open("a", encoding="utf-8") as file:
        for value in marks.values():
            file.write(f"DETAIL: Failing row contains ({value}).\n")
    if packed:
        copy.write_bytes(gzip.compress(copy.read_bytes()))
    found = leaks({"logs": [copy]}, marks)
    assert {finding.mark for _, finding in found} == marks.keys()


@pytest.mark.parametrize("part", ["portal", "worker"])
def test_the_programs_were_told_to_speak_in_detail(
    places: Mapping[str, list[Path]], part: str
) -> None:
    (environ,) = (file for file in places["processes"] if file.name == f"{part}.environ")
    assert b"ACTIVATION_LOG_LEVEL=DEBUG" in environ.read_bytes().split(b"\0")


def test_the_worker_spoke_in_detail(scene: Scene) -> None:
    assert '"level": "debug"' in (scene.stack.folder / "logs/worker.log").read_text("utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_the_ledger_holds_the_activations_all_the_same(
    places: Mapping[str, list[Path]], table: str
) -> None:
    dump = places["ledger"][0].read_text("utf-8")
    first = dump.partition(f"COPY public.{table} ")[2].split("\n")[1]
    assert first.count("\t")
