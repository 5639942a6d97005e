"""The bot barrier: a look-up costs work or a wait, once, and a contact is never typed twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from fastapi import FastAPI

from bench.barrier import number_of
from domain.contracts.vocabulary import Step
from ledger import clock, pauses
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.portal import tickets
from starter.portal.pause import Pauses
from starter.portal.tickets import Tickets
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

MOBILE = "6956660001"
TITLE = "Μία στιγμή, παρακαλούμε"
TRIES = 40
WAIT = timedelta(seconds=30)
CLEAN = "DELETE FROM budget WHERE bucket LIKE ANY ('{attack_mode,starts%,ticket:%,waits%}')"
ON = "INSERT INTO budget VALUES ('attack_mode', now(), 1, now() + interval '9 minutes')"

MakeApp = Callable[[Settings], FastAPI]


@pytest.fixture(autouse=True)
async def clean(pool: Pool) -> AsyncIterator[None]:
    await pool.execute(CLEAN)
    yield
    await pool.execute(CLEAN)


def changed(
    settings: Settings, barrier: Literal["off", "in_attack", "always"] = "always", **limits: int
) -> Settings:
    """Return settings with this barrier, and limits of the wait."""
    portal = settings.portal.model_copy(update={"barrier": barrier, "barrier_tries": TRIES})
    own = settings.limits.model_copy(update=limits)
    return settings.model_copy(update={"portal": portal, "limits": own})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return changed(settings)


def solved(page: str, hidden: dict[str, str]) -> dict[str, str]:
    """Return the form of the page with the number that a browser would find."""
    target = page.partition('data-target="')[2].partition('"')[0]
    return hidden | {"number_found": number_of(hidden["ticket"], target, TRIES)}


async def asked(browser: Browser, mobile: str = MOBILE) -> dict[str, str]:
    """Send a contact, meet the barrier and return its form with the number."""
    page = await browser.give_contact(mobile)
    assert page.status_code == 422
    assert TITLE in page.text
    return solved(page.text, browser.hidden)


@dataclass(frozen=True)
class Maker:
    """Makes tickets as the portal does, at another time."""

    keys: KeyRing
    now: datetime

    def ticket(self, browser: Browser, ago: timedelta, mobile: str = f"+30{MOBILE}") -> str:
        name = browser.http.cookies["session"].partition(".")[0]
        subject = f"contact\0{name}\0{mobile}\0"
        return Tickets(self.keys, TRIES).issue(subject, self.now - ago)

    def number(self, ticket: str) -> str:
        own = Tickets(self.keys, TRIES)
        return next(str(n) for n in range(TRIES) if own.is_solved(ticket, str(n)))


@pytest.fixture
async def maker(stack: TestStack, pool: Pool) -> Maker:
    return Maker(stack.keys, await clock.now(pool))


@pytest.mark.parametrize(
    ("setting", "attack", "stands"),
    [
        ("off", True, False),
        ("in_attack", False, False),
        ("in_attack", True, True),
        ("always", False, True),
    ],
)
async def test_it_stands_as_the_setting_says(
    make_app: MakeApp,
    settings: Settings,
    pool: Pool,
    setting: Literal["off", "in_attack", "always"],
    *,
    attack: bool,
    stands: bool,
) -> None:
    if attack:
        await pool.execute(ON)
    browser = Browser(make_app(changed(settings, setting)))
    given = await browser.give_contact(MOBILE)
    assert given.status_code == (422 if stands else 303)
    assert (TITLE in given.text) == stands


async def test_the_number_opens_it_and_the_contact_is_not_typed_again(
    browser: Browser, engine: MemoryEngine
) -> None:
    form = await asked(browser)
    assert engine.started == []
    assert form["mobile"] == MOBILE
    assert (await browser.post("/contact", **form)).headers["location"] == "/pin"
    assert [start.mobile for start in engine.started] == [f"+30{MOBILE}"]


async def test_the_page_tells_a_reader_what_happens_and_needs_no_inline_script(
    browser: Browser,
) -> None:
    page = await browser.give_contact(MOBILE)
    assert 'role="status"' in page.text
    assert "barrier.js" in page.text
    assert "<script>" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    english = await browser.http.post(
        "/contact", data=browser.hidden | {"ticket": ""}, headers={"Accept-Language": "en"}
    )
    assert "One moment, please" in english.text


async def test_a_double_click_and_a_form_sent_again_count_once(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    form = await asked(browser)
    twice = await asyncio.gather(*(browser.http.post("/contact", data=form) for _ in range(2)))
    assert [each.headers.get("location") for each in twice] == ["/pin"] * 2
    assert len(engine.started) == 1
    assert await pool.fetchval("SELECT count(*) FROM budget WHERE bucket LIKE 'ticket:%'") == 1


async def test_what_was_typed_survives_that_it_begins_between_page_and_form(
    make_app: MakeApp, settings: Settings, pool: Pool, engine: MemoryEngine
) -> None:
    browser = Browser(make_app(changed(settings, "in_attack")))
    await browser.begin()
    await pool.execute(ON)
    page = await browser.post("/contact", mobile=MOBILE, email="maria@mail.example")
    form = solved(page.text, browser.hidden)
    assert (form["mobile"], form["email"]) == (MOBILE, "maria@mail.example")
    assert (await browser.post("/contact", **form)).headers["location"] == "/pin"
    assert engine.started[0].email == "maria@mail.example"


async def test_what_was_typed_survives_the_end_of_the_session(
    browser: Browser, pool: Pool, engine: MemoryEngine
) -> None:
    form = await asked(browser)
    await pool.execute("DELETE FROM session")
    page = await browser.post("/contact", **form)
    assert (page.status_code, browser.hidden["mobile"]) == (422, MOBILE)
    again = solved(page.text, browser.hidden)
    assert (await browser.post("/contact", **again)).headers["location"] == "/pin"
    assert len(engine.started) == 1


async def test_a_mistake_is_told_before_any_work(browser: Browser) -> None:
    page = await browser.give_contact("2710372128")
    assert TITLE not in page.text
    assert "σταθερού τηλεφώνου" in page.text


async def test_who_is_inside_meets_nothing(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine
) -> None:
    open_first = changed(settings, "off")
    inside = Browser(make_app(open_first))
    await inside.give_contact(MOBILE)
    inside.http._transport = Browser(make_app(settings)).http._transport
    assert (await inside.get("/pin")).status_code == 200
    assert TITLE not in (await inside.post("/pin", pin="123456")).text
    await inside.get("/contact")
    # The same contact again leads back to the code.
    again = await inside.post("/contact", mobile=MOBILE, email="")
    assert again.headers["location"] == "/pin"
    assert len(engine.started) == 1


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize("disclosure", ["explicit", "uniform"])
async def test_another_contact_needs_another_number_also_from_the_page_of_the_code(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine, disclosure: str
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": disclosure})
    browser = Browser(make_app(settings.model_copy(update={"portal": portal})))
    await browser.post("/contact", **await asked(browser))
    await browser.get("/contact")
    page = await browser.post("/contact", mobile="6956660002", email="")
    assert TITLE in page.text
    assert len(engine.started) == 1


async def test_during_a_pause_nothing_is_calculated(
    app: FastAPI, browser: Browser, pool: Pool
) -> None:
    app.state.context = replace(app.state.context, pauses=Pauses(pool, fresh=0))
    await browser.begin()
    await pauses.begin(pool, el="Παύση.", en="A pause.")
    try:
        page = await browser.post("/contact", mobile=MOBILE, email="")
    finally:
        await pauses.end(pool)
    assert page.status_code == 503
    assert TITLE not in page.text


# --- attacks -------------------------------------------------------------------------------------


async def refused(browser: Browser, form: dict[str, str]) -> None:
    page = await browser.post("/contact", **form)
    assert page.status_code == 422
    assert TITLE in page.text
    assert browser.hidden["ticket"] != form.get("ticket")


async def test_a_solution_serves_one_look_up(browser: Browser, engine: MemoryEngine) -> None:
    engine.first = at(Step.NOT_FOUND)
    form = await asked(browser)
    assert "Δεν βρέθηκε" in (await browser.post("/contact", **form)).text
    # The same ticket in a form of a new page, which is another submission.
    await browser.get("/contact")
    await refused(browser, form | browser.hidden | {"mobile": MOBILE, "email": ""})
    assert len(engine.started) == 1


async def test_of_many_portals_one_takes_a_solution(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine
) -> None:
    first = Browser(make_app(settings))
    form = await asked(first)
    portals = [Browser(make_app(settings)) for _ in range(6)]
    forms = []
    for portal in portals:
        portal.http.cookies = first.http.cookies
        await portal.get("/who")
        forms.append(form | {name: portal.hidden[name] for name in ("csrf", "form")})
    await asyncio.gather(
        *(portal.post("/contact", **each) for portal, each in zip(portals, forms, strict=True))
    )
    assert len(engine.started) == 1


async def test_a_stolen_solution_serves_no_other_browser_and_no_other_contact(
    app: FastAPI, engine: MemoryEngine
) -> None:
    owner, thief = Browser(app), Browser(app)
    form = await asked(owner)
    stolen = {name: form[name] for name in ("ticket", "number_found")}
    await thief.begin()
    await refused(thief, {"mobile": MOBILE, "email": ""} | stolen)
    await refused(owner, form | {"mobile": "6956660009"})
    await refused(owner, form | {"email": "maria@mail.example"})
    assert engine.started == []
    assert (await owner.post("/contact", **form)).headers["location"] == "/pin"


async def test_a_number_is_not_found_by_sending_all_of_them(
    browser: Browser, engine: MemoryEngine
) -> None:
    form = await asked(browser)
    wrong = str((int(form["number_found"]) + 1) % TRIES)
    await refused(browser, form | {"number_found": wrong})
    # The right one comes too late: the ticket is used up.
    await refused(browser, form | {name: browser.hidden[name] for name in ("csrf", "form")})
    assert engine.started == []


@pytest.mark.parametrize("ago", [tickets.LIFE + timedelta(seconds=2), -timedelta(minutes=1)])
async def test_an_expired_ticket_and_one_of_the_future_are_refused(
    browser: Browser, engine: MemoryEngine, maker: Maker, ago: timedelta
) -> None:
    await browser.begin()
    ticket = maker.ticket(browser, ago)
    form = {"mobile": MOBILE, "email": "", "ticket": ticket}
    await refused(browser, form | {"number_found": maker.number(ticket)})
    await refused(browser, form)
    assert engine.started == []


@pytest.mark.parametrize(
    "ticket",
    [
        "x" * 14_000,
        "1" * 5_000 + ".abcdefghijklmnopqrstuv." + "0" * 64,
        "1795000000.abcdefghijklmnopqrstuv." + "0" * 64,
        "١٧٩٥٠٠٠٠٠٠.abcdefghijklmnopqrstuv." + "0" * 64,
        "1795000000.abcdefghijklmnopqrstuv." + "é" * 64,
        "\0",
        "..",
    ],
)
async def test_what_is_no_ticket_is_refused_and_leaves_nothing(
    browser: Browser, engine: MemoryEngine, pool: Pool, ticket: str
) -> None:
    await browser.begin()
    await refused(browser, {"mobile": MOBILE, "email": "", "ticket": ticket, "number_found": "1"})
    assert engine.started == []
    assert await pool.fetchval("SELECT count(*) FROM budget WHERE bucket LIKE 'ticket:%'") == 0


@pytest.mark.parametrize("number", ["9" * 10_000, "-1", "१", "1.0", " 1", "\ufffd", "NaN"])
async def test_what_is_no_number_is_refused(
    browser: Browser, engine: MemoryEngine, number: str
) -> None:
    form = await asked(browser)
    await refused(browser, form | {"number_found": number})
    assert engine.started == []


async def test_an_altered_ticket_is_refused(
    browser: Browser, engine: MemoryEngine, maker: Maker
) -> None:
    await browser.begin()
    ticket = maker.ticket(browser, WAIT + timedelta(seconds=5))
    issued, nonce, signed = ticket.split(".")
    for forged in (
        f"{int(issued) - 1}.{nonce}.{signed}",
        f"{issued}.{nonce[::-1]}.{signed}",
        f"{issued}.{nonce}.{signed[::-1]}",
    ):
        await refused(browser, {"mobile": MOBILE, "email": "", "ticket": forged})
    assert engine.started == []


async def test_programs_that_do_no_work_take_no_start_from_students(
    make_app: MakeApp, settings: Settings, pool: Pool, engine: MemoryEngine
) -> None:
    await pool.execute(ON)
    app = make_app(changed(settings, "in_attack", attack_starts_per_minute=1))
    for number in range(5):
        assert (await Browser(app).give_contact(f"695666100{number}")).status_code == 422
    student = Browser(app)
    assert (await student.post("/contact", **await asked(student))).status_code == 303
    assert len(engine.started) == 1


# --- without a script ----------------------------------------------------------------------------


async def test_without_a_script_a_wait_opens_it_and_coming_early_loses_nothing(
    browser: Browser, engine: MemoryEngine, maker: Maker
) -> None:
    page = await browser.give_contact(MOBILE)
    assert "σε 30 δευτερόλεπτα" in page.text or "σε 29 δευτερόλεπτα" in page.text
    early = browser.hidden["ticket"]
    assert "πολύ νωρίς" not in page.text
    page = await browser.post("/contact")
    assert page.status_code == 422
    assert "πολύ νωρίς" in page.text
    assert browser.hidden["ticket"] == early
    assert engine.started == []
    waited = maker.ticket(browser, WAIT + timedelta(seconds=1))
    assert (await browser.post("/contact", ticket=waited)).headers["location"] == "/pin"
    assert [start.mobile for start in engine.started] == [f"+30{MOBILE}"]


async def test_a_wait_serves_one_look_up_and_none_by_a_number(
    browser: Browser, engine: MemoryEngine, maker: Maker
) -> None:
    await browser.begin()
    engine.first = at(Step.NOT_FOUND)
    ticket = maker.ticket(browser, WAIT)
    form = {"mobile": MOBILE, "email": "", "ticket": ticket}
    assert "Δεν βρέθηκε" in (await browser.post("/contact", **form)).text
    await browser.get("/contact")
    await refused(browser, form)
    await browser.get("/contact")
    await refused(browser, form | {"number_found": maker.number(ticket)})
    assert len(engine.started) == 1


async def test_tickets_that_waited_open_as_many_look_ups_as_the_limits_say(
    make_app: MakeApp, settings: Settings, engine: MemoryEngine, maker: Maker
) -> None:
    own = changed(settings, waits_per_address=2, waits_per_block=4, waits_in_all=5)
    apps = [make_app(own) for _ in range(2)]
    told = []
    for number, address in enumerate((*["192.0.2.7"] * 3, *["192.0.2.8"] * 3, *_ELSEWHERE)):
        robot, mobile = Browser(apps[number % 2], address=address), f"695666200{number}"
        await robot.begin()
        ticket = maker.ticket(robot, WAIT, f"+30{mobile}")
        given = await robot.post("/contact", mobile=mobile, email="", ticket=ticket)
        told.append(given.status_code)
    # Two of each address, four of the block, five over all.
    assert told == [303, 303, 429, 303, 303, 429, 303, 429, 429, 429]
    assert len(engine.started) == 5
    # The page says when, keeps ticket and contact, and is open to whoever does the work.
    assert 0 < int(given.headers["retry-after"]) <= 600
    assert "Χωρίς τον υπολογισμό" in given.text
    assert robot.hidden["ticket"] == ticket
    worked = await robot.post("/contact", **solved(given.text, robot.hidden))
    assert worked.headers["location"] == "/pin"


_ELSEWHERE = ("198.51.100.1", "198.51.100.2", "203.0.113.1", "203.0.113.2")


async def test_a_crowd_that_did_the_work_need_not_do_it_again(
    make_app: MakeApp, settings: Settings, pool: Pool, engine: MemoryEngine
) -> None:
    await pool.execute(ON)
    app = make_app(changed(settings, "in_attack", attack_starts_per_minute=1))
    first, second = Browser(app), Browser(app)
    await first.post("/contact", **await asked(first, "6956663001"))
    form = await asked(second, "6956663002")
    full = await second.post("/contact", **form)
    assert full.status_code == 503
    await pool.execute("DELETE FROM budget WHERE bucket = 'starts'")
    assert (await second.post("/contact", **form)).headers["location"] == "/pin"
    assert len(engine.started) == 2
