"""Writes docs/reference/ anew, and adds new names to those that are stable: `make reference`."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from postgres import connect
from tests.reference import stable, tables_page
from tests.reference.pages import FOLDER, TABLES, WRITERS
from tests.stack import TestStack


def tables() -> str:
    """Return the page of the tables of a ledger of its own."""
    with TemporaryDirectory() as folder:
        stack = TestStack(Path(folder))
        try:
            stack.begin()
            return asyncio.run(_of(stack.ledger_dsn))
        finally:
            stack.end()


async def _of(dsn: str) -> str:
    async with await connect(dsn) as pool:
        return await tables_page.write(pool)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, write in WRITERS.items():
        (FOLDER / name).write_text(write(), "utf-8")
    (FOLDER / TABLES).write_text(tables(), "utf-8")
    names = sorted(stable.promised() | stable.of_the_code())
    stable.FILE.write_text("".join(f"{name}\n" for name in names), "utf-8")


if __name__ == "__main__":
    main()
