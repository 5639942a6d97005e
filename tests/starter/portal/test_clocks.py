"""A portal whose clock is wrong stamps, and tells, the ledger's time all the same."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.contracts.vocabulary import Step, WaitReason
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MINUTE, MemoryEngine, at

WRONG = [timedelta(minutes=-10), timedelta(minutes=10), timedelta(hours=-30), timedelta(hours=30)]


@pytest.mark.parametrize("off", WRONG)
@pytest.mark.parametrize(
    ("step", "given"),
    [
        (Step.PIN, ("/pin", {"pin": "123456"})),
        (Step.PIN, ("/pin/resend", {"channel": "sms"})),
        (Step.IDENTIFY, ("/identify", {"answer": "01/02/2005"})),
        (Step.INSURANCE, ("/insurance", {"number": "01010512349"})),
        (Step.INSURANCE, ("/insurance/other", {"scheme": "DE", "number": "A123456787"})),
        (Step.REVIEW, ("/review", {"decision": "agree"})),
        (Step.REVIEW, ("/review", {"decision": "dispute", "wrong": "name"})),
        (Step.PASSWORD, ("/password", {"password": "Chroma-zontana-kila-89"})),
    ],
)
async def test_what_is_handed_in_bears_the_ledgers_time(
    student: Browser,
    engine: MemoryEngine,
    step: Step,
    given: tuple[str, dict[str, str]],
    off: timedelta,
) -> None:
    path, fields = given
    engine.put(engine.started[0].reference, at(step))
    await student.get(path.replace("/resend", ""))
    begun = datetime.now(UTC)
    with time_machine.travel(begun + off):
        await student.post(path, **fields)
    ((_, submission),) = engine.submitted
    assert begun - MINUTE < submission.received_at < datetime.now(UTC) + MINUTE


@pytest.mark.parametrize("off", WRONG)
@pytest.mark.parametrize("over", [True, False])
async def test_the_page_of_the_code_tells_what_is_over_by_the_ledgers_time(
    student: Browser, engine: MemoryEngine, off: timedelta, over: bool
) -> None:
    reference = engine.started[0].reference
    moment = datetime.now(UTC) + (-MINUTE if over else 5 * MINUTE)
    times = ("expires_at", "resend_at", "locked_until")
    shown: dict[str, dict[str, str]] = {"right": {}, "wrong": {}}
    for name in times:
        view = at(Step.PIN).pin
        assert view
        told = view.model_copy(update={name: moment})
        engine.put(reference, at(Step.PIN, WaitReason.WAITING_PIN, pin=told))
        shown["right"][name] = _stable((await student.get("/pin")).text)
        with time_machine.travel(datetime.now(UTC) + off):
            shown["wrong"][name] = _stable((await student.get("/pin")).text)
    assert shown["wrong"] == shown["right"]


@pytest.mark.parametrize("off", WRONG)
async def test_a_code_that_holds_is_not_sent_again_by_a_portal_whose_clock_is_wrong(
    student: Browser, engine: MemoryEngine, off: timedelta
) -> None:
    with time_machine.travel(datetime.now(UTC) + off):
        await student.get("/contact")
        answer = await student.post("/contact", mobile="6912345678", email="")
    assert answer.headers["location"] == "/pin"
    assert len(engine.started) == 1


def _stable(page: str) -> str:
    """Leave out what each view of a page draws anew; a time of another day has its date."""
    drawn = r'(\d+ \w+, )?\d\d:\d\d(:\d\d)?|(?<=-in=")\d+|(?<=-all=")\d+|(?<=-idle=")\d+'
    lines = (re.sub(drawn, "TIME", line) for line in page.splitlines())
    return "\n".join(line for line in lines if "hidden" not in line)
