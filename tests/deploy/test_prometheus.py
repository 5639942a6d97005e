"""What is in deploy/ for Prometheus and Grafana is right by promtool, and asks for what exists."""

import json
import re
from pathlib import Path

from domain.findings import NEEDS_NOBODY
from tests.metrics import defined
from tests.prometheus import CONFIG, DASHBOARD, RULES, asked_for, of_the_dashboard, promtool

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")


def test_the_configuration_and_its_rules_are_right() -> None:
    assert promtool("check", "config", "--lint-fatal", CONFIG.name).count("SUCCESS") == 3


def test_each_rule_fires_when_it_should_and_not_before() -> None:
    tested = Path(__file__).with_name("rules_test.yml")
    assert "SUCCESS" in promtool("test", "rules", tested.name, folder=tested.parent)
    named = set(re.findall(r"alertname: (\w+)", tested.read_text("utf-8")))
    assert named == set(_rules())


def test_each_query_of_the_dashboard_is_right(tmp_path: Path) -> None:
    queries = of_the_dashboard()
    assert len(queries) > 20
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_the_rule_about_findings_leaves_out_what_needs_nobody() -> None:
    (left_out,) = re.findall(r'activation_findings{kind!~"([^"]+)"}', RULES.read_text("utf-8"))
    assert {*left_out.split("|")} == NEEDS_NOBODY


def test_rules_and_dashboard_ask_for_metrics_that_the_code_has() -> None:
    own = {name for name in asked_for() if name.startswith("activation_")}
    assert own <= defined().keys()
    # What nobody looks at needs not be told.
    assert defined().keys() - own == set()


def test_panels_stand_beside_each_other() -> None:
    """Grafana moves what overlaps, so that the page would be another than the file."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    places = [panel["gridPos"] for panel in panels]
    cells = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_page_says_of_each_rule_what_to_do() -> None:
    section = PAGE.partition("## Alert rules")[2]
    told = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", section, re.MULTILINE)
    assert told == _rules()


def _rules() -> list[str]:
    return re.findall(r"- alert: (\w+)", RULES.read_text("utf-8"))
