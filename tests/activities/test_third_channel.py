"""A third channel is one module and one import: codes go by it, and its outage has a reason."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

import worker
from activities.watch import system_of
from adapters.registrar.wiring import registrar_of
from domain.contracts.channels import Channel
from domain.contracts.message_io import SendPin
from domain.contracts.people import Destination
from domain.contracts.submissions import ActivationStart, Policy, ResendRequest
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import ActivityName, Language, Step, System, WaitReason
from ledger import messages
from postgres import Pool
from starter.client.activations import Activations
from support.verbs import operations
from tests.channels import more_channels, third_channel
from tests.server import client
from tests.stack import TestStack
from tests.starter.client.test_activations import SECONDS, handed_over, typed, until
from tests.test_worker import until as until_true
from tests.whole.student import Student

__all__ = ["client"]


@dataclass(frozen=True)
class Third:
    """The third channel, and a student's folder in it."""

    channel: Channel
    base: Path
    mobile: str
    folder: Path


@pytest.fixture
def third(stack: TestStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Third]:
    """Wire the third channel, and enrol a student who has a folder."""
    with more_channels():
        module = third_channel()
        monkeypatch.setenv(module.BASE, str(tmp_path))
        student = Student()
        student.enrol(stack.registrar_dsn)
        mobile = f"+30{student.mobile}"
        folder = module.Folders(tmp_path).of(mobile)
        folder.mkdir()
        yield Third(module.FOLDER, tmp_path, mobile, folder)


@pytest.fixture
async def activations(
    stack: TestStack, pool: Pool, client: Client, third: Third
) -> AsyncIterator[Activations]:
    """Let the real workers of lookup, ledger and messages run, with the third channel wired."""
    del third
    async with AsyncExitStack() as closing:
        registrar = await closing.enter_async_context(registrar_of(stack.settings.registrar))
        parts = worker.Dependencies(client, pool, registrar, stack.keys, stack.settings, closing)
        for one in (*worker._main(parts), *worker._messaging(parts)):
            await closing.enter_async_context(one)
        yield Activations(client)


async def test_a_student_proves_the_mobile_by_a_code_that_came_by_the_third_channel(
    stack: TestStack,
    pool: Pool,
    activations: Activations,
    third: Third,
    reference: str,
) -> None:
    start = ActivationStart(
        reference=reference,
        mobile=third.mobile,
        policy=Policy(resend_after=0 * SECONDS, repeat_code_if_left=9 * SECONDS),
        channels=Channel.all(),
    )
    await activations.start(start)
    first = await until(activations, reference, handed_over)
    assert first.pin is not None
    assert (first.pin.channel, first.pin.other_channels) == (Channel.SMS, (third.channel,))
    stamp = typed("").model_dump(include={"submission_id", "received_at"})
    wish = ResendRequest(channel=third.channel, **stamp)
    answer = await activations.submit(reference, "resend_pin", wish)
    assert answer is not None
    assert answer.verdict is Verdict.ACCEPTED
    await until(
        activations,
        reference,
        lambda now: (
            now.pin is not None
            and now.pin.channel is third.channel
            and any(file.stat().st_size for file in third.folder.iterdir())
        ),
    )
    assert [each.channel for each in await messages.of(pool, reference)] == [
        Channel.SMS,
        third.channel,
    ]
    (text,) = [file.read_text("utf-8") for file in third.folder.iterdir()]
    assert stack.settings.institution.name(Language.EL) in text
    code = next(code for number in (1, 2) if (code := stack.keys.pin(reference, number)) in text)
    right = typed(code)
    # No worker of the directory runs here, so that the answer comes later.
    assert await activations.submit(reference, "submit_pin", right) is None
    await until(activations, reference, lambda now: now.proved_by == right.submission_id)


async def test_the_outage_of_the_third_channel_has_a_reason_and_ends_by_itself(
    client: Client,
    activations: Activations,
    third: Third,
    reference: str,
) -> None:
    (third.base / "busy").touch()
    await activations.start(
        ActivationStart(reference=reference, mobile=third.mobile, channels=(third.channel,))
    )

    async def held_up() -> bool:
        told = await activations.recorded_state(reference)
        return told is not None and told.wait_reason is WaitReason.MESSAGES_DOWN

    await until_true(held_up)
    (third.base / "busy").unlink()
    told = await until(activations, reference, handed_over)
    assert (told.step, told.wait_reason) == (Step.PIN, WaitReason.WAITING_PIN)
    assert len([*third.folder.iterdir()]) == 1
    await client.get_workflow_handle(reference).terminate()


async def test_operators_see_the_third_channel_and_its_queue(
    client: Client, activations: Activations, third: Third
) -> None:
    del activations
    request = SendPin(
        reference="A-0",
        send_no=1,
        code_no=1,
        destination=Destination(channel=third.channel, to=third.mobile),
        language=Language.EL,
        valid_for=600 * SECONDS,
    )
    assert system_of(ActivityName.SEND_PIN, request) is System.MESSAGES

    async def served() -> bool:
        queues = {queue.name: queue for queue in await operations.queues(client)}
        return bool(queues[third.channel.queue].workers)

    await until_true(served)
