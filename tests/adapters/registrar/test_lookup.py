"""A look-up finds every row that decides who somebody is: it groups as the report of all does."""

import asyncio
import re
from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import bench.registrar as bench
from adapters.registrar.sql import spelled
from adapters.registrar.view import View
from domain import dates
from domain.registrar.rows import Row
from postgres import Pool
from tests.domain.registrar.untidy import SHARED, THIRD, UNREADABLE, told, untidy

SETTINGS = bench.settings("postgresql://reader@127.0.0.1:9/none")
MOST_QUERIES = 16


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
        if query == self._statements.undated_by_surname:
            return [
                each
                for each in self._kept
                if not re.match(dates.SURE, dates.key(each["birthdate"] or ""))
            ]
        assert query in {self._statements.by_surname, self._statements.holding}
        return [*self._kept]


@pytest.fixture(scope="module")
def view() -> Kept:
    return Kept()


@example(rows=THIRD, asked=0)
@example(rows=SHARED, asked=0)
@example(rows=UNREADABLE, asked=0)
@given(rows=untidy(), asked=st.integers(0, 9))
def test_a_look_up_groups_as_the_report_does(view: Kept, rows: list[Row], asked: int) -> None:
    rows = [{"ssn": None, "ssncountry": None, "mobilephone": None, **each} for each in rows]
    held = rows[asked % len(rows)]
    view.hold(rows)
    found = asyncio.run(view._with_related([held]))
    number = str(held["registrationid"])
    assert told(found, number) == told(rows, number)
    assert view.asked <= MOST_QUERIES
