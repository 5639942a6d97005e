"""The page on operation has each schedule of the code, with its time and what it does."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from starter.client.schedules import SCHEDULES

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
SECTION = PAGE.split("## Scheduled work")[1].split("\n## ")[0]
ZONE = ZoneInfo("Europe/Athens")


def test_the_table_has_every_schedule_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (.+) \|$", SECTION, re.MULTILINE)
    assert rows == [
        (each.id, each.when(ZONE).removesuffix(f" {ZONE.key}"), each.what) for each in SCHEDULES
    ]
