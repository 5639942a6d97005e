"""The command line proves the audit, takes it along, and counts, notes and tells as the console."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from domain.contracts.submissions import ActivationStart
from ledger import audit, notes
from postgres import Pool, connect
from starter import workbook
from starter.client.activations import Activations
from starter.output import Failed
from support.commands.main import commands
from support.verbs.actions import ActionRefused
from tests.stack import TestStack
from tests.workbooks import Workbook


@pytest.fixture
async def pool(stack: TestStack, client: Client) -> AsyncIterator[Pool]:
    del client  # The desk connects to Temporal first.
    async with await connect(stack.ledger_dsn) as ledger:
        yield ledger


async def support(*words: str, typed: str = "") -> Result:
    """Run the command as a person does, where no loop runs."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(commands, [*words], input=typed))


async def test_verify_prints_a_head_that_is_found_again_and_fails_for_another(
    pool: Pool, stack: TestStack
) -> None:
    said = {"actor": "anna", "action": "retry", "reference": "A-7K3F-92QD", "reason": "why"}
    await audit.record(pool, stack.keys, **said)
    plain = await support("audit", "verify")
    assert plain.exit_code == 0
    head = plain.stdout.split()[-1]
    told: dict[str, Any] = json.loads(
        (await support("audit", "verify", "--expect", head, "--json")).stdout
    )
    assert {"rows", "head", "bad", "held", "whole"} < set(told)
    assert (told["bad"], told["held"], told["whole"]) == (None, True, True)
    assert told["head"] != head  # That somebody verified is a row.
    sent = bytes.fromhex(head).hex("-", 2)
    for line in (sent, f"2026-11-29 row 1,014 {sent}", head.upper(), sent.replace("-", " ")):
        again = await support("audit", "verify", "--expect", f" {line}\n")
        assert again.exit_code == 0, line
    for text in ("", "nonsense", head[:-1], f"{sent}-", "0" * 66, f"row 14 {sent}", "α" * 64):
        none = await support("audit", "verify", "--expect", text)
        assert none.exit_code == 2, text
        assert "no head" in none.stderr
    for more in ((), ("--json",)):
        other = await support("audit", "verify", "--expect", "0" * 64, *more)
        assert other.exit_code == 1
        assert more or isinstance(other.exception, Failed)


async def test_the_rows_are_exported_from_a_day_on(
    pool: Pool, stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = token_hex(6)
    said = {"actor": actor, "action": "retry", "reference": "A-7K3F-92QD", "reason": "-1+1"}
    await audit.record(pool, stack.keys, **said)
    zone = stack.settings.institution.timezone
    today = datetime.now(UTC).astimezone(zone).date()
    done = await support("audit", "export", "--since", f"{today - timedelta(days=1)}")
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row["actor"] == actor]
    assert [row["reason"] for row in rows] == ["'-1+1"]
    done = await support("audit", "export", "--format", "jsonl")
    read = [row for row in map(json.loads, done.stdout.splitlines()) if row["actor"] == actor]
    assert [(row["reason"], row["reference"]) for row in read] == [("-1+1", "A-7K3F-92QD")]
    book = tmp_path / "audit.xlsx"
    done = await support("audit", "export", "--format", "xlsx", "--to", str(book))
    assert (done.exit_code, done.stdout) == (0, "")
    assert [row[5] for row in Workbook(book).rows if row[2] == actor] == ["-1+1"]
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    (tmp_path / "more.xlsx").write_text("older")
    more = ("audit", "export", "--format", "xlsx", "--to", str(tmp_path / "more.xlsx"))
    assert "more rows than" in str((await support(*more)).exception)
    assert (tmp_path / "more.xlsx").read_text() == "older"
    for wrong in (("--format", "xlsx"), ("--to", str(tmp_path / "audit.csv"))):
        refused = await support("audit", "export", *wrong)
        assert "no other format does" in str(refused.exception)
    later = await support("audit", "export", "--since", f"{today + timedelta(days=2)}")
    assert later.stdout.splitlines() == ["id,at,actor,action,reference,reason,hash"]


async def test_the_funnel_ends_today_and_its_week_is_the_sum(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', '401')",
        token_hex(6),
    )
    told = json.loads((await support("funnel", "--json")).stdout)
    assert set(told) == {"today", "week", "days"}
    assert told["today"]["proven"] >= 1
    assert told["days"][-1] == told["today"] | {"day": told["days"][-1]["day"]}
    for stage, count in told["week"].items():
        assert count == sum(day[stage] for day in told["days"])
    assert told["days"][0]["day"] <= told["days"][-1]["day"]
    assert "week" in (await support("funnel")).stdout


async def test_a_note_is_added_to_a_case_or_refused(
    pool: Pool, stack: TestStack, client: Client, reference: str
) -> None:
    await Activations(client).start(ActivationStart(reference=reference, mobile="+306912345678"))
    empty = await support("note", reference, "--text", " ")
    assert isinstance(empty.exception, ActionRefused)
    done = await support("note", reference.lower(), "--json", typed="rang twice\n")
    assert json.loads(done.stdout) == {"reference": reference, "noted": True}
    assert [note.text for note in await notes.of(pool, stack.keys, reference)] == ["rang twice"]
    await client.get_workflow_handle(reference).terminate()
