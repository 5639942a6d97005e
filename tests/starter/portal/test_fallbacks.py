"""Each page holds what it is for, or another true page is shown: also when no worker answers."""

import re

import httpx
import pytest

from domain.contracts.vocabulary import Step, WaitReason
from ledger import activations
from postgres import Pool
from starter import pages
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import SHOWN, MemoryEngine, at
from workflows.steps import ENDS, REASONS

PLACES = [(step, reason) for step in Step for reason in sorted(REASONS[step], key=str)]
HOLDS = {
    "/contact": r'name="mobile"',
    "/pin": r'•••.*name="pin"',
    "/identify": r'name="question" value="\w+".*name="answer"',
    "/insurance": r'name="number"',
    "/review": rf'id="username"[^>]*>\s*{SHOWN.username}.*name="decision"|value="withdraw"',
    "/password": r'name="password".*name="suggestion"',
    "/progress": r"data-waiting=",
    "/done": rf'id="username"[^>]*>\s*{SHOWN.username}',
    "/ended": r"<h1",
}
WITH_USERNAME = (Step.ACTIVE, Step.ALREADY_ACTIVE)


async def shown(browser: Browser, step: Step) -> httpx.Response:
    """Open the page of a step, and follow where it leads."""
    response = await browser.get(pages.PATHS[step])
    for _ in range(2):
        if response.status_code == 303:
            response = await browser.get(response.headers["location"])
    return response


def holds_what_it_is_for(response: httpx.Response, step: Step) -> None:
    path = response.request.url.path
    assert response.status_code in (200, 422), path
    assert re.search(HOLDS[path], response.text, re.DOTALL), path
    if step is Step.ALREADY_ACTIVE and path == "/ended":
        assert re.search(HOLDS["/done"], response.text), path


@pytest.mark.few(40)
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "no worker"])
@pytest.mark.parametrize(("step", "reason"), PLACES)
async def test_every_page_holds_what_it_is_for(
    student: Browser,
    engine: MemoryEngine,
    pool: Pool,
    *,
    step: Step,
    reason: WaitReason | None,
    worker: bool,
) -> None:
    await proved(pool, student)
    engine.put(engine.started[0].reference, at(step, reason))
    engine.worker = worker
    holds_what_it_is_for(await shown(student, step), step)


@pytest.mark.parametrize("step", WITH_USERNAME)
async def test_without_a_worker_the_username_is_the_ledgers(
    student: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack, step: Step
) -> None:
    await proved(pool, student)
    reference = engine.started[0].reference
    engine.put(reference, at(step))
    engine.worker = False
    assert (await shown(student, step)).request.url.path == "/progress"
    named = {"reference": reference, "username": SHOWN.username}
    if step is Step.ACTIVE:
        await activations.provisioned(pool, stack.keys, **named)
    else:
        await activations.found_active(pool, stack.keys, **named)
    response = await shown(student, step)
    assert response.request.url.path == pages.PATHS[step]
    holds_what_it_is_for(response, step)
    # The entry may have another address than its username tells, which only the run knows.
    assert "Ιδρυματικό email" not in response.text


@pytest.mark.parametrize(
    "reason", sorted(each for each in REASONS[Step.PIN] if each not in (None, "WAITING_PIN"))
)
async def test_without_a_worker_no_code_is_asked_for_that_is_not_awaited(
    student: Browser, engine: MemoryEngine, reason: WaitReason
) -> None:
    engine.put(engine.started[0].reference, at(Step.PIN, reason))
    engine.worker = False
    assert 'name="pin"' not in (await shown(student, Step.PIN)).text


@pytest.mark.parametrize("failed_by", [WaitReason.SMS_DOWN, WaitReason.DIRECTORY_DOWN])
@pytest.mark.parametrize(
    "step", [step for step in Step if None in REASONS[step] and step not in ENDS]
)
async def test_the_data_for_scripts_tell_the_reason_of_the_page(
    student: Browser, engine: MemoryEngine, step: Step, failed_by: WaitReason
) -> None:
    engine.put(engine.started[0].reference, at(step).model_copy(update={"review": None}))
    engine.failed_by = failed_by
    told = (await student.get("/progress.json")).json()
    page = (await student.get("/progress")).text
    assert told["wait_reason"] == failed_by
    assert f'data-waiting="{step} {failed_by}"' in page
