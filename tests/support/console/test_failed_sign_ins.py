"""Failed sign-ins are in the audit: who was tried from which network, in few rows."""

import secrets
from pathlib import Path

import pytest
from fastapi import FastAPI

from ledger import audit
from postgres import Pool
from settings import Settings
from support.console.sign_in_audit import FAILED, UNKNOWN
from support.verbs.signin import ByFile
from support.verbs.staff import StaffRole
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, MakeApp

_KEPT = (
    "SELECT (SELECT count(*) FROM audit a WHERE a::text ILIKE $1)"
    " + (SELECT count(*) FROM budget b WHERE b::text ILIKE $1)"
)
NAME, PASSWORD = "nikos", "a long enough one"
NETWORK = "198.51.100.0/24"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Have an account of the operators' file, which no directory locks."""
    file = tmp_path / "operators"
    ByFile(file).put(NAME, [StaffRole.OPERATOR], PASSWORD)
    console = settings.console.model_copy(update={"operators_file": file})
    return settings.model_copy(update={"console": console})


@pytest.fixture(autouse=True)
async def first_row(pool: Pool) -> int:
    """Return the newest row before the test, which begins without a counted attempt."""
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|known|failed|failed_rows):'")
    return await pool.fetchval("SELECT coalesce(max(id), 0) FROM audit") or 0


async def told(pool: Pool, stack: TestStack, since: int) -> list[tuple[str, str | None]]:
    rows = await audit.page(pool, stack.keys, action=FAILED, limit=1000)
    return [(row.actor, row.reason) for row in reversed(rows) if row.id > since]


async def wrong(app: FastAPI, name: str, address: str) -> int:
    browser = Browser(app, HOST, address)
    await browser.get("/sign-in")
    return (await browser.post("/sign-in", name=name, password="wrong")).status_code


async def is_known(app: FastAPI) -> None:
    """Have the operator sign in."""
    browser = Browser(app, HOST, "192.0.2.7")
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in", name=NAME, password=PASSWORD)).status_code == 303


async def test_the_first_attempt_and_each_tenfold_number_have_a_row(
    app: FastAPI, stack: TestStack, pool: Pool, first_row: int
) -> None:
    await is_known(app)
    for number in range(12):
        assert await wrong(app, NAME.title(), f"198.51.100.{number}") == 422
    assert await wrong(app, NAME, "203.0.113.9") == 422
    assert await told(pool, stack, first_row) == [
        (NAME, f"1 times: {NETWORK}"),
        (NAME, f"10 times: {NETWORK}"),
        (NAME, "1 times: 203.0.113.0/24"),
    ]


async def test_attempts_that_a_limit_stops_count_as_well(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool, first_row: int
) -> None:
    limits = settings.limits.model_copy(update={"sign_ins_per_name_elsewhere": 1})
    app = make_app(settings.model_copy(update={"limits": limits}))
    tried = [await wrong(app, "nobody", "198.51.100.1") for _ in range(10)]
    assert tried == [422, *([429] * 9)]
    assert await told(pool, stack, first_row) == [
        (UNKNOWN, f"1 times: {NETWORK}"),
        (UNKNOWN, f"10 times: {NETWORK}"),
    ]


async def test_a_password_in_the_wrong_field_is_not_in_the_audit(
    app: FastAPI, stack: TestStack, pool: Pool, first_row: int
) -> None:
    typed = f"S3cret-{secrets.token_hex(8)}"
    await wrong(app, typed, "198.51.100.1")
    await wrong(app, typed.lower(), "198.51.100.1")
    assert await told(pool, stack, first_row) == [(UNKNOWN, f"1 times: {NETWORK}")]
    assert await pool.fetchval(_KEPT, f"%{typed}%") == 0


async def test_a_flood_fills_no_audit_and_hides_no_attempt_at_a_known_name(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool, first_row: int
) -> None:
    few = {"failed_sign_ins_of_unknown": 5, "failed_sign_ins_per_name": 3}
    limits = settings.limits.model_copy(update=few)
    app = make_app(settings.model_copy(update={"limits": limits}))
    await is_known(app)
    for number in range(8):
        await wrong(app, f"nobody{number}", f"2001:db8:{number + 1}::1")
    for number in range(5):
        await wrong(app, NAME, f"2001:db8:{number + 1}::1")
    rows = await told(pool, stack, first_row)
    assert rows == [
        *((UNKNOWN, f"1 times: 2001:db8:{number + 1}::/48") for number in range(5)),
        *((NAME, f"1 times: 2001:db8:{number + 1}::/48") for number in range(3)),
    ]
