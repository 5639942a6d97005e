"""A registration hall of students behind one address, as own network and with the defaults.

Of forms a quarter of the default is taken; `make abuse` plays 200 students.
"""

import secrets
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step
from postgres import Pool
from settings import Settings
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at

HALL, AGAIN = 40, 12
FORMS, MORE_FORMS = 150, 80


@pytest.fixture
def address() -> str:
    """Draw an address from whose /48 no other test comes."""
    return f"2001:{secrets.randbelow(0xFFFF):x}:{secrets.randbelow(0xFFFF):x}::1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    limits = settings.limits.model_copy(update={"posts_per_address": FORMS})
    return settings.model_copy(update={"limits": limits})


@pytest.fixture
def hall(make_app: Callable[[Settings], FastAPI], settings: Settings, address: str) -> FastAPI:
    """Return a portal for which the address is one of the institution's own networks."""
    own = {ip_network(f"{address}/128"): 50}
    limits = settings.limits.model_copy(update={"networks": own})
    return make_app(settings.model_copy(update={"limits": limits}))


async def starts(
    app: FastAPI, address: str, students: int = HALL
) -> tuple[Counter[int], list[int]]:
    """Let all give their contacts while no worker has found any; return what they were told."""
    told, waits = Counter[int](), list[int]()
    for _ in range(students):
        mobile = f"69{secrets.randbelow(10**8):08d}"
        given = await Browser(app, HOST, address).give_contact(mobile)
        told[given.status_code] += 1
        waits += [int(given.headers["retry-after"])] if given.status_code == 429 else []
    return told, waits


async def forms(app: FastAPI, address: str) -> Counter[int]:
    """Send more forms, each of the first page; return what was told."""
    browser, told = Browser(app, HOST, address), Counter[int]()
    for _ in range(MORE_FORMS):
        await browser.get("/who")
        told[(await browser.post("/who", who="student")).status_code] += 1
    return told


async def test_in_a_network_of_its_own_nobody_is_told_that_it_was_too_often(
    hall: FastAPI, engine: MemoryEngine, address: str
) -> None:
    """Nor when all their look-ups are under way, nor with the forms that all of them send."""
    engine.first = at(Step.LOOKUP)
    told, _ = await starts(hall, address)
    assert told == {303: HALL}
    assert await forms(hall, address) == {303: MORE_FORMS}


async def test_by_the_defaults_only_look_ups_under_way_are_too_many_and_for_seconds(
    app: FastAPI, engine: MemoryEngine, pool: Pool, address: str
) -> None:
    """Whoever is found makes room at once; of all forms only so many are taken in ten minutes."""
    engine.first = at(Step.LOOKUP)
    told, waits = await starts(app, address)
    assert told == {303: 10, 429: HALL - 10}
    assert max(waits) <= 10
    for found in engine.started:  # As the ledger does when it asks for their messages.
        await pool.execute("DELETE FROM budget WHERE use = $1", found.reference)
    told, _ = await starts(app, address, AGAIN)
    assert told == {303: 10, 429: AGAIN - 10}
    left = FORMS - 2 * (HALL + AGAIN)
    assert await forms(app, address) == {303: left, 429: MORE_FORMS - left}
