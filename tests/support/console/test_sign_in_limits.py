"""Strangers use up their own part of a name's attempts, below the directory's lock-out."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from postgres import Pool
from settings import Settings
from settings.limits import LimitSettings
from support.verbs.signin import ByFile
from support.verbs.staff import StaffRole
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, MakeApp

NAME = "auditor"
USUAL = "192.0.2.7"


class Desk:
    """A console with the limits of an installation, and browsers at addresses."""

    def __init__(
        self, app: FastAPI, stack: TestStack, secret: Callable[[str], str] | None = None
    ) -> None:
        self._app = app
        self._secret = secret or stack._stack.place.secret

    def browser(self, address: str, known: str | None = None) -> Browser:
        """Return a browser, with this value of the cookie of known ones."""
        browser = Browser(self._app, HOST, address)
        if known is not None:
            browser.http.cookies.set("desk-known", known, "127.0.0.1")
        return browser

    async def right(self, browser: Browser, name: str = NAME) -> int:
        return await self._tried(browser, name, self._secret(name))

    async def wrong(self, browser: Browser, name: str = NAME) -> int:
        return await self._tried(browser, name, "wrong")

    async def owner(self, address: str = USUAL) -> Browser:
        """Return a browser that has signed in with the name and has signed out."""
        browser = self.browser(address)
        assert await self.right(browser) == 303
        await browser.get("/audit")
        assert (await browser.post("/sign-out")).status_code == 303
        return browser

    async def _tried(self, browser: Browser, name: str, password: str) -> int:
        await browser.get("/sign-in")
        return (await browser.post("/sign-in", name=name, password=password)).status_code


@pytest.fixture
async def desk(make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool) -> Desk:
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|known):'")
    usual = settings.model_copy(update={"limits": LimitSettings()})
    return Desk(make_app(usual), stack)


async def used_up_by_strangers(desk: Desk) -> None:
    """Of other networks each time: theirs are not forgotten when the owner signs in."""
    first = secrets.randbelow(2**16)
    hosts = [f"2001:db8:{(first + each) % 2**16:x}::1" for each in range(3)]
    tried = [await desk.wrong(desk.browser(host)) for host in hosts]
    assert tried == [422, 422, 429]


async def test_strangers_elsewhere_keep_a_known_browser_and_a_usual_address_in(desk: Desk) -> None:
    owner = await desk.owner()
    await used_up_by_strangers(desk)
    assert await desk.right(desk.browser("198.51.100.1")) == 429
    assert await desk.right(owner) == 303
    await used_up_by_strangers(desk)
    moved = desk.browser("198.51.100.1", owner.http.cookies["desk-known"])
    assert await desk.right(moved) == 303
    await used_up_by_strangers(desk)
    assert await desk.right(desk.browser(USUAL)) == 303


async def test_one_network_keeps_nobody_out_who_comes_from_another(desk: Desk) -> None:
    """Neither at the first sign-in with a name, nor with a new computer at a new address."""
    strangers = ("203.0.113.77", "203.0.113.78", "203.0.113.77")
    others = ("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert [await desk.wrong(desk.browser(host)) for host in strangers] == [422, 422, 429]
    mistyped = desk.browser("192.0.2.5")
    assert await desk.wrong(mistyped) == 422
    assert await desk.right(mistyped) == 303
    assert [await desk.wrong(desk.browser(host)) for host in (*strangers, *others)] == [
        *[429] * 3,
        422,
        429,
    ]
    assert await desk.right(desk.browser("198.51.100.5")) == 303


async def test_with_a_new_name_all_networks_stay_below_the_lock_out(desk: Desk, pool: Pool) -> None:
    networks = [f"203.0.{block}.1" for block in range(113, 118)]
    assert [await desk.wrong(desk.browser(host)) for host in networks] == [422] * 4 + [429]
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sign_ins:%'")
    assert await desk.right(desk.browser("192.0.2.5")) == 303


async def test_a_neighbour_at_the_same_address_keeps_a_known_browser_in(desk: Desk) -> None:
    owner = await desk.owner()
    tried = [await desk.wrong(desk.browser(USUAL)) for _ in range(4)]
    assert tried == [422, 422, 422, 429]
    assert await desk.right(owner) == 303


async def test_all_attempts_together_stay_below_the_lock_out_of_the_directory(
    desk: Desk, pool: Pool
) -> None:
    owner = await desk.owner()
    await used_up_by_strangers(desk)
    for browser in (desk.browser(USUAL), owner):
        assert [await desk.wrong(browser) for _ in range(2)] == [422, 429]
    assert await desk.right(owner) == 429
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sign_ins:%'")
    # The directory did not lock the account: it counted as few failures as came to it.
    assert await desk.right(owner) == 303


async def test_a_known_browser_is_not_kept_out_by_its_network_either(
    make_app: MakeApp, settings: Settings, stack: TestStack, desk: Desk
) -> None:
    owner = await desk.owner()
    limits = LimitSettings(sign_ins_per_address=1)
    narrow = Desk(make_app(settings.model_copy(update={"limits": limits})), stack)
    assert await narrow.wrong(narrow.browser(USUAL), "viewer") == 429
    returned = narrow.browser(USUAL, owner.http.cookies["desk-known"])
    assert await narrow.right(returned) == 303


@pytest.mark.parametrize("forged", [f"{USUAL}/32", "", "x" * 64, NAME])
async def test_a_cookie_that_is_not_of_that_name_is_worth_nothing(desk: Desk, forged: str) -> None:
    owner = await desk.owner()
    await used_up_by_strangers(desk)
    assert await desk.right(desk.browser("203.0.116.1", forged)) == 429
    await desk.right(desk.browser("203.0.117.1"), "viewer")
    tried = [await desk.wrong(desk.browser(f"203.0.{n}.1"), "viewer") for n in (118, 120)]
    assert tried == [422, 422]
    theirs = owner.http.cookies["desk-known"]
    assert await desk.right(desk.browser("203.0.119.1", theirs), "viewer") == 429


async def test_browsers_and_addresses_are_forgotten(desk: Desk, pool: Pool) -> None:
    owner = await desk.owner()
    kept = (
        "SELECT max(ends_at) - now() > interval '89 days' FROM budget WHERE bucket LIKE 'known:%'"
    )
    assert await pool.fetchval(kept) is True
    assert await pool.fetchval("SELECT count(*) FROM budget WHERE bucket LIKE 'known:%'") == 3
    await pool.execute("UPDATE budget SET ends_at = now() WHERE bucket LIKE 'known:%'")
    # As with a name that has never signed in, all attempts are left for whoever comes.
    networks = [f"203.0.{block}.1" for block in range(113, 117)]
    assert [await desk.wrong(desk.browser(host)) for host in networks] == [422] * 4
    assert await desk.right(owner) == 429


async def test_strangers_need_many_networks_to_keep_out_an_account_of_the_console_itself(
    make_app: MakeApp, settings: Settings, stack: TestStack, tmp_path: Path, pool: Pool
) -> None:
    """No directory locks such an account, so that operators have one that gets in."""
    file, password = tmp_path / "operators", "Chroma-zontana-kila-89"
    ByFile(file).put(NAME, [StaffRole.OPERATOR], password)
    console = settings.console.model_copy(update={"operators_file": file, "second_factor": "off"})
    limits = LimitSettings(sign_ins_per_local_name=6)
    usual = settings.model_copy(update={"limits": limits, "console": console})
    local = Desk(make_app(usual), stack, lambda _: password)

    async def tried(*blocks: int) -> list[list[int]]:
        each = [local.browser(f"198.51.{block}.1") for block in blocks]
        return [[await local.wrong(browser) for _ in range(3)] for browser in each]

    owner = await local.owner()
    assert await tried(1, 2) == [[422, 422, 429]] * 2
    assert await local.right(local.browser("203.0.113.1")) == 303
    assert await tried(3, 4, 5) == [[422, 422, 429]] * 3
    assert await local.right(local.browser("203.0.114.1")) == 429
    assert [await local.wrong(owner) for _ in range(5)] == [422] * 4 + [429]
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sign_ins:%'")
    await tried(1, 2, 3)
    assert await local.right(owner) == 303


def test_strangers_may_not_have_as_much_as_the_owner() -> None:
    for changes in ({"sign_ins_per_name": 3}, {"sign_ins_per_name_elsewhere": 3}):
        with pytest.raises(ValueError, match="more than sign_ins_per_name_elsewhere"):
            LimitSettings(**changes)
