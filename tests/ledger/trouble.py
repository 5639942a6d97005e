"""A table whose every write PostgreSQL answers with the code that a test asks for."""

from postgres import Pool

AWAY = (
    *("08000", "08001", "08003", "08004", "08006", "08007", "08P01", "25006", "25P03", "25P04"),
    *("40000", "40001", "40003", "40P01", "53000", "53100", "53200", "53300", "53400", "55P03"),
    *("57000", "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030", "72000", "HV00N"),
    *("XX000", "XX001", "XX002"),
)
"""The codes that say that the server, or one behind it, cannot serve now."""
OURS = ("22P02", "23505", "26000", "28000", "28P01", "3D000", "42501", "42P01", "42P05", "HV00R")
"""Some that it says of a mistake in what we ask, or in how it is set up for us."""
_MAKE = """
CREATE TABLE IF NOT EXISTS trouble (code text);
CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted text := (SELECT code FROM trouble);
BEGIN
    IF wanted IS NOT NULL THEN RAISE 'told' USING ERRCODE = wanted; END IF;
    RETURN NEW;
END $$;
"""


async def plant(ledger: Pool, table: str) -> None:
    """Let each write to this table meet what `ask` asks for."""
    await ledger.execute(_MAKE)
    await ledger.execute(
        f"CREATE TRIGGER trouble BEFORE INSERT OR UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION fail()"
    )


async def ask(ledger: Pool, code: str | None) -> None:
    await ledger.execute("DELETE FROM trouble")
    await ledger.execute("INSERT INTO trouble VALUES ($1)", code)
