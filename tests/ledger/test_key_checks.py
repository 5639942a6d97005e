"""The first process that has a key notes it; one with another key of that name is told."""

from pathlib import Path

import pytest

from ledger import key_checks
from postgres import Pool, connect
from security import rotation
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from security.purposes import LASTING, User


async def test_what_differs_is_named_and_what_is_missing_is_not(pool: Pool, tmp_path: Path) -> None:
    await pool.execute("DELETE FROM key_check")
    for name in ("one", "two"):
        rotation.create(tmp_path / name, "2099-01")
    first, second = KeyRing(tmp_path / "one"), KeyRing(tmp_path / "two")
    assert await key_checks.known(pool) == frozenset()
    for _ in range(2):
        assert await key_checks.other(pool, first.checks()) == []
    every = frozenset({*LASTING, "epochs/2099-01.key", "seal/2099-01"})
    assert await key_checks.known(pool) == every
    assert await key_checks.other(pool, second.checks()) == sorted(every)
    part = tmp_path / "part"
    rotation.copy(tmp_path / "one", part, [User.PORTAL])
    (part / "session.key").write_bytes((tmp_path / "two/session.key").read_bytes())
    with pytest.raises(KeyUnavailable, match=r": session\.key; copy it here"):
        await key_checks.compare(pool, KeyRing(part).checks())
    await pool.execute("DELETE FROM key_check")


async def test_both_halves_of_a_pair_are_compared_by_the_public_one(tmp_path: Path) -> None:
    rotation.create(tmp_path, "2099-01")
    both = KeyRing(tmp_path).checks()["seal/2099-01"]
    (tmp_path / "seal/2099-01.key").rename(tmp_path / "kept")
    assert KeyRing(tmp_path).checks()["seal/2099-01"] == both
    (tmp_path / "kept").rename(tmp_path / "seal/2099-01.key")
    (tmp_path / "seal/2099-01.pub").unlink()
    assert KeyRing(tmp_path).checks()["seal/2099-01"] == both


async def test_a_ledger_that_is_away_refuses_nobody(tmp_path: Path) -> None:
    rotation.create(tmp_path, "2099-01")
    async with await connect("postgresql://nobody@127.0.0.1:1/ledger") as pool:
        await key_checks.compare(pool, KeyRing(tmp_path).checks())
        assert await key_checks.known(pool) is None
