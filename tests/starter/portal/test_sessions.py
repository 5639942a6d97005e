"""Cookies, CSRF and the moments at which a session changes hands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger import sessions as ledger
from postgres import Pool
from settings import Settings
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import MemoryEngine, at

PIN_PLACE = at(Step.PIN, WaitReason.WAITING_PIN)


async def test_the_cookie_holds_for_this_host_only_and_is_out_of_reach_of_scripts(
    browser: Browser,
) -> None:
    cookie = (await browser.get("/who")).headers["set-cookie"].lower()
    assert cookie.startswith("session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert not {"secure", "expires", "max-age", "domain"} & {
        part.split("=")[0].strip() for part in cookie.split(";")
    }


async def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    portal = settings.portal.model_copy(update={"public_url": "https://register.example.gr"})
    app = make_app(settings.model_copy(update={"portal": portal}))
    browser = Browser(app, Host="register.example.gr")
    response = await browser.get("/who")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "secure" in cookie.lower()
    assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_form_without_its_token_changes_nothing(
    browser: Browser, engine: MemoryEngine
) -> None:
    await browser.begin()
    browser.hidden.pop("csrf")
    response = await browser.post("/contact", mobile="6912345678")
    assert response.status_code == 403
    assert "Η φόρμα δεν ισχύει πια" in response.text
    assert engine.started == []


async def test_another_sessions_token_is_refused(
    app: FastAPI, browser: Browser, engine: MemoryEngine
) -> None:
    other = Browser(app)
    await other.begin()
    await browser.begin()
    browser.hidden = other.hidden
    assert (await browser.post("/contact", mobile="6912345678")).status_code == 403
    assert engine.started == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_sent_from_elsewhere_is_refused(
    browser: Browser, engine: MemoryEngine, headers: dict[str, str]
) -> None:
    await browser.begin()
    browser.http.headers.update(headers)
    assert (await browser.post("/contact", mobile="6912345678")).status_code == 403
    assert engine.started == []


async def test_our_own_origin_is_welcome_under_both_loopback_names(browser: Browser) -> None:
    await browser.begin()
    browser.http.headers.update({"Origin": "http://localhost:8000", "Host": "localhost:8000"})
    assert (await browser.post("/contact", mobile="6912345678")).status_code == 303


async def test_starting_drops_whoever_used_this_browser_before(
    browser: Browser, pool: Pool
) -> None:
    await browser.give_contact()
    before = browser.http.cookies["session"]
    await browser.begin()
    assert browser.http.cookies["session"] != before
    assert not await pool.fetchval(
        "SELECT count(*) FROM session WHERE token_hash = $1", ledger.token_hash(before)
    )
    assert (await browser.get("/pin")).headers["location"] == "/contact"


async def test_the_token_changes_with_the_pin_and_with_the_consent(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await browser.give_contact()
    tokens = [browser.http.cookies["session"]]
    review = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
    for path, fields, step in (
        ("/pin", {"pin": "123456"}, review),
        ("/review", {"decision": "agree"}, at(Step.PASSWORD, WaitReason.WAITING_PASSWORD)),
    ):
        await browser.get(path)
        engine.next = [(Verdict.ACCEPTED, step)]
        await browser.post(path, **fields)
        tokens.append(browser.http.cookies["session"])
    assert len(set(tokens)) == 3
    await forget_the_moment_of_rotation(pool, tokens[2])
    wear(browser, tokens[1])
    assert (await browser.get("/password")).headers["location"] == "/who?again"


@pytest.mark.parametrize(
    ("path", "step"),
    [("/pin", PIN_PLACE), ("/review", at(Step.REVIEW, WaitReason.WAITING_CONSENT))],
)
async def test_the_token_changes_also_when_no_worker_answers(
    student: Browser,
    engine: MemoryEngine,
    pool: Pool,
    path: str,
    step: Progress,
) -> None:
    if step.step is Step.REVIEW:
        await proved(pool, student)
    engine.put(engine.started[0].reference, step)
    await student.get(path)
    before = student.http.cookies["session"]
    engine.worker = False
    response = await student.post(path, pin="123456", decision="agree")
    assert response.headers["location"] == "/progress?received"
    after = student.http.cookies["session"]
    assert after != before
    await forget_the_moment_of_rotation(pool, after)
    assert (await student.get("/progress")).status_code == 200
    wear(student, before)
    assert (await student.get("/progress")).headers["location"] == "/who?again"


async def forget_the_moment_of_rotation(pool: Pool, token: str) -> None:
    await pool.execute(
        "UPDATE session SET rotated_at = now() - interval '121 seconds' WHERE token_hash = $1",
        ledger.token_hash(token),
    )


def wear(browser: Browser, token: str) -> None:
    """Send this cookie from now on, whatever the portal answers."""
    browser.http.cookies.clear()
    browser.http.headers["Cookie"] = f"session={token}"


@pytest.mark.parametrize("cookie", ["old", "new"])
async def test_the_second_of_two_clicks_lands_on_the_next_page_with_a_session_that_lives(
    browser: Browser, engine: MemoryEngine, pool: Pool, cookie: str
) -> None:
    await browser.give_contact()
    await browser.get("/pin")
    form, tokens = browser.hidden, {"old": browser.http.cookies["session"]}
    engine.next = [(Verdict.ACCEPTED, at(Step.REVIEW, WaitReason.WAITING_CONSENT))]
    await browser.post("/pin", pin="123456")
    tokens["new"] = browser.http.cookies["session"]

    wear(browser, tokens[cookie])
    browser.hidden = form
    second = await browser.post("/pin", pin="123456")

    assert second.headers["location"] == "/review"
    assert [len({one.submission_id for _, one in engine.submitted}), len(engine.submitted)] == [
        1,
        2,
    ]
    assert second.cookies.get("session") == (tokens["new"] if cookie == "old" else None)
    await forget_the_moment_of_rotation(pool, tokens["new"])
    wear(browser, tokens["new"])
    assert (await browser.get("/review")).status_code == 200


async def test_two_minutes_later_the_old_cookie_is_worth_nothing(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await browser.give_contact()
    await browser.get("/pin")
    form, old = browser.hidden, browser.http.cookies["session"]
    engine.next = [(Verdict.ACCEPTED, at(Step.REVIEW, WaitReason.WAITING_CONSENT))]
    await browser.post("/pin", pin="123456")
    await forget_the_moment_of_rotation(pool, browser.http.cookies["session"])

    wear(browser, old)
    browser.hidden = form
    assert (await browser.post("/pin", pin="123456")).headers["location"] == "/who?again=sent"
    assert "δεν χρησιμοποιήθηκε" in (await browser.get("/who?again=sent")).text
    assert len(engine.submitted) == 1


async def test_a_wrong_pin_keeps_the_token(browser: Browser, engine: MemoryEngine) -> None:
    await browser.give_contact()
    before = browser.http.cookies["session"]
    await browser.get("/pin")
    engine.next = [(Verdict.WRONG, None)]
    await browser.post("/pin", pin="123456")
    assert browser.http.cookies["session"] == before


async def test_an_idle_session_ends_and_says_so(browser: Browser, pool: Pool) -> None:
    await browser.give_contact()
    await pool.execute(
        "UPDATE session SET seen_at = now() - interval '31 minutes' WHERE token_hash = $1",
        ledger.token_hash(browser.http.cookies["session"]),
    )
    response = await browser.get("/pin")
    assert response.headers["location"] == "/who?again"
    assert "η σύνδεση έληξε" in (await browser.get("/who?again")).text


async def test_an_old_session_ends_however_busy(browser: Browser, pool: Pool) -> None:
    await browser.give_contact()
    await pool.execute(
        "UPDATE session SET created_at = now() - interval '121 minutes' WHERE token_hash = $1",
        ledger.token_hash(browser.http.cookies["session"]),
    )
    assert (await browser.get("/pin")).headers["location"] == "/who?again"


async def test_the_token_is_checked_while_the_ledger_is_away(
    browser: Browser, pool: Pool, engine: MemoryEngine
) -> None:
    await browser.begin()
    token = browser.hidden.pop("csrf")
    await pool.close()
    assert (await browser.post("/contact", mobile="6912345678")).status_code == 403
    browser.hidden["csrf"] = token
    response = await browser.post("/contact", mobile="6912345678")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "30"
    assert "Η υπηρεσία δεν απαντά" in response.text
    assert engine.started == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/pin/resend", {"channel": "sms"}), ("/review", {"decision": "withdraw"})],
)
async def test_a_wish_sent_again_from_a_page_that_was_kept_is_another_one(
    student: Browser,
    engine: MemoryEngine,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fields: dict[str, str],
) -> None:
    """With the id of the first one, it would be told "done", and nothing would be done."""
    moment = datetime.now(UTC).replace(second=1)
    told = {"now": moment}

    async def now(_: object) -> datetime:
        return told["now"]

    monkeypatch.setattr("ledger.clock.now", now)
    await student.get("/pin")
    form = dict(student.hidden)
    for later in (0, 1, 120):
        told["now"] = moment + timedelta(seconds=later)
        await student.http.post(path, data=form | fields)
    ids = [submission.submission_id for _, submission in engine.submitted]
    assert ids[0] == ids[1] != ids[2]
