"""A look-up finds every row that decides who somebody is: it groups as the report of all does."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import bench.registrar as bench
from activities.humans import people
from activities.registrar import View
from activities.registrar_sql import spelled
from activities.rows import Row
from domain import dates
from ledger.pool import Pool
from tests.activities.test_humans import AMKA, CHRISTOS, FOREIGN, MARIA, row

SETTINGS = bench.settings("postgresql://reader@127.0.0.1:9/none")
MOST_QUERIES = 16
NUMBERS = (None, None, AMKA["ssn"], "02010500011", FOREIGN["ssn"])
MOBILES = (None, "6971234567", "6981234567", "6971234567, 6981234567")


class Kept(View):
    """A view of rows in memory, that are narrowed down as SQL does."""

    def __init__(self) -> None:
        super().__init__(cast("Pool", None), SETTINGS)
        self.hold([])

    def hold(self, rows: Sequence[Row]) -> None:
        self._kept, self.asked = rows, 0

    async def _fetch(self, query: str, *values: object) -> list[Row]:
        self.asked += 1
        if query == self._statements.by_identity:
            numbers, births = cast("tuple[list[str], list[str]]", values)
            return [
                each
                for each in self._kept
                if spelled(each["ssn"] or "") in numbers
                or dates.key(each["birthdate"] or "") in births
            ]
        if query == self._statements.by_name:
            no_date, of_any_date = cast("tuple[list[str], bool]", values[2:])
            keys = {"", *no_date}
            return [
                each
                for each in self._kept
                if of_any_date or dates.key(each["birthdate"] or "") in keys
            ]
        assert query == self._statements.holding
        return [*self._kept]


@st.composite
def untidy(draw: st.DrawFn) -> list[Row]:
    """Draw rows of a few students, of which any field may be another's, or missing."""
    firsts = st.sampled_from(("Μαρία", "Μαρία", "Μαρίνα", "Παππά", None))
    lasts = st.sampled_from(("Παππά", "Παππά", "Άλλου", "Μαρία", None))
    births = st.sampled_from(("20050101", "1/2/2005", "2/1/2005", "19000101", None))
    fathers = st.sampled_from(("Πέτρος", "Πέτρου", "Παύλος", "Π.", None))
    latin = st.sampled_from((None, None, "Maria"))
    return [
        row(
            str(n),
            firstnameel=draw(firsts),
            firstnameen=draw(latin),
            lastnameel=draw(lasts),
            birthdate=draw(births),
            fatherfirstnameel=draw(fathers),
            ssn=(number := draw(st.sampled_from(NUMBERS))),
            ssncountry="AL" if number == FOREIGN["ssn"] else None,
            mobilephone=draw(st.sampled_from(MOBILES)),
        )
        for n in range(draw(st.integers(2, 9)))
    ]


def told(rows: Iterable[Row], number: str) -> tuple[set[str], set[str]]:
    """Return whose rows are joined with this one, and whose may be."""
    (found,) = (
        each
        for each in people(sorted(rows, key=lambda each: str(each["registrationid"])), "GR")
        if number in {str(row["registrationid"]) for row in each.rows}
    )
    theirs, alike = (
        {str(each["registrationid"]) for each in some} for some in (found.rows, found.alike)
    )
    return theirs, alike


THIRD = [
    row("0", **MARIA, fatherfirstnameel="Πέτρος", ssn=None),
    row("1", **MARIA, fatherfirstnameel="Πέτρος", ssn=AMKA["ssn"]),
    row("2", **MARIA, fatherfirstnameel="Πέτρος", ssn="03060300005"),
    row("3", **{**CHRISTOS, "birthdate": "20030603"}, ssn="03060300005"),
]
"""The number on row 2 is that of row 3, which has nothing else in common with anybody."""
SHARED = [
    row("0", **MARIA, fatherfirstnameel="Πέτρος", mobilephone="6971234567"),
    row("1", **MARIA | {"birthdate": "3/9/2004"}, mobilephone="6971234567"),
    row("2", **MARIA | {"lastnameel": "Άλλου"}, mobilephone="6971234567"),
]
"""The contact that rows 0 and 2 share is also of row 1, which is somebody else's."""


@pytest.fixture(scope="module")
def view() -> Kept:
    return Kept()


@example(rows=THIRD, asked=0)
@example(rows=SHARED, asked=0)
@given(rows=untidy(), asked=st.integers(0, 9))
def test_a_look_up_groups_as_the_report_does(view: Kept, rows: list[Row], asked: int) -> None:
    rows = [{"ssn": None, "ssncountry": None, "mobilephone": None, **each} for each in rows]
    held = rows[asked % len(rows)]
    view.hold(rows)
    found = asyncio.run(view._with_related([held]))
    number = str(held["registrationid"])
    assert told(found, number) == told(rows, number)
    assert view.asked <= MOST_QUERIES
