"""All who ask are told the same wait reason, from the first failed try on."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from temporalio.client import Client

import postgres
from domain.contracts.channels import Channel
from domain.contracts.submissions import (
    ActivationStart,
    ConsentSubmission,
    PasswordSubmission,
    PinSubmission,
    Policy,
    ResendRequest,
)
from domain.contracts.views import Progress
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason
from ledger import sessions
from starter.client.activations import Activations
from starter.portal.app import assemble, create
from support.verbs import cases
from tests.server import working
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser, healthy
from tests.workflows.engine import World, pin_of

FOR_EVER = 10_000
HELD_UP = [
    pytest.param(ActivityName.FIND_STUDENT, FailureType.REGISTRAR_DOWN, id="look-up"),
    pytest.param(ActivityName.SEND_PIN, FailureType.SMS_DOWN, id="code"),
    pytest.param(ActivityName.CHECK_PIN, FailureType.LEDGER_DOWN, id="check"),
    pytest.param(ActivityName.CLAIM_PERSON, FailureType.LEDGER_DOWN, id="claim"),
    pytest.param(ActivityName.RECORD_CONSENT, FailureType.LEDGER_DOWN, id="consent"),
    pytest.param(ActivityName.PROVISION_ACCOUNT, FailureType.DIRECTORY_DOWN, id="account"),
    pytest.param(ActivityName.PROVISION_ACCOUNT, FailureType.CONFIGURATION, id="fault"),
]


def stamp() -> dict[str, object]:
    return {"submission_id": secrets.token_hex(16), "received_at": datetime.now(UTC)}


async def stands_for(app: FastAPI, browser: Browser, reference: str) -> None:
    """Let this browser be the one that proves the contact of this activation."""
    await browser.begin()
    await sessions.take_over(
        app.state.context.pool,
        app.state.context.keys,
        browser.http.cookies["session"],
        reference,
        f"proof of {reference}",
    )


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while True:
            if await met():
                return
            await asyncio.sleep(0.02)


async def go_on(activations: Activations, reference: str, progress: Progress | None) -> None:
    """Hand in what the student's next page would; nothing while it is not their turn."""
    step = progress.step if progress and progress.wait_reason else None
    if step is Step.PIN and progress and progress.pin and progress.pin.expires_at:
        typed = stamp() | {"submission_id": f"proof of {reference}", "pin": pin_of(1)}
        await activations.submit(reference, "submit_pin", PinSubmission.model_validate(typed))
    elif step is Step.REVIEW and progress and progress.review:
        agreed = ConsentSubmission(shown_hash=progress.review.shown_hash, **stamp())
        await activations.submit(reference, "give_consent", agreed)
    elif step is Step.PASSWORD:
        sealed = PasswordSubmission(sealed_id="sealed", **stamp())
        await activations.submit(reference, "submit_password", sealed)


@pytest.fixture
async def app(stack: TestStack, client: Client) -> AsyncIterator[FastAPI]:
    portal = stack.settings.portal.model_copy(update={"public_url": HOST})
    settings = stack.settings.model_copy(update={"portal": portal})
    pool = await postgres.connect(stack.ledger_dsn)
    yield create(assemble(settings, stack.keys, pool, Activations(client), healthy))
    await pool.close()


@pytest.mark.parametrize(("name", "failure"), HELD_UP)
async def test_pages_data_and_staff_tell_one_reason_from_the_first_failed_try(
    app: FastAPI,
    client: Client,
    world: World,
    reference: str,
    *,
    name: ActivityName,
    failure: FailureType,
) -> None:
    reason = WaitReason(failure)
    world.failing, world.failure = {name: FOR_EVER}, failure
    activations, browser = Activations(client), Browser(app)
    await stands_for(app, browser, reference)
    async with working(client, world):
        await activations.start(ActivationStart(reference=reference, mobile="+306912345678"))

        async def failed() -> bool:
            await go_on(activations, reference, await activations.progress(reference))
            return (await cases.standing(client, reference)).wait_reason is reason

        await until(failed)
        told = (await browser.get("/progress.json")).json()
        case = await cases.case(client, reference)
        assert told["wait_reason"] == case.standing.wait_reason is reason
        page = await browser.get("/progress")
        if page.status_code == 303:
            page = await browser.get(page.headers["location"])
            assert 'data-news="/pin"' in page.text
            assert "δεν απαντά αυτή τη στιγμή" in page.text
        else:
            assert f'data-waiting="{case.standing.step} {failure}' in page.text


async def test_a_second_message_that_is_late_is_told_by_all(
    app: FastAPI, client: Client, world: World, reference: str
) -> None:
    activations, browser = Activations(client), Browser(app)
    await stands_for(app, browser, reference)
    async with working(client, world):
        at_once = Policy(resend_after=timedelta())
        await activations.start(
            ActivationStart(reference=reference, mobile="+306912345678", policy=at_once)
        )

        async def sent() -> bool:
            now = await activations.progress(reference)
            return bool(now and now.pin and now.pin.expires_at)

        async def failed() -> bool:
            return (await cases.standing(client, reference)).wait_reason is WaitReason.MAIL_DOWN

        await until(sent)
        world.failing, world.failure = {ActivityName.SEND_PIN: FOR_EVER}, FailureType.MAIL_DOWN
        again = ResendRequest(channel=Channel.EMAIL, **stamp())
        await activations.submit(reference, "resend_pin", again)
        await until(failed)
        assert (await browser.get("/progress.json")).json()["wait_reason"] == "MAIL_DOWN"
        assert "δεν απαντά αυτή τη στιγμή" in (await browser.get("/pin")).text
