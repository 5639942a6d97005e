"""Who waits for the engine or for staff costs no worker anything, however many they are."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason, Waker
from postgres import Pool
from settings import Settings
from starter import pages
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import MemoryEngine, at
from workflows.steps import REASONS, woken_by

SINCE = "Αυτό ισχύει από τις"
EVERY = [(step, reason) for step in Step for reason in REASONS[step]]
WAITS = [
    (step, reason)
    for step, reason in EVERY
    if woken_by(step, reason) in (Waker.ENGINE, Waker.STAFF)
    and pages.path(step, reason) == "/progress"
    # Only the run knows when the question may be answered again.
    and reason is not WaitReason.WAITING_IDENTITY
]


async def stands_at(engine: MemoryEngine, step: Step, reason: WaitReason | None) -> str:
    """Let the activation that was started stand there, and return its reference."""
    reference = engine.started[0].reference
    engine.put(reference, at(step, reason))
    engine.queries = 0
    return reference


@pytest.mark.parametrize(("step", "reason"), WAITS)
async def test_the_waiting_page_asks_no_worker(
    student: Browser, engine: MemoryEngine, pool: Pool, step: Step, reason: WaitReason | None
) -> None:
    await proved(pool, student)
    reference = await stands_at(engine, step, reason)
    engine.put(reference, at(step, reason, proved_by="pin"))
    asked = await student.get("/progress")
    told = (await student.get("/progress.json")).json()
    assert asked.status_code == 200
    assert (SINCE in asked.text) == (reason is not None)
    assert told == {"reference": reference, "step": step, "wait_reason": reason}
    assert engine.queries == 0


@pytest.mark.parametrize(("step", "reason"), [each for each in EVERY if each not in WAITS])
async def test_whoever_may_go_on_is_led_on_by_a_worker(
    student: Browser, engine: MemoryEngine, pool: Pool, step: Step, reason: WaitReason | None
) -> None:
    await proved(pool, student)
    reference = await stands_at(engine, step, reason)
    engine.put(reference, at(step, reason, proved_by="pin"))
    page = await student.get("/progress")
    path = pages.path(step, reason)
    assert page.headers.get("location") == (None if path == "/progress" else path)
    assert engine.queries > 0


@pytest.mark.parametrize(("step", "reason"), WAITS)
async def test_before_the_proof_a_worker_says_what_waits_behind_it(
    student: Browser, engine: MemoryEngine, step: Step, reason: WaitReason | None
) -> None:
    """A case that staff hold before the code is told to the browser that began it."""
    await stands_at(engine, step, reason)
    page = await student.get("/progress")
    assert page.status_code == 200
    assert (engine.queries > 0) == pages.proved(step, reason)


@pytest.mark.usefixtures("unheld")
async def test_under_enumeration_protection_a_worker_says_what_is_concealed(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": "uniform"})
    browser = Browser(make_app(settings.model_copy(update={"portal": portal})))
    await browser.give_contact()
    for step, reason in WAITS:
        await stands_at(engine, step, reason)
        page = await browser.get("/progress")
        concealed = pages.concealed(step, reason, proved=False)
        assert page.headers.get("location") == ("/pin" if concealed else None), (step, reason)
