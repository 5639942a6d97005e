"""Limits by address: look-ups that find nobody count, by address, block and site; so do forms."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import FastAPI

from domain.contracts.channels import Channel
from domain.contracts.message_io import ReserveSend
from domain.contracts.people import Destination
from domain.contracts.submissions import Policy
from domain.contracts.views import Progress
from domain.contracts.vocabulary import Purse, Step
from ledger import activations, messages
from postgres import Pool
from settings import Settings
from settings.rules import SendBudget
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at
from web.limits import Purpose, RateLimits

pytestmark = pytest.mark.usefixtures("unheld")

MakeApp = Callable[[Settings], FastAPI]
FEW = {"misses_per_address": 2, "misses_per_block": 3, "misses_per_site": 4}
MISS = at(Step.NOT_FOUND)


def with_limits(settings: Settings, **changes: Any) -> Settings:
    limits = settings.limits.model_copy(update=changes)
    return settings.model_copy(update={"limits": limits})


@pytest.fixture
def site() -> str:
    """Draw a /48 that no other test comes from."""
    return f"2001:{secrets.randbelow(0xFFFF):x}:{secrets.randbelow(0xFFFF):x}"


async def look_up(app: FastAPI, engine: MemoryEngine, address: str, first: Progress) -> int:
    engine.first = first
    browser = Browser(app, HOST, address)
    await browser.begin()
    given = await browser.post("/contact", mobile=f"69{secrets.randbelow(10**8):08}", email="")
    return given.status_code


@dataclass
class Place:
    """A portal with limits of its own, and the worker that finds students for it."""

    make_app: MakeApp
    engine: MemoryEngine
    pool: Pool
    stack: TestStack

    async def finds(self, reference: str) -> None:
        """Reserve the message of an activation, as the worker does that found its student."""
        to = Destination(channel=Channel.EMAIL, to=f"{secrets.token_hex(8)}@mail.example")
        wish = ReserveSend(
            reference=reference, request_no=1, destination=to, person_key=None, purse=Purse.ORDINARY
        )
        limits = messages.Limits(SendBudget(), Policy())
        await messages.reserve(self.pool, self.stack.keys, wish, "run", limits)


@pytest.fixture
def place(make_app: MakeApp, engine: MemoryEngine, pool: Pool, stack: TestStack) -> Place:
    return Place(make_app, engine, pool, stack)


async def test_only_misses_count_and_the_block_and_the_site_have_limits_too(
    place: Place, settings: Settings, site: str
) -> None:
    app, engine = place.make_app(with_limits(settings, **FEW)), place.engine
    for _ in range(6):  # All of them are on file, and the messages are late.
        assert await look_up(app, engine, f"{site}:1100::1", at(Step.PIN)) == 303
        await place.finds(engine.started[-1].reference)
    addresses = [f"{site}:1100::1"] * 3 + [f"{site}:1101::1"] * 2 + [f"{site}:2200::1"] * 2
    told = [await look_up(app, engine, each, MISS) for each in addresses]
    #        the address        the block    the site
    assert told == [422, 422, 429, 422, 429, 422, 429]


async def test_look_ups_that_are_under_way_count_until_somebody_is_found(
    place: Place, settings: Settings, site: str
) -> None:
    app, engine = place.make_app(with_limits(settings, **FEW)), place.engine
    address = f"{site}:1100::1"
    told = [await look_up(app, engine, address, at(Step.LOOKUP)) for _ in range(3)]
    assert told == [303, 303, 429]
    await place.finds(engine.started[-1].reference)
    assert await look_up(app, engine, address, at(Step.LOOKUP)) == 303


async def test_a_refusal_names_a_near_time_only_while_a_look_up_under_way_may_make_room(
    place: Place, settings: Settings, site: str
) -> None:
    app, engine = place.make_app(with_limits(settings, **FEW)), place.engine
    address, waits = f"{site}:1100::1", list[int]()
    for _ in range(2):
        assert await look_up(app, engine, address, at(Step.LOOKUP)) == 303
    for started in (None, *engine.started[-2:]):
        if started:
            await activations.close(place.pool, reference=started.reference, end=Step.NOT_FOUND)
        browser = Browser(app, HOST, address)
        await browser.begin()
        refused = await browser.post("/contact", mobile="6912345678", email="")
        assert refused.status_code == 429
        waits.append(int(refused.headers["retry-after"]))
    assert [wait < 60 for wait in waits] == [True, True, False]


async def test_under_enumeration_protection_the_limit_does_not_tell_who_is_on_file(
    place: Place, settings: Settings, site: str
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": "uniform"})
    few = with_limits(settings, **FEW).model_copy(update={"portal": portal})
    app, engine, told = place.make_app(few), place.engine, list[int]()
    for first, address in ((MISS, f"{site}:1100::1"), (at(Step.PIN), f"{site}:2200::1")):
        for _ in range(3):
            told.append(await look_up(app, engine, address, first))
            if first is not MISS:
                await place.finds(engine.started[-1].reference)
    assert told[:3] == [303, 303, 429]
    assert told[3:5] == [303, 303]
    assert told[5] == 429


async def test_every_form_counts_wherever_it_is_sent_to(
    make_app: MakeApp, settings: Settings, site: str
) -> None:
    browser = Browser(make_app(with_limits(settings, posts_per_address=3)), HOST, f"{site}::1")
    await browser.get("/who")
    paths = ("/who", "/problem", "/contact")
    assert [(await browser.post(path)).status_code == 429 for path in paths] == [False] * 3
    for path in (*paths, "/pin", "/pin/resend", "/review", "/password", "/end", "/insurance"):
        refused = await browser.post(path)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True), path


@pytest.mark.parametrize(
    ("host", "times"),
    [
        ("192.0.2.7", 50),
        ("::ffff:192.0.2.7", 50),
        ("192.0.3.7", 7),
        ("2001:db8::1", 3),
        ("198.51.100.1", 1),
        ("unknown", 1),
    ],
)
async def test_own_networks_have_limits_of_their_own(
    pool: Pool, stack: TestStack, settings: Settings, host: str, times: int
) -> None:
    own = {"192.0.2.0/24": 50, "192.0.0.0/16": 7, "2001:db8::/32": 3}
    networks = {ip_network(network): more for network, more in own.items()}
    limits = settings.limits.model_copy(update={"networks": networks})
    first, *_ = RateLimits(pool, stack.keys, limits).by_address(Purpose.MISSES, host)
    assert first.most == times * limits.misses_per_address


async def test_own_networks_may_be_given_any_number(
    pool: Pool, stack: TestStack, settings: Settings
) -> None:
    networks = {ip_network("198.18.0.0/15"): 10**9}
    limits = settings.limits.model_copy(update={"networks": networks})
    rates = RateLimits(pool, stack.keys, limits)
    await rates.take(rates.by_address(Purpose.POSTS, "198.18.0.7"))
