"""Sessions end by idleness and age; the ledger knows hashes only."""

import secrets
from datetime import timedelta

import pytest

from ledger import sessions
from ledger.pool import Pool
from ledger.sessions import Session

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=2)


@pytest.fixture
async def token(pool: Pool) -> str:
    token = secrets.token_urlsafe(32)
    await sessions.create(pool, token)
    return token


async def find(pool: Pool, token: str) -> Session | None:
    return await sessions.find(pool, token, idle=IDLE, absolute=ABSOLUTE)


async def age(pool: Pool, token: str, column: str, minutes: int) -> None:
    await pool.execute(
        f"UPDATE session SET {column} = now() - make_interval(mins => $2)"  # noqa: S608 - ours
        " WHERE token_hash = $1",
        sessions.token_hash(token),
        minutes,
    )


async def test_only_the_hash_is_stored(pool: Pool, token: str) -> None:
    rows = await pool.fetch("SELECT s::text AS whole FROM session s")
    whole = "".join(row["whole"] for row in rows)
    assert sessions.token_hash(token) in whole
    assert token not in whole


async def test_a_session_stands_for_its_activation(pool: Pool, token: str) -> None:
    found = await find(pool, token)
    assert found is not None
    assert found == Session(reference=None)
    await sessions.attach(pool, token, "A-7K3F-92QD")
    found = await find(pool, token)
    assert found is not None
    assert found.reference == "A-7K3F-92QD"
    assert await find(pool, "another") is None


async def test_use_keeps_a_session_alive_but_not_beyond_its_age(pool: Pool, token: str) -> None:
    await age(pool, token, "seen_at", 29)
    assert await find(pool, token)
    await age(pool, token, "created_at", 119)
    assert await find(pool, token)
    await age(pool, token, "created_at", 121)
    assert await find(pool, token) is None


async def test_an_idle_session_is_over(pool: Pool, token: str) -> None:
    await age(pool, token, "seen_at", 31)
    assert await find(pool, token) is None


async def test_a_rotated_token_is_good_for_half_a_minute_and_the_new_one_for_long(
    pool: Pool, token: str
) -> None:
    for _ in range(2):
        await sessions.rotate(pool, token, f"{token}-next")
    assert await find(pool, token) == await find(pool, f"{token}-next") is not None
    await sessions.attach(pool, token, "A-7K3F-92QD")
    await pool.execute(
        "UPDATE session SET rotated_at = now() - interval '31 seconds' WHERE previous_hash = $1",
        sessions.token_hash(token),
    )
    assert await find(pool, token) is None
    await sessions.attach(pool, token, "A-ELSE")
    kept = await find(pool, f"{token}-next")
    assert kept is not None
    assert kept.reference == "A-7K3F-92QD"


async def test_a_dropped_session_is_gone_and_takes_the_old_ones_along(
    pool: Pool, token: str
) -> None:
    old = secrets.token_urlsafe(32)
    await sessions.create(pool, old)
    await age(pool, old, "created_at", 60 * 25)
    await sessions.drop(pool, token)
    hashes = [sessions.token_hash(one) for one in (token, old)]
    assert not await pool.fetchval(
        "SELECT count(*) FROM session WHERE token_hash = ANY($1)", hashes
    )


async def test_who_takes_an_activation_over_leaves_the_older_session_behind(
    pool: Pool, token: str
) -> None:
    reference = f"A-{secrets.token_hex(4)}"
    older = secrets.token_urlsafe(32)
    await sessions.create(pool, older)
    for one in (older, token):
        await sessions.attach(pool, one, reference)
    for _ in range(2):
        await sessions.take_over(pool, token, reference)
    assert await find(pool, token) == Session(reference, superseded=False)
    assert await find(pool, older) == Session(reference, superseded=True)
    await sessions.take_over(pool, older, reference)
    assert await find(pool, older) == Session(reference, superseded=False)
    assert await find(pool, token) == Session(reference, superseded=True)
