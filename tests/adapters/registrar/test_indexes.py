"""The engine's queries on a table large enough that reading all of it would be the plan."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import bench.registrar as bench
from adapters.registrar.sql import statements
from adapters.registrar.view import reader
from demo.registrar import SQL
from tests.stack import TestStack

ROWS = 6000
QUERIES = [
    ("by_contact", "'70000007', 's7@mail.example', 's7@'"),
    ("by_identity", "ARRAY['01010500013'], ARRAY['20050101', '2005-1-1']"),
    ("by_number", "ARRAY['C0000007']"),
    ("by_login_name", "'nobody', 'nobody'"),
    ("by_surname", "ARRAY['ξξξ'], ARRAY['ξ']"),
    ("undated_by_surname", "ARRAY['ξξξ'], ARRAY['ξ']"),
]
DOCUMENT = Path(__file__).parents[3] / "docs" / "registrar.md"


@pytest.fixture(scope="module")
async def records(stack: TestStack) -> AsyncIterator[asyncpg.Connection]:
    await bench.load(stack.registrar_dsn, ROWS)
    connection = await asyncpg.connect(stack.registrar_dsn)
    yield connection
    await connection.execute(f"DROP SCHEMA {bench.SCHEMA} CASCADE")
    await connection.close()


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(("query", "values"), QUERIES)
async def test_no_query_reads_the_whole_table(
    stack: TestStack, records: asyncpg.Connection, mode: str, query: str, values: str
) -> None:
    text = getattr(statements(bench.settings(stack.registrar_dsn)), query)
    await records.execute(f"SET plan_cache_mode = {mode}; PREPARE asked AS {text}")
    plan = "\n".join(row[0] for row in await records.fetch(f"EXPLAIN EXECUTE asked({values})"))
    await records.execute("DEALLOCATE asked")
    assert "Seq Scan" not in plan, plan
    assert "Index" in plan


@pytest.mark.parametrize(("query", "values"), QUERIES)
async def test_nor_a_small_table_where_the_planner_would(
    stack: TestStack, query: str, values: str
) -> None:
    """The planner takes a folded text for as cheap as a column that is read."""
    settings = stack.settings.registrar
    text = getattr(statements(settings), query)
    async with await reader(settings) as pool, pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM v_vd_sis") < ROWS / 10
        await connection.execute(f"PREPARE small AS {text}")
        plan = "\n".join(
            row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE small({values})")
        )
    assert "Seq Scan" not in plan, plan


async def test_students_of_the_crowd_are_found_by_each_way(
    stack: TestStack, records: asyncpg.Connection
) -> None:
    query = statements(bench.settings(stack.registrar_dsn)).by_contact
    for n in (7, 50, 51):
        by_mobile = await records.fetch(query, bench.mobile(n)[-8:], None, None)
        by_mail = await records.fetch(query, None, f"s{n}@mail.example", f"s{n}@")
        for found in (by_mobile, by_mail):
            assert {row["registrationid"] for row in found} == {f"C{n:07d}"}


async def test_what_is_measured_can_be_measured(
    stack: TestStack, records: asyncpg.Connection
) -> None:
    del records
    took = await bench.measure(stack.registrar_dsn, ROWS)
    assert took["contact"] < bench.LONGEST_MS


def test_the_document_recommends_the_indexes_that_are_used_here() -> None:
    def indexes(text: str) -> list[str]:
        found = re.findall(r"CREATE INDEX (?:IF NOT EXISTS )?([^;]+);", text)
        return [" ".join(each.split()) for each in found]

    here = indexes(SQL.read_text("utf-8"))
    assert len(here) == 13
    assert indexes(DOCUMENT.read_text("utf-8")) == here
