"""The capacity of docs/performance.md is what the command computes."""

import json

import pytest
from typer.testing import CliRunner

from domain import capacity
from domain.capacity import Ceilings, Load
from settings.section import TREE
from starter.cli import app
from starter.commands.capacity import MEASURED

DOCUMENT = (TREE / "docs" / "performance.md").read_text("utf-8")


@pytest.mark.parametrize(("students", "days"), [(20_000, 5), (100_000, 10), (1_000_000, 7)])
def test_the_document_says_what_the_command_computes(students: int, days: int) -> None:
    needs = capacity.plan(Load(students, days), MEASURED, Ceilings())
    cells = (
        f"{students:,} in {days} days",
        f"{needs.peak:.2f}",
        f"{needs.workers} and {needs.portals}",
        f"{sum(needs.cores.values()):.2f}",
        f"{needs.transitions:.0f}",
        f"{needs.sms_per_second:.1f}",
        f"{needs.sms:,}",
        f"{needs.history_gb:.1f} and {needs.ledger_gb:.1f}",
    )
    assert f"| {' | '.join(cells)} |" in DOCUMENT


def test_the_command_prints_a_table_json_and_what_is_beyond_its_limit() -> None:
    words = ["capacity", "--students", "1000000", "--days", "7", "--sms-per-second", "5"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0
    assert "1,000,000 students in 7 days" in shown.stdout
    assert f"Beyond {capacity.GATEWAY}." in shown.stdout
    told = json.loads(CliRunner().invoke(app, [*words, "--sms-price", "0.1", "--json"]).stdout)
    assert told["sms_cost"] == pytest.approx(told["sms"] * 0.1)
    assert capacity.GATEWAY in told["stops"]
