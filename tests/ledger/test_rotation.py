"""A password of a role changes in its password file while processes use it, without a restart."""

import secrets
from pathlib import Path

import asyncpg
import pytest

from postgres import connect
from tests.stack import TestStack


async def test_a_new_password_in_the_password_file_counts_for_the_next_connection(
    stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role, file = f"rotated_{secrets.token_hex(4)}", tmp_path / "pgpass"
    address = stack.ledger_dsn.rpartition("@")[2]
    administrator = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "postgres"))

    async def changes(statement: str) -> None:
        await administrator.execute(f"{statement} '{(new := secrets.token_hex(8))}'")
        passwords.append(new)

    def write(password: str) -> None:
        file.with_suffix(".new").write_text(f"*:*:*:{role}:{password}\n")
        file.with_suffix(".new").chmod(0o600)
        file.with_suffix(".new").rename(file)

    passwords: list[str] = []
    monkeypatch.setenv("PGPASSFILE", str(file))
    await changes(f"CREATE ROLE {role} LOGIN PASSWORD")
    write(passwords[0])
    try:
        async with (
            await connect(f"postgresql://{role}@{address}") as pool,
            pool.acquire() as held,
        ):
            await changes(f"ALTER ROLE {role} PASSWORD")
            assert await held.fetchval("SELECT 1") == 1
            with pytest.raises(asyncpg.InvalidPasswordError):
                await pool.fetchval("SELECT 2")
            write(passwords[1])
            assert await pool.fetchval("SELECT 3") == 3
    finally:
        await administrator.execute(f"DROP ROLE {role}")
        await administrator.close()
