"""The demo's student records: the table behind `v_vd_sis`, filled once with invented students.

The owner of the table may insert; the worker's own role only reads.
"""

from pathlib import Path

import asyncpg

from demo.samples import all_rows
from demo.students import COLUMNS

SQL = Path(__file__).with_name("registrar.sql")


async def fill(dsn: str, *, reader: str) -> None:
    """Create the table and, if it is empty, insert the students; `reader` gets SELECT only."""
    records = await asyncpg.connect(dsn)
    try:
        async with records.transaction():
            await records.execute(SQL.read_text("utf-8"))
            await records.execute(f"GRANT SELECT ON v_vd_sis TO {reader}")
            if not await records.fetchval("SELECT EXISTS (SELECT FROM v_vd_sis)"):
                rows = [tuple(row[column] for column in COLUMNS) for row in all_rows()]
                await records.copy_records_to_table("v_vd_sis", records=rows, columns=COLUMNS)
    finally:
        await records.close()
