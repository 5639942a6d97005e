"""A portal with other keys than the others, or older tables, is not ready and says which."""

from pathlib import Path

from fastapi import FastAPI

from ledger import key_checks
from postgres import Pool
from security import rotation
from security.keys import KeyRing
from security.purposes import User
from settings import Settings
from starter.portal.app import assemble, create
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, healthy
from tests.starter.portal.engine import MemoryEngine


async def test_other_keys_and_older_tables_are_named_until_they_are_mended(
    stack: TestStack, settings: Settings, pool: Pool, engine: MemoryEngine, tmp_path: Path
) -> None:
    assert await key_checks.other(pool, stack.keys.checks()) == []
    rotation.create(tmp_path / "others", "2026-11")
    mine = tmp_path / "mine"
    rotation.copy(tmp_path / "others", mine, [User.PORTAL])
    app: FastAPI = create(assemble(settings, KeyRing(mine), pool, engine, healthy))
    browser = Browser(app)
    red = await browser.get("/readyz")
    told = red.json()
    assert (red.status_code, told["ledger"], told["temporal"]) == (503, True, True)
    assert told["keys"] is False
    assert {"session.key", "epochs/2026-11.key", "seal/2026-11"} <= set(told["other_keys"])
    assert "pin.key" not in told["other_keys"]
    rotation.copy(stack.settings.keys_dir, mine, [User.PORTAL])
    green = await browser.get("/readyz")
    assert (green.status_code, green.json()) == (200, {"ledger": True, "temporal": True})
    await pool.execute("UPDATE migration SET name = 'gone' WHERE name = '0001_first'")
    try:
        older = await browser.get("/readyz")
    finally:
        await pool.execute("UPDATE migration SET name = '0001_first' WHERE name = 'gone'")
    assert (older.status_code, older.json()["schema"]) == (503, False)


async def test_whatever_key_is_lost_a_failure_still_has_its_page(
    stack: TestStack, settings: Settings, pool: Pool, engine: MemoryEngine, tmp_path: Path
) -> None:
    rotation.copy(stack.settings.keys_dir, tmp_path, [User.PORTAL])
    browser = Browser(create(assemble(settings, KeyRing(tmp_path), pool, engine, healthy)))
    await browser.begin()
    for path in [tmp_path / "session.key", *tmp_path.glob("index/*.key")]:  # noqa: ASYNC240
        lost = path.rename(path.with_suffix(".lost"))
        for url in ("/pin", "/contact", "/progress", "/nowhere"):
            assert (await browser.get(url)).status_code != 500, (path, url)
            sent = await browser.post(url, mobile="6912345678", email="")
            assert sent.status_code != 500, (path, url)
        lost.rename(path)
    (tmp_path / "session.key").unlink()
    sent = await browser.post("/contact", mobile="6912345678", email="")
    assert (sent.status_code, "<h1" in sent.text) == (503, True)
