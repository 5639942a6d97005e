"""The page of the code: what it says was sent, and from when another message may be asked for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.views import Verdict
from domain.contracts.vocabulary import SpentPurse, Step, WaitReason
from settings import Settings
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

SOON, LATER = timedelta(seconds=40), timedelta(minutes=40)
PRESSED = '<form method="post" action="/pin/resend"'
CLOSED = "<div data-opens hidden>"


def show(
    engine: MemoryEngine, reason: WaitReason = WaitReason.WAITING_PIN, **changes: object
) -> None:
    view = at(Step.PIN).pin
    assert view
    shown = at(Step.PIN, reason, pin=view.model_copy(update=changes))
    engine.put(engine.started[0].reference, shown)


@pytest.mark.parametrize(
    ("sent", "opens", "told"),
    [
        (None, SOON, "Στέλνουμε εξαψήφιο κωδικό (pin) με SMS"),
        (timedelta(), SOON, "Στείλαμε εξαψήφιο κωδικό (pin) με SMS"),
        # A new code follows an expired one: the page neither says that it has expired nor asks.
        (-timedelta(minutes=11), SOON, "Στέλνουμε εξαψήφιο κωδικό (pin) με SMS"),
        (-timedelta(minutes=11), -SOON, "Ο εξαψήφιος κωδικός (pin) έληξε"),
    ],
)
async def test_what_was_sent_and_what_is_being_sent_are_told_apart(
    student: Browser,
    engine: MemoryEngine,
    sent: timedelta | None,
    opens: timedelta,
    told: str,
) -> None:
    now = datetime.now(UTC)
    expires = None if sent is None else now + sent + timedelta(minutes=10)
    show(engine, expires_at=expires, resend_at=now + opens)
    page = (await student.get("/pin")).text
    said = {"Στέλνουμε εξ", "Στείλαμε εξ", "κωδικός (pin) έληξε"}
    assert told in page
    assert [text for text in said if text in page and text not in told] == (
        ["Στείλαμε εξ"] if "έληξε" in told else []
    )
    assert "app-muted" in page


async def test_another_message_can_be_asked_for_when_it_may_be_sent(
    student: Browser, engine: MemoryEngine
) -> None:
    show(engine, resend_at=datetime.now(UTC) + SOON)
    page = (await student.get("/pin")).text
    assert page.count(CLOSED) == page.count(PRESSED) == 2
    assert 'data-opens-in="4' in page or 'data-opens-in="3' in page
    assert "(σε 1 λεπτό). Φορτώστε τότε ξανά αυτή τη σελίδα." in page
    engine.next = [(Verdict.TOO_SOON, engine.activations[engine.started[0].reference])]
    refused = (await student.post("/pin/resend", channel="sms")).text
    assert 'href="#resend"' in refused
    assert 'id="resend"' in refused
    show(engine, resend_at=datetime.now(UTC))
    page = (await student.get("/pin")).text
    assert CLOSED not in page
    assert page.count(PRESSED) == 2


async def test_by_another_channel_a_message_that_is_held_up_can_be_asked_for_at_once(
    student: Browser, engine: MemoryEngine
) -> None:
    show(engine, WaitReason.SMS_DOWN, expires_at=None, resend_at=datetime.now(UTC) + SOON)
    assert (await student.get("/pin")).text.count(CLOSED) == 1
    spent = {"spent": SpentPurse.CONTACT, "resend_at": datetime.now(UTC) + LATER}
    show(engine, WaitReason.SEND_LIMIT, expires_at=None, **spent)
    page = (await student.get("/pin?lang=en")).text
    assert page.count(CLOSED) == 1
    assert "(in 40 minutes). Reload this page then." in page


@pytest.mark.usefixtures("unheld")
async def test_under_enumeration_protection_the_first_message_is_waited_for_too(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": "uniform"})
    student = Browser(make_app(settings.model_copy(update={"portal": portal})))
    await student.give_contact()
    page = (await student.get("/pin")).text
    assert page.count(CLOSED) == page.count(PRESSED) == 1
    refused = await student.post("/pin/resend", channel="sms", answer="?")
    assert refused.status_code == 422
    assert 'href="#resend"' in refused.text
    refused = await student.post("/pin/resend", channel="sms")
    assert refused.status_code == 422
    assert "Μπορείτε να ζητήσετε νέο μήνυμα μετά τις" in refused.text
    assert engine.submitted == []
