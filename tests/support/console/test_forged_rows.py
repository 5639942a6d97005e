"""Whoever writes the console's tables without its keys is nobody at the console."""

import secrets
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from fastapi import FastAPI

from postgres import Pool, connect
from security.purposes import User
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, SignedIn

ALL = "'{operator,auditor,supervisor}'"
PAGES = ("/operations", "/audit", "/queue")


@pytest.fixture
async def role(stack: TestStack) -> AsyncIterator[Pool]:
    """Yield the ledger as the console's role has it."""
    async with await connect(stack.ledger_dsn_of(User.CONSOLE)) as ledger:
        yield ledger


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


async def opens(app: FastAPI, token: str) -> bool:
    """Return whether this cookie opens any page."""
    browser = Browser(app, HOST)
    browser.http.cookies.set("desk", token)
    return any([(await browser.get(page)).status_code != 303 for page in PAGES])


async def test_a_row_that_was_inserted_is_no_session(app: FastAPI, role: Pool) -> None:
    token = secrets.token_hex(32)
    await role.execute(
        f"INSERT INTO staff_session (token_hash, name, roles) VALUES ($1, 'maria.boss', {ALL})",  # noqa: S608 - ours
        hashed(token),
    )
    assert not await opens(app, token)


async def test_a_row_that_was_copied_for_another_token_is_no_session(
    app: FastAPI, role: Pool, signed_in: SignedIn
) -> None:
    browser = await signed_in("supervisor")
    row = await role.fetchrow(
        "SELECT * FROM staff_session WHERE token_hash = $1", hashed(browser.http.cookies["desk"])
    )
    assert row
    token = secrets.token_hex(32)
    await role.execute(
        "INSERT INTO staff_session SELECT (jsonb_populate_record(s, jsonb_build_object("
        "'token_hash', $2::text))).* FROM staff_session s WHERE token_hash = $1",
        row["token_hash"],
        hashed(token),
    )
    assert not await opens(app, token)
    assert await opens(app, browser.http.cookies["desk"])


@pytest.mark.parametrize(
    "change",
    [
        "name = 'maria.boss'",
        f"roles = {ALL}",
        "roles = roles || '{operator}'",
        "departments = '{401}'",
        "created_at = created_at + interval '1 s'",
        "seal = NULL",
        "seal = ''",
    ],
)
async def test_a_row_of_ones_own_that_was_changed_ends(
    app: FastAPI, role: Pool, signed_in: SignedIn, change: str
) -> None:
    token = (await signed_in("helpdesk")).http.cookies["desk"]
    assert await opens(app, token)
    await role.execute(
        f"UPDATE staff_session SET {change} WHERE token_hash = $1",  # noqa: S608 - ours
        hashed(token),
    )
    assert not await opens(app, token)
