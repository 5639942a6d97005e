"""The week's figures: a picture that can be read aloud, the table behind it, and an export."""

import csv
import io
import re
from xml.etree import ElementTree as ET

from postgres import Pool
from tests.support.console.conftest import SignedIn
from tests.workbooks import Workbook

SVG = re.compile(r'<svg [^>]*role="img".*?</svg>', re.DOTALL)
STAGES = ["started", "proven", "agreed", "active"]


async def test_picture_table_and_export_say_the_same(
    pool: Pool, signed_in: SignedIn, reference: str
) -> None:
    # Other tests leave rows that no student could: ended active, and never proven.
    await pool.execute("DELETE FROM activation")
    await pool.execute(
        "INSERT INTO activation (reference, language, department, end_step)"
        " VALUES ($1, 'el', '401', 'active')",
        reference,
    )
    browser = await signed_in("supervisor")
    page = await browser.get("/funnel")
    answer = await browser.get("/funnel/export")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    book = Workbook((await browser.get("/funnel/export?format=xlsx")).content)
    assert [[*map(str, cells)] for cells in book.rows] == [
        [*rows[0]],
        *([*row.values()] for row in rows),
    ]
    today = [int(rows[-1][stage]) for stage in STAGES]
    week = [sum(int(row[stage]) for row in rows) for stage in STAGES]
    assert today[0] >= today[1] >= today[3] >= 1
    for drawn, counts in zip(SVG.findall(page.text), (today, week), strict=True):
        svg = ET.fromstring(drawn)  # noqa: S314 - our own page
        assert svg.get("role") == "img"
        names = (svg.get("aria-labelledby") or "").split()
        title, told = (svg.find(f"*[@id='{name}']") for name in names)
        assert title is not None
        assert told is not None
        assert list(map(int, re.findall(r"\d+", told.text or ""))) == counts
        widths = [float(bar.get("width", "")) for bar in svg.findall("rect")]
        assert widths == [round(count * 240 / max(counts), 1) for count in counts]
        assert "style" not in drawn
    last = page.text.rpartition("<tbody")[2]
    cells = list(map(int, re.findall(r"numeric\">(\d+)<", last)))
    assert cells[-8:] == [*today, *week]


async def test_who_may_not_count_sees_no_figures(signed_in: SignedIn) -> None:
    browser = await signed_in("helpdesk")
    assert (await browser.get("/funnel")).status_code == 403
    assert (await browser.get("/funnel/export")).status_code == 403
