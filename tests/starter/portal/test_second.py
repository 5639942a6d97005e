"""A second datum lets the kept message go: what is asked and told, and how tries are counted."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import FastAPI

from domain.contracts.channels import Channel
from domain.contracts.submissions import ResendRequest
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import SpentPurse, Step, WaitReason
from settings import Settings
from settings.limits import LimitSettings
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

MakeApp = Callable[[Settings], FastAPI]
HOUR = timedelta(hours=1)
LIMITS = LimitSettings()
TRIES = LIMITS.second_tries
ASKED = 'name="answer"'


def mobile() -> str:
    """Draw a mobile that no other test has tries of; its mask is always the same."""
    return f"69{secrets.randbelow(10**6):06}78"


def spent(kept: timedelta | None, opens: timedelta = HOUR, **more: object) -> Progress:
    """Stand where the ordinary messages are spent, and the kept one may go then."""
    now = datetime.now(UTC)
    view = at(Step.PIN).pin
    assert view
    told = {
        "spent": SpentPurse.CONTACT,
        "expires_at": None,
        "resend_at": now + opens,
        "kept_at": None if kept is None else now + kept,
    }
    return at(Step.PIN, WaitReason.SEND_LIMIT, pin=view.model_copy(update=told | more))


@pytest.fixture
def network() -> str:
    """Draw a /24 that no other test comes from."""
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}."


@pytest.fixture
async def owner(app: FastAPI, engine: MemoryEngine) -> Browser:
    engine.first = spent(-HOUR)
    browser = Browser(app)
    await browser.give_contact(mobile())
    await browser.get("/pin")
    return browser


async def answer(browser: Browser, engine: MemoryEngine, verdict: Verdict, typed: str) -> str:
    """Give a second datum on a page that is fresh; return the page or where it led to."""
    await browser.get("/pin")
    engine.next = [(verdict, None)]
    response = await browser.post("/pin/resend", channel="sms", answer=typed)
    return response.headers.get("location") or response.text


@pytest.mark.parametrize(
    ("place", "asks", "says"),
    [
        (lambda: spent(-HOUR), True, "Ένας εξαψήφιος κωδικός (pin) ακόμη φυλάσσεται"),
        (lambda: spent(HOUR, 9 * HOUR), False, "Υπάρχει άλλος από"),
        (lambda: spent(9 * HOUR), False, "Μπορείτε να ζητήσετε νέο μήνυμα από"),
        (lambda: spent(None), False, "Μπορείτε να ζητήσετε νέο μήνυμα από"),
        (lambda: spent(-HOUR, -HOUR), False, "Μπορείτε να ζητήσετε εξαψήφιο κωδικό (pin) τώρα"),
        (
            lambda: spent(-HOUR, expires_at=datetime.now(UTC) + HOUR),
            True,
            "Ένας εξαψήφιος κωδικός (pin) ακόμη φυλάσσεται",
        ),
        (lambda: at(Step.PIN, WaitReason.WAITING_PIN), False, "Στείλαμε"),
    ],
)
async def test_it_is_asked_for_only_where_it_helps(
    app: FastAPI,
    engine: MemoryEngine,
    place: Callable[[], Progress],
    says: str,
    *,
    asks: bool,
) -> None:
    stands = engine.first = place()
    browser = Browser(app)
    await browser.give_contact(mobile())
    page = (await browser.get("/pin")).text
    assert (ASKED in page) is asks
    assert says in page
    assert ("μπορεί να σας στείλει" in page.lower()) is (
        stands.pin is not None and not _holds(stands)
    )
    assert page.count("Ένας εξαψήφιος κωδικός (pin) ακόμη φυλάσσεται") == asks


def _holds(place: Progress) -> bool:
    return place.pin is not None and place.pin.expires_at is not None


async def test_what_was_typed_reaches_the_activation_in_each_reading(
    owner: Browser, engine: MemoryEngine
) -> None:
    assert await answer(owner, engine, Verdict.ACCEPTED, "2/1/2005") == "/pin?sent"
    _, request = engine.submitted[-1]
    assert isinstance(request, ResendRequest)
    assert (request.channel, request.answers) == (Channel.SMS, ("2005-01-02", "212005"))


async def test_a_wrong_one_is_told_with_the_tries_left_and_the_fourth_reaches_nobody(
    owner: Browser, engine: MemoryEngine
) -> None:
    for typed in ("  ", ";;"):
        page = await answer(owner, engine, Verdict.TOO_SOON, typed)
        assert page.count("Γράψτε την ημερομηνία γέννησής σας, για") == 2
    for left in range(TRIES - 1, -1, -1):
        page = await answer(owner, engine, Verdict.WRONG, f"{left + 1}/1/2005")
        assert f"Απομέν{'ει' if left == 1 else 'ουν'} {left}" in page
        assert page.count(ASKED) == 1
    sent = len(engine.submitted)
    page = await answer(owner, engine, Verdict.ACCEPTED, "9/1/2005")
    assert "όσες φορές επιτρέπεται" in page
    assert len(engine.submitted) == sent
    # Who gives none is not held back by that.
    assert await answer(owner, engine, Verdict.ACCEPTED, "") == "/pin?sent"


async def test_the_same_form_once_more_is_no_other_try(
    owner: Browser, engine: MemoryEngine
) -> None:
    for number in range(TRIES):
        await owner.get("/pin")
        shown = dict(owner.hidden)
        for _ in range(3):
            owner.hidden = shown
            engine.next = [(Verdict.WRONG, None)]
            page = await owner.post("/pin/resend", channel="sms", answer=f"{number + 1}/1/2005")
            assert f" {TRIES - 1 - number} " in page.text


class Crowd:
    """Browsers at addresses that guess what is asked of one contact."""

    def __init__(self, app: FastAPI, engine: MemoryEngine) -> None:
        self._app, self._engine = app, engine
        engine.first = spent(-HOUR)
        self.contact = mobile()

    async def guesses(self, address: str, *, times: int = 1) -> bool:
        """Return whether the last of these guesses of a new browser was still taken."""
        browser, page = Browser(self._app, address=address), ""
        await browser.give_contact(self.contact)
        for day in range(times):
            page = await answer(browser, self._engine, Verdict.WRONG, f"{day + 1}/1/2005")
        return "όσες φορές" not in page


def crowd_of(make_app: MakeApp, settings: Settings, engine: MemoryEngine, **limits: Any) -> Crowd:
    many = settings.limits.model_copy(update={"starts_per_contact": 1000, **limits})
    return Crowd(make_app(settings.model_copy(update={"limits": many})), engine)


async def test_a_browser_that_tried_leaves_some_for_others_at_its_address_and_beside_it(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine, network: str
) -> None:
    crowd = crowd_of(make_app, settings, engine)
    assert await crowd.guesses(f"{network}20", times=TRIES)
    assert await crowd.guesses(f"{network}20", times=2)
    assert not await crowd.guesses(f"{network}20")
    assert await crowd.guesses(f"{network}30", times=TRIES)


async def test_browsers_that_tried_before_leave_a_first_try_to_others(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine, network: str
) -> None:
    crowd = crowd_of(make_app, settings, engine, second_per_address=6)
    assert await crowd.guesses(f"{network}20", times=TRIES)
    assert not await crowd.guesses(f"{network}20", times=TRIES)
    assert await crowd.guesses(f"{network}20")
    assert not await crowd.guesses(f"{network}20")


async def test_browsers_together_have_few_tries_of_a_contact_from_one_network(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine
) -> None:
    crowd = crowd_of(make_app, settings, engine)
    for network, most in (
        ("203.0.113.{}", LIMITS.second_per_block),
        ("2001:db8:7:10{:02x}::1", LIMITS.second_per_block),
        ("2001:db8:8:{:x}00::1", LIMITS.second_per_site),
    ):
        tried = [await crowd.guesses(network.format(host)) for host in range(1, most + 3)]
        assert tried == [True] * most + [False] * 2, network
    same = [await crowd.guesses("192.0.2.9") for _ in range(LIMITS.second_per_address + 1)]
    assert same == [True] * LIMITS.second_per_address + [False]


async def test_an_own_network_has_more_of_them(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine
) -> None:
    crowd = crowd_of(make_app, settings, engine, networks={ip_network("192.0.2.0/24"): 3})
    tried = [await crowd.guesses("192.0.2.9") for _ in range(3 * LIMITS.second_per_address + 1)]
    assert tried == [True] * 3 * LIMITS.second_per_address + [False]


@pytest.mark.parametrize(
    ("verdict", "changes", "says"),
    [
        (
            Verdict.TOO_SOON,
            {"channel": Channel.EMAIL},
            "Ο εξαψήφιος κωδικός (pin) που στείλαμε αλλού ισχύει",
        ),
        (Verdict.TOO_SOON, {}, "Μπορείτε να ζητήσετε νέο μήνυμα μετά τις"),
        (Verdict.LOCKED, {"locked_until": datetime.now(UTC) + HOUR}, "Πάρα πολλές λανθασμένες"),
    ],
)
async def test_why_none_was_sent_is_told(
    owner: Browser,
    engine: MemoryEngine,
    verdict: Verdict,
    changes: dict[str, Any],
    says: str,
) -> None:
    engine.put(engine.started[0].reference, spent(-HOUR, **changes))
    assert says in await answer(owner, engine, verdict, "2/1/2005")


async def test_without_a_field_for_it_the_error_stands_at_the_button(
    owner: Browser, engine: MemoryEngine
) -> None:
    engine.put(engine.started[0].reference, spent(None))
    page = await answer(owner, engine, Verdict.WRONG, "2/1/2005")
    assert 'href="#resend"' in page
    assert 'id="resend"' in page
