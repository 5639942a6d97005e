"""Sessions end by idleness and age; the ledger knows hashes only."""

import secrets
from datetime import timedelta
from typing import Any

import pytest

from ledger import sessions
from ledger.sessions import Session
from postgres import Pool
from security.keys import KeyRing
from tests.stack import TestStack

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=2)


@pytest.fixture
async def token(pool: Pool) -> str:
    token = secrets.token_urlsafe(32)
    await sessions.begin(pool, token)
    return token


@pytest.fixture
def keys(stack: TestStack) -> KeyRing:
    return stack.keys


async def find(
    pool: Pool, keys: KeyRing, token: str, submission_id: str | None = None
) -> Session | None:
    return await sessions.find(pool, keys, token, submission_id, idle=IDLE, absolute=ABSOLUTE)


async def attach(
    pool: Pool, keys: KeyRing, token: str, reference: str, submission_id: str = "contact"
) -> str:
    """Let a session stand for this activation; returns its new token."""
    fresh = f"{token}-{submission_id}"
    assert await sessions.attach(pool, keys, token, fresh, submission_id, reference=reference)
    return fresh


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


async def test_a_session_stands_for_its_activation(pool: Pool, keys: KeyRing, token: str) -> None:
    found = await find(pool, keys, token)
    assert found is not None
    assert found == Session(reference=None)
    fresh = await attach(pool, keys, token, "A-7K3F-92QD")
    found = await find(pool, keys, fresh)
    assert found is not None
    assert found.reference == "A-7K3F-92QD"
    assert await find(pool, keys, "another") is None


async def test_use_keeps_a_session_alive_but_not_beyond_its_age(
    pool: Pool, keys: KeyRing, token: str
) -> None:
    await age(pool, token, "seen_at", 29)
    assert await find(pool, keys, token)
    await age(pool, token, "created_at", 119)
    assert await find(pool, keys, token)
    await age(pool, token, "created_at", 121)
    assert await find(pool, keys, token) is None


async def test_the_use_of_a_session_is_written_once_a_minute(
    pool: Pool, keys: KeyRing, token: str
) -> None:
    seen = "SELECT seen_at FROM session WHERE token_hash = $1"
    first = await pool.fetchval(seen, sessions.token_hash(token))
    assert await find(pool, keys, token)
    assert await pool.fetchval(seen, sessions.token_hash(token)) == first
    await age(pool, token, "seen_at", 2)
    assert await find(pool, keys, token)
    assert await pool.fetchval(seen, sessions.token_hash(token)) >= first


async def test_an_idle_session_is_over(pool: Pool, keys: KeyRing, token: str) -> None:
    await age(pool, token, "seen_at", 31)
    assert await find(pool, keys, token) is None


async def test_a_replaced_token_counts_with_its_submission_alone_and_for_two_minutes(
    pool: Pool, keys: KeyRing, token: str
) -> None:
    fresh = f"{token}-next"
    for one in (token, token, fresh):
        assert await sessions.rotate(pool, keys, one, fresh, "pin")
    assert await find(pool, keys, fresh) == Session(None, proofs=("pin",))
    assert await find(pool, keys, token, "pin") == Session(None, proofs=("pin",), replaced=True)
    assert await find(pool, keys, token) is await find(pool, keys, token, "another") is None
    assert not await sessions.rotate(pool, keys, token, f"{token}-other", "another")
    await pool.execute(
        "UPDATE session SET rotated_at = now() - interval '121 seconds' WHERE token_hash = $1",
        sessions.token_hash(fresh),
    )
    assert await find(pool, keys, token, "pin") is None


async def test_another_contact_forgets_what_was_proved(
    pool: Pool, keys: KeyRing, token: str
) -> None:
    first = await attach(pool, keys, token, "A-7K3F-92QD")
    assert await sessions.rotate(pool, keys, first, f"{first}-pin", "pin")
    second = await attach(pool, keys, f"{first}-pin", "A-ELSE", "another")
    assert await find(pool, keys, second) == Session("A-ELSE")
    assert await find(pool, keys, first, "pin") is None


async def test_a_replaced_token_ends_no_session(pool: Pool, keys: KeyRing, token: str) -> None:
    fresh = await attach(pool, keys, token, "A-7K3F-92QD")
    await sessions.drop(pool, token)
    assert await find(pool, keys, fresh)


async def test_a_dropped_session_is_gone_and_takes_the_old_ones_along(
    pool: Pool, token: str
) -> None:
    old = secrets.token_urlsafe(32)
    await sessions.begin(pool, old)
    await age(pool, old, "created_at", 60 * 25)
    await sessions.drop(pool, token)
    hashes = [sessions.token_hash(one) for one in (token, old)]
    assert not await pool.fetchval(
        "SELECT count(*) FROM session WHERE token_hash = ANY($1)", hashes
    )


async def test_who_takes_an_activation_over_leaves_the_older_session_behind(
    pool: Pool, keys: KeyRing, token: str
) -> None:
    reference = f"A-{secrets.token_hex(4)}"
    older = secrets.token_urlsafe(32)
    await sessions.begin(pool, older)
    older = await attach(pool, keys, older, reference)
    token = await attach(pool, keys, token, "A-NEWER")
    for _ in range(2):
        await sessions.take_over(pool, keys, token, reference, "pin")
    assert await find(pool, keys, token) == Session(reference, proofs=("pin",))
    assert await find(pool, keys, older) == Session(reference, superseded=True)
    await sessions.take_over(pool, keys, older, reference, None)
    assert await find(pool, keys, older) == Session(reference)
    assert await find(pool, keys, token) == Session(reference, superseded=True, proofs=("pin",))


KEPT = sessions.Newest("A-7K3F-92QD", "run", 3, b"third")


async def take(pool: Pool, keys: KeyRing, token: str) -> bytes | None:
    found = await sessions.find(pool, keys, token, None, idle=IDLE, absolute=ABSOLUTE, take=True)
    assert found is not None
    return found.progress


@pytest.fixture
async def attached(pool: Pool, keys: KeyRing, token: str) -> str:
    return await attach(pool, keys, token, KEPT.reference)


async def test_the_newest_answer_serves_once(pool: Pool, keys: KeyRing, attached: str) -> None:
    assert await sessions.keep(pool, attached, KEPT)
    found = await find(pool, keys, attached)
    assert found is not None
    assert found.progress is None
    assert [await take(pool, keys, attached) for _ in range(2)] == [b"third", None]


async def test_an_answer_serves_no_page_that_comes_late(
    pool: Pool, keys: KeyRing, attached: str
) -> None:
    await sessions.keep(pool, attached, KEPT)
    await pool.execute("UPDATE session SET progress_at = now() - interval '11 s'")
    assert await take(pool, keys, attached) is None


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"version": 2}, False),
        ({}, False),
        ({"version": 4}, True),
        ({"version": 1, "run": "another"}, True),
        ({"reference": "A-2222-2222"}, False),
    ],
)
async def test_only_a_newer_answer_replaces_one(
    pool: Pool, keys: KeyRing, attached: str, change: dict[str, Any], *, kept: bool, taken: bool
) -> None:
    await sessions.keep(pool, attached, KEPT)
    if taken:
        await take(pool, keys, attached)
    answer = KEPT._replace(**change, progress=b"later")
    assert await sessions.keep(pool, attached, answer) is kept
    assert await take(pool, keys, attached) == (b"later" if kept else None if taken else b"third")


async def test_another_activation_begins_without_an_answer(
    pool: Pool, keys: KeyRing, attached: str
) -> None:
    await sessions.keep(pool, attached, KEPT)
    again = await attach(pool, keys, attached, "A-2222-2222", "second contact")
    assert await take(pool, keys, again) is None
    other = KEPT._replace(reference="A-2222-2222", version=1)
    assert await sessions.keep(pool, again, other)
    await sessions.take_over(pool, keys, again, "A-3333-3333", "proof")
    assert await take(pool, keys, again) is None


async def test_a_token_that_was_replaced_keeps_and_takes_nothing(
    pool: Pool, keys: KeyRing, attached: str
) -> None:
    await sessions.keep(pool, attached, KEPT)
    assert await sessions.rotate(pool, keys, attached, "fresh", "pin")
    assert not await sessions.keep(pool, attached, KEPT._replace(version=9))
    assert await find(pool, keys, attached) is None
    assert await take(pool, keys, "fresh") == b"third"


async def test_who_writes_a_token_of_before_into_a_row_finds_it_not(
    pool: Pool, keys: KeyRing, attached: str
) -> None:
    await pool.execute(
        "UPDATE session SET previous_hash = $2, rotated_for = 'pin', rotated_at = now()"
        " WHERE token_hash = $1",
        sessions.token_hash(attached),
        sessions.token_hash("thief"),
    )
    assert await find(pool, keys, "thief", "pin") is None
