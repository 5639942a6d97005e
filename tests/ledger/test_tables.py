"""The page of the tables is the migrated ledger's, and says of each what it is for."""

import re

from ledger.grants import GRANTS
from postgres import Pool
from tests.reference import tables_page
from tests.reference.pages import FOLDER, TABLES


async def test_the_page_is_what_the_migrated_ledger_is(pool: Pool) -> None:
    written = (FOLDER / TABLES).read_text("utf-8")
    assert written == await tables_page.write(pool), "run `make reference` and commit it"


async def test_each_table_says_what_it_is_for_and_is_of_somebody(pool: Pool) -> None:
    page = await tables_page.write(pool)
    told = dict(re.findall(r"^## `(\w+)`\n\n([^|\n].+)\n", page, re.MULTILINE))
    tables = set(re.findall(r"^## `(\w+)`$", page, re.MULTILINE))
    assert tables - told.keys() == set(), "a migration has to COMMENT ON TABLE"
    # Only a ledger from before the chain of the audit has it.
    assert {grant.table for grant in GRANTS} - tables == {"audit_before"}
