"""Whoever writes the portal's table of sessions without its keys has no session."""

import secrets
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from ledger.sessions import token_hash
from postgres import Pool, connect
from security.purposes import User
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine
from tests.starter.portal.test_newest import NAME, PIN, engine, proved

__all__ = ["engine", "proved"]

COPIES = (
    "(token_hash, reference, proofs) SELECT $2, reference, proofs",
    "SELECT (jsonb_populate_record(s, jsonb_build_object('token_hash', $2::text))).*",
)


@pytest.fixture
async def role(stack: TestStack) -> AsyncIterator[Pool]:
    """Yield the ledger as the portal's role has it."""
    async with await connect(stack.ledger_dsn_of(User.PORTAL)) as ledger:
        yield ledger


@pytest.fixture
def victim(proved: Browser) -> Browser:
    """Return a browser that has proved its contact."""
    return proved


def hashed(browser: Browser) -> str:
    return token_hash(browser.http.cookies["session"])


async def is_in(browser: Browser) -> bool:
    """Return whether this browser sees what only the student may see."""
    answer = await browser.get("/review")
    assert (NAME in answer.text) is (answer.status_code == 200)
    return answer.status_code == 200


async def copied(role: Pool, copy: str, victim: Browser, thief: Browser) -> None:
    thief.http.cookies.set("session", secrets.token_urlsafe(32))
    await role.execute(
        f"INSERT INTO session {copy} FROM session s WHERE token_hash = $1",
        hashed(victim),
        hashed(thief),
    )


@pytest.mark.parametrize("copy", COPIES)
async def test_a_copy_of_a_row_for_another_token_is_no_session(
    app: FastAPI, role: Pool, victim: Browser, copy: str
) -> None:
    thief = Browser(app)
    await copied(role, copy, victim, thief)
    assert not await is_in(thief)
    assert await is_in(victim)


async def test_a_row_of_ones_own_gets_no_other_activation(
    app: FastAPI, role: Pool, victim: Browser, engine: MemoryEngine
) -> None:
    thief = Browser(app)
    engine.first = PIN
    await thief.give_contact("6987654321")
    for seal in ("own.seal", "theirs.seal"):
        await role.execute(
            "UPDATE session own SET reference = theirs.reference, proofs = theirs.proofs,"  # noqa: S608 - ours
            f" seal = {seal} FROM session theirs"
            " WHERE theirs.token_hash = $1 AND own.token_hash = $2",
            hashed(victim),
            hashed(thief),
        )
        assert not await is_in(thief)


@pytest.mark.parametrize(
    "changes",
    [
        "proofs = proofs || '{another}'",
        "superseded = true",
        "created_at = now() + interval '10 years'",
        "created_at = created_at + interval '1 s'",
        "rotated_for = 'another'",
        "seal = NULL",
        "seal = ''",
    ],
)
async def test_a_row_that_was_changed_is_no_session_any_more(
    role: Pool, victim: Browser, changes: str
) -> None:
    assert await is_in(victim)
    await role.execute(
        f"UPDATE session SET {changes} WHERE token_hash = $1",  # noqa: S608 - ours
        hashed(victim),
    )
    answer = await victim.get("/review")
    assert answer.headers["location"] == "/who?again"


async def test_a_forged_row_is_not_sealed_when_its_activation_is_taken_over(
    app: FastAPI, role: Pool, victim: Browser
) -> None:
    thief, sessions = Browser(app), app.state.context.sessions
    await copied(role, COPIES[0], victim, thief)
    find = "SELECT * FROM session WHERE token_hash = $1"
    row = await role.fetchrow(find, hashed(victim))
    assert row
    await sessions.take_over(victim.http.cookies["session"], row["reference"], None, None)
    await sessions.rotate(thief.http.cookies["session"], "another", None)
    row = await role.fetchrow(find, hashed(thief))
    assert row
    assert row["seal"] is None
    assert not await is_in(thief)
