"""The command line as staff and scripts use it: a process, its output and its exit code."""

import asyncio
import json
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
from temporalio.client import Client
from temporalio.worker import Worker

from domain.contracts.message_io import SendNotice
from domain.contracts.staff import CancelSubmission
from domain.contracts.submissions import ActivationStart, PinSubmission
from domain.contracts.vocabulary import ActivityName, FailureType, Step, System, TaskQueue
from domain.references import from_digest
from ledger import alerts, audit, parts, pauses
from ledger.parts import CallCounts
from postgres import connect
from security import rotation
from starter import cli
from starter.client.activations import Activations
from tests.commandline import run
from tests.server import hurried, working
from tests.stack import TestStack
from tests.workflows.engine import World, pin_of
from workflows.support_request import SupportRequest

STANDING = {"reference", "step", "wait_reason", "since", "next_try_at", "department"}
MOMENT = timedelta(seconds=10)
CASE = STANDING | {"sentence", "masked", "timeline"}


async def command(*words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run, *words, environ=os.environ | {"COLUMNS": "200"})


async def told(*words: str) -> Any:
    ended = await command(*words, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def assert_one_line(ended: subprocess.CompletedProcess[str], *, says: str) -> None:
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert says in ended.stderr


async def begin(client: Client, reference: str) -> Activations:
    activations = Activations(client)
    await activations.start(ActivationStart(reference=reference, mobile="+306912345678"))
    return activations


async def comes_to(activations: Activations, reference: str, step: Step) -> None:
    async with asyncio.timeout(20):
        while (await activations.recorded_state(reference) or (None,))[0] is not step:  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.05)


@pytest.fixture
async def stuck(client: Client, world: World, reference: str) -> str:
    """Leave an activation whose message cannot be sent, with no worker any more."""
    world.failing, world.failure = {ActivityName.SEND_PIN: 99}, FailureType.SMS_DOWN
    async with working(client, world):
        activations = await begin(client, reference)
        await comes_to(activations, reference, Step.PIN)
        await asyncio.sleep(0.5)
    return reference


async def test_what_is_stuck_shows_within_seconds_why_and_when_it_goes_on(
    client: Client, world: World, reference: str
) -> None:
    world.failing, world.failure = {ActivityName.SEND_PIN: 99}, FailureType.SMS_DOWN
    async with working(client, world), asyncio.timeout(15):
        await begin(client, reference)
        row: dict[str, Any] = {"next_try_at": None}
        # At the moment of a try there is no next one.
        while row["next_try_at"] is None:
            rows = {row["reference"]: row for row in await told("support", "list", "--stuck")}
            row = rows.get(reference, row)
    assert set(row) == STANDING
    assert (row["step"], row["wait_reason"], row["department"]) == ("pin", "SMS_DOWN", "INF")
    since, next_try = (datetime.fromisoformat(row[at]) for at in ("since", "next_try_at"))
    assert since < next_try < datetime.now(UTC) + timedelta(seconds=30)


async def test_a_case_is_shown_with_all_workers_down(stuck: str) -> None:
    case = await told("support", "show", stuck.lower().replace("-", " "))
    assert set(case) == CASE
    assert case["reference"] == stuck
    assert case["wait_reason"] == "SMS_DOWN"
    assert case["sentence"]
    assert case["masked"] == {
        "mobile": "+30 •••••••78",
        "name": "Μ. Π.",
        "student_number": "•••••••01",
    }
    assert [event["what"] for event in case["timeline"]][:1] == ["started"]
    assert all(set(event) == {"at", "what", "detail"} for event in case["timeline"])
    taken = await told("support", "assign", stuck)
    plain = await command("support", "show", stuck)
    assert f"  assignee: {taken['assignee']}\n" in plain.stdout
    # What comes next has changed meanwhile; why it stands there has not.
    assert plain.stdout.startswith(f"{stuck}: {case['sentence'].split('.')[0]}.")
    assert len(set(re.findall(r"\d\d:\d\d:\d\d (\w+)", plain.stdout))) == 1
    for personal in ("6912345678", "Παπαδοπούλου", "maria@example.org"):
        assert personal not in json.dumps(case, ensure_ascii=False) + plain.stdout


async def test_what_lies_ready_with_no_worker_has_no_next_try_in_the_past(stuck: str) -> None:
    async with asyncio.timeout(20):
        while (case := await told("support", "show", stuck))["next_try_at"]:
            assert datetime.fromisoformat(case["next_try_at"]) > datetime.now(UTC) - MOMENT
    assert case["wait_reason"] == "SMS_DOWN"


async def test_a_run_whose_own_code_fails_is_told_and_is_not_the_students_turn(
    client: Client, reference: str
) -> None:
    async with Worker(client, task_queue=TaskQueue.MAIN, workflows=[SupportRequest]):
        await begin(hurried(client), reference)
        async with asyncio.timeout(30):
            while (case := await told("support", "show", reference))["wait_reason"] is None:
                assert case["step"] == "lookup"
    assert case["wait_reason"] == "CONFIGURATION"
    assert reference in {row["reference"] for row in await told("support", "list", "--stuck")}
    await client.get_workflow_handle(reference).terminate()


async def test_a_notice_that_cannot_be_sent_holds_nobody_up(
    client: Client, world: World, reference: str
) -> None:
    world.failing, world.failure = {ActivityName.SEND_NOTICE: 99}, FailureType.MAIL_DOWN
    async with working(client, world):
        activations = await begin(client, reference)
        await comes_to(activations, reference, Step.PIN)
        cancel = CancelSubmission(submission_id="1", received_at=datetime.now(UTC))
        await activations.submit(reference, "cancel", cancel)
        async with asyncio.timeout(20):
            while not world.made(SendNotice):  # noqa: ASYNC110 - the worker calls it
                await asyncio.sleep(0.05)
        case = await told("support", "show", reference)
    assert (case["step"], case["wait_reason"]) == ("cancelled", None)
    await client.get_workflow_handle(reference).terminate()


@pytest.fixture
async def parked(client: Client, world: World) -> list[str]:
    """Leave three activations with support, for a system that refuses the engine."""
    references = [from_digest(token_bytes(5)) for _ in range(3)]
    world.failing, world.failure = {ActivityName.SEND_PIN: 3}, FailureType.CONFIGURATION
    world.permanent = True
    async with working(client, world):
        for reference in references:
            await comes_to(await begin(client, reference), reference, Step.NEEDS_SUPPORT)
    return references


async def test_all_who_wait_for_one_reason_are_woken_spread_out_and_audited_once(
    stack: TestStack, client: Client, world: World, parked: list[str]
) -> None:
    words = ("support", "retry-all", "--wait-reason", "CONFIGURATION", "--reason", "token mended")
    async with working(client, world):
        answer = await told(*words, "--over", "1")
        for reference in parked:
            await comes_to(Activations(client), reference, Step.PIN)
    assert answer == {"wait_reason": "CONFIGURATION", "woken": 3}
    async with await connect(stack.ledger_dsn) as ledger:
        for reference in parked:
            (row,) = await audit.page(ledger, stack.keys, reference=reference)
            assert (row.action, row.reason) == ("retry", "token mended")
    for reference in parked:
        await client.get_workflow_handle(reference).terminate()


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("NONSENSE", "DIRECTORY_DOWN"),
        ("WAITING_PIN", "for the student"),
        ("INSURANCE_CONFLICT", "each by itself"),
        ("HELD", "each by itself"),
    ],
)
async def test_nobody_is_woken_for_a_reason_that_is_unknown_the_students_or_a_decision(
    client: Client, reason: str, says: str
) -> None:
    del client
    words = ("support", "retry-all", "--wait-reason", reason, "--reason", "x")
    assert_one_line(await command(*words), says=says)


async def test_a_retry_is_in_the_audit_with_who_and_why(stack: TestStack, stuck: str) -> None:
    kept = await command("support", "retry", stuck, "--reason", "gateway mended")
    assert kept.returncode == 0
    assert "worker is back" in kept.stdout
    async with await connect(stack.ledger_dsn) as ledger:
        (row,) = await audit.page(ledger, stack.keys, reference=stuck)
    named = pwd.getpwuid(os.getuid()).pw_name
    assert (row.actor, row.action, row.reason) == (named, "retry", "gateway mended")


async def test_the_audit_has_the_user_of_the_system_whoever_one_says_to_be(
    stack: TestStack,
) -> None:
    environ = os.environ | dict.fromkeys(("LOGNAME", "USER", "SUDO_USER"), "maria.boss")
    for words in (("support", "search"), ("insurance", "export", "--reason", "because")):
        ran = run(*words, environ=environ, given="no\n")
        assert ran.returncode == 0, ran.stderr
    async with await connect(stack.ledger_dsn) as ledger:
        rows = await audit.page(ledger, stack.keys, limit=2)
    assert {row.actor for row in rows} == {pwd.getpwuid(os.getuid()).pw_name}
    assert [(row.reason or "").endswith("(said to be maria.boss)") for row in rows] == [True, True]


async def test_a_retry_is_refused_while_the_student_is_awaited(
    client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        activations = await begin(client, reference)
        await comes_to(activations, reference, Step.PIN)
        pin = PinSubmission(submission_id="1", received_at=datetime.now(UTC), pin=pin_of(1))
        await activations.submit(reference, "submit_pin", pin)
        refused = await command("support", "retry", reference, "--reason", "impatience")
    assert_one_line(refused, says="student's turn")


async def test_an_activation_that_is_over_is_still_shown_and_cannot_be_retried(
    client: Client, world: World, reference: str
) -> None:
    world.persons = ()
    async with working(client, world):
        activations = await begin(client, reference)
        await comes_to(activations, reference, Step.NOT_FOUND)
        await client.get_workflow_handle(reference).result()
    case = await told("support", "show", reference)
    assert (case["step"], case["wait_reason"], case["next_try_at"]) == ("not_found", None, None)
    assert case["timeline"][-1]["what"] == "ended"
    assert reference not in {row["reference"] for row in await told("support", "list")}
    refused = await command("support", "retry", reference, "--reason", "hope")
    assert_one_line(refused, says="ended")


@pytest.mark.parametrize("words", [("show",), ("retry", "--reason", "x")])
@pytest.mark.parametrize(
    ("named", "says"), [("A-0000-0000", "no activation"), ("nonsense", "looks like A-7K3F-92QD")]
)
async def test_a_reference_nobody_has_is_one_line_and_a_failure(
    client: Client, words: tuple[str, ...], named: str, says: str
) -> None:
    del client
    verb, *more = words
    assert_one_line(await command("support", verb, named, *more), says=says)


async def test_keys_and_tables_that_are_there_are_left_alone(stack: TestStack) -> None:
    before = {path: path.read_bytes() for path in stack.settings.keys_dir.rglob("*.*")}
    first, second = await command("keys", "init"), await command("keys", "init")
    assert first.returncode == second.returncode == 0
    assert second.stdout == "Nothing was missing.\n"
    assert [*stack.settings.keys_dir.glob("epochs/*")] == [
        stack.settings.keys_dir / "epochs/2026-11.key"
    ]
    assert all(path.read_bytes() == content for path, content in before.items())
    assert (await command("ledger", "migrate")).stdout == "Up to date.\n"
    assert (await command("config", "check")).returncode == 0


async def test_an_epoch_is_distributed_then_activated_and_broken_files_end_in_one_line(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stack.settings.keys_dir, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("ACTIVATION_KEYS_DIR", str(tmp_path))
    active = tmp_path / "active"
    made = await command("keys", "distribute")
    assert "epochs/2026-12.key" in made.stdout
    assert "keys activate 2026-12" in made.stdout
    assert active.read_text() == "2026-11"
    assert "here already" in (await command("keys", "distribute")).stdout
    assert "2026-12 encrypts" in (await command("keys", "activate")).stdout
    assert active.read_text() == "2026-12"
    rotated = await command("keys", "rotate")
    assert active.read_text() == "2027-01"
    assert f"safe where all processes read {tmp_path}" in " ".join(rotated.stdout.split())
    for never in ("2027-02", "../lasting", "x"):
        assert_one_line(await command("keys", "activate", never), says="missing")
    (tmp_path / "epochs/2027-01.key").write_text("")
    commands = (("keys", "rotate"), ("support", "list"), ("portal",), ("support", "serve"))
    for words in (*commands, ("worker",)):
        assert_one_line(await command(*words), says="2027-01.key is empty, cut short or no key")


def let_encrypt(folder: Path, epoch: str) -> list[Path]:
    """Give the first epoch another name; returns the files that are there then."""
    for file in [*folder.glob("*/2026-11.*")]:
        file.rename(file.with_stem(epoch))
    (folder / "active").write_text(epoch)
    return files(folder)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_the_month_after_one_to_come_is_made_only_where_it_is_asked_for(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stack.settings.keys_dir, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("ACTIVATION_KEYS_DIR", str(tmp_path))
    before = let_encrypt(tmp_path, "2099-11")
    nothing = await command("keys", "distribute")
    assert (nothing.returncode, files(tmp_path)) == (0, before)
    assert "Nothing to make: 2099-11 encrypts" in nothing.stdout
    assert "epochs/2099-12.key" in (await command("keys", "distribute", "--early")).stdout


async def test_a_second_machine_makes_no_keys_of_its_own_and_starts_with_no_other(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger knows the keys of the first one, which has started."""
    assert stack.settings.keys_dir.exists()
    assert (await command("keys", "init")).returncode == 0
    monkeypatch.setenv("ACTIVATION_KEYS_DIR", str(tmp_path / "keys"))
    assert_one_line(await command("keys", "init"), says="keys were made already")
    assert not (tmp_path / "keys").exists()
    rotation.create(tmp_path / "keys", "2026-11")
    starts = (("worker",), ("portal",), ("support", "serve"), ("support", "list"))
    for words in (*starts, ("keys", "init"), ("insurance", "export", "--reason", "x")):
        refused = await command(*words)
        assert refused.returncode == 1
        assert "not the same key as the other processes have: audit.key, " in refused.stderr
    monkeypatch.setenv("ACTIVATION_LEDGER_DSN", "postgresql://nobody@127.0.0.1:1/ledger")
    assert (await command("keys", "init")).returncode == 0
    monkeypatch.setenv("ACTIVATION_KEYS_DIR", str(tmp_path / "third"))
    assert "second machine" in (await command("keys", "init")).stdout


async def test_wrong_settings_are_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVATION_PORTAL__PORT", "secret-word")
    refused = await command("config", "check")
    assert_one_line(refused, says="portal.port")
    assert "secret-word" not in refused.stderr


async def test_without_temporal_a_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert_one_line(await command("support", "list"), says="Temporal cannot be reached")


def shown_without_arguments(group: Any = None, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the commands that print JSON and need no argument."""
    found: list[tuple[str, ...]] = []
    top: Any = group or typer.main.get_command(cli.with_commands())
    for name, one in top.commands.items():
        if hasattr(one, "commands"):
            found += shown_without_arguments(one, (*path, name))
            continue
        given = {param.name: param.required for param in one.params}
        if "json" in given and not any(given.values()):
            found.append((*path, name))
    return found


@pytest.fixture
async def met(stack: TestStack, client: Client) -> AsyncIterator[None]:
    """Leave something of every kind in the ledger: each part met, a pause, an alert's channel."""
    del client
    now = time.monotonic()
    async with await connect(stack.ledger_dsn) as ledger:
        await parts.add(
            ledger, [CallCounts(part, now, 3, 1, now, now, "X_DOWN") for part in System]
        )
        await alerts.delivered(ledger, "email")
        await pauses.begin(ledger, el="Παύση", en="A pause")
        yield
        await pauses.end(ledger)


@pytest.mark.usefixtures("met")
async def test_each_command_shows_what_was_met_as_lines_and_as_json() -> None:
    words = shown_without_arguments()
    assert ("support", "operations") in words
    for one in words:
        lines, plain = await asyncio.gather(command(*one), command(*one, "--json"))
        assert "Traceback" not in lines.stderr + plain.stderr, one
        if plain.stdout:
            json.loads(plain.stdout)
        else:
            assert_one_line(plain, says="Give ")
    assert {part["part"] for part in (await told("support", "operations"))["parts"]} == set(System)


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("postgresql://nobody:hidden-word@{host}/activation_ledger", "the ledger refuses"),
        ("postgresql://activation_ledger:hidden-word@{host}/missing", "the ledger refuses"),
        ("{own}/postgres", "ledger migrate"),
        ("postgresql://nobody:hidden-word@127.0.0.1:1/ledger", "cannot be reached"),
        ("postgresql://nobody:hidden-word@127.0.0.1:x/ledger", "ledger_dsn"),
        ("postgresql://nobody:hidden-word@127.0.0.1/ledger?sslmode=x", "ledger_dsn"),
        ("http://nobody:hidden-word@127.0.0.1/ledger", "ledger_dsn"),
    ],
)
async def test_with_a_wrong_ledger_each_command_ends_in_one_line_without_the_secret(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch, dsn: str, says: str
) -> None:
    del client
    host = urlsplit(stack.ledger_dsn).netloc.rpartition("@")[2]
    own = stack.ledger_dsn.rpartition("/")[0]
    monkeypatch.setenv("ACTIVATION_LEDGER_DSN", dsn.format(host=host, own=own))
    words = [("support", "requests"), ("insurance", "export", "--reason", "x")]
    if says != "ledger migrate":
        words.append(("ledger", "migrate"))
    for ended in await asyncio.gather(*(command(*one) for one in words)):
        assert_one_line(ended, says=says)
        assert "hidden-word" not in ended.stderr
