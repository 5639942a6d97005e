"""The reference of metrics has each metric of the code, with its labels and its meaning."""

import re
from pathlib import Path

from tests.metrics import defined

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(activation_\w+)` \|(.*?)\| (.+) \| ([\w, ]+) \|$", PAGE, re.MULTILINE)


def test_the_table_has_every_metric_and_no_other() -> None:
    told = {
        name: (meaning, tuple(re.findall(r"`(\w+)`", labels))) for name, labels, meaning, _ in ROWS
    }
    assert told == defined()
    assert len(ROWS) == len(told)
