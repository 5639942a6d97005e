"""Starts with one contact from one network are limited, whether the contact is on file or not."""

import secrets

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from domain.contracts.channels import Channel
from domain.contracts.message_io import ReserveSend
from domain.contracts.people import Destination
from domain.contracts.submissions import Policy
from domain.contracts.views import Progress
from domain.contracts.vocabulary import Purse, Step, WaitReason
from ledger import messages
from postgres import Pool
from settings import Settings
from settings.rules import SendBudget
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at

pytestmark = pytest.mark.usefixtures("unheld")

MOST = 4
FOUND, MISS = at(Step.PIN, WaitReason.WAITING_PIN), at(Step.NOT_FOUND)


class Street:
    """Browsers of many networks, and the worker that finds the students of a portal."""

    def __init__(self, app: FastAPI, engine: MemoryEngine, stack: TestStack, pool: Pool) -> None:
        self.app, self.engine, self.stack, self.pool = app, engine, stack, pool

    async def start(self, mobile: str, address: str, email: str = "") -> tuple[int, Browser]:
        """Begin in a new browser; if that is admitted and somebody is found, they are written to.

        Every message is refused: the student's are spent.
        """
        browser, before = Browser(self.app, HOST, address), len(self.engine.started)
        given = await browser.give_contact(mobile, email)
        if len(self.engine.started) > before and self.engine.first is FOUND:
            to = Destination(channel=Channel.SMS, to=f"+30{mobile}")
            wish = ReserveSend(
                reference=self.engine.started[-1].reference,
                request_no=1,
                destination=to,
                purse=Purse.ORDINARY,
            )
            limits = messages.Limits(SendBudget(), Policy())
            await messages.reserve(self.pool, self.stack.keys, wish, "run", limits)
        if given.status_code == 429:
            assert int(given.headers["retry-after"]) > 60
        return given.status_code, browser


def mobile() -> str:
    return f"69{secrets.randbelow(10**8):08d}"


def refused() -> float:
    """Return how many requests this limit has refused, by the metrics."""
    return REGISTRY.get_sample_value("activation_limited_total", {"limit": "starts"}) or 0


def network() -> str:
    """Draw a /48 that no other test comes from."""
    return f"2001:{secrets.randbelow(0xFFFF):x}:{secrets.randbelow(0xFFFF):x}"


@pytest.fixture(params=["explicit", "uniform"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    portal = settings.portal.model_copy(update={"disclosure": request.param})
    limits = settings.limits.model_copy(update={"starts_per_contact": MOST})
    return settings.model_copy(update={"portal": portal, "limits": limits})


@pytest.fixture
def street(app: FastAPI, engine: MemoryEngine, stack: TestStack, pool: Pool) -> Street:
    return Street(app, engine, stack, pool)


@pytest.mark.parametrize("first", [FOUND, MISS], ids=["found", "missed"])
async def test_one_contact_begins_few_activations_from_one_network(
    street: Street, engine: MemoryEngine, first: Progress
) -> None:
    """A /48, for which other contacts and other networks begin all the same."""
    engine.first = first
    own, here = mobile(), network()
    before = refused()
    told = [(await street.start(own, f"{here}:{n}00::1"))[0] for n in range(MOST + 3)]
    assert told[MOST:] == [429] * 3
    assert refused() == before + 3
    assert 429 not in told[:MOST]
    assert len(engine.started) == MOST
    assert (await street.start(mobile(), f"{here}:ff00::1"))[0] != 429
    assert (await street.start(own, f"{network()}::1"))[0] != 429


async def test_another_contact_beside_it_makes_no_new_one(street: Street) -> None:
    own, here = mobile(), network()
    for number in range(MOST):
        address = f"s{secrets.randbelow(10**9)}@mail.example"
        assert (await street.start(own, f"{here}:{number}00::1", address))[0] == 303
    assert (await street.start(own, f"{here}:ff00::1", "s1@mail.example"))[0] == 429


async def test_who_is_inside_goes_on(street: Street) -> None:
    own, here = mobile(), network()
    _, owner = await street.start(own, f"{here}::1")
    for number in range(MOST):
        await street.start(own, f"{here}:{number}00::1")
    assert (await owner.get("/pin")).status_code == 200
    await owner.get("/contact")
    again = await owner.post("/contact", mobile=own, email="")
    assert (again.status_code, again.headers.get("location")) == (303, "/pin")
