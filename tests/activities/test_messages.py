import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.messages import MessagingActivities
from adapters.registrar.view import View
from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, NoticeKind, SendNotice, SendPin, Sent
from domain.contracts.people import Destination
from domain.contracts.vocabulary import Language
from ledger.messages import sent
from postgres import Pool
from security import receipt_tokens
from security.purposes import User
from settings import Settings
from settings.systems import Mail, Sms
from tests.adapters.gateway import cut, hang, talking
from tests.adapters.messaging.test_mail import Relay, relay
from tests.server import client
from tests.stack import TestStack
from worker import Dependencies, _messaging
from workflows import calls

__all__ = ["client", "relay"]

SENT = Sent(outcome=Delivery.SENT)
QUEUE = "test-sending"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
async def messaging(stack: TestStack, pool: Pool) -> AsyncIterator[MessagingActivities]:
    made = MessagingActivities(
        pool=pool, keys=stack.keys_of(User.MESSAGING), settings=stack.settings
    )
    yield made
    await made.close()


def pin(reference: str, to: Destination, *, send_no: int = 1, code_no: int = 1) -> SendPin:
    return SendPin(
        reference=reference,
        send_no=send_no,
        code_no=code_no,
        destination=to,
        language=Language.EL,
        valid_for=timedelta(minutes=15),
    )


def sms_to(reference: str) -> Destination:
    return Destination(channel=Channel.SMS, to=f"+3069{reference[-6:]:>08}")


def email_to(reference: str) -> Destination:
    return Destination(channel=Channel.EMAIL, to=f"{reference.lower()}@mail.example")


@pytest.mark.parametrize("destination", [sms_to, email_to])
async def test_a_pin_arrives_once_however_often_it_is_tried(
    stack: TestStack,
    messaging: MessagingActivities,
    reference: str,
    destination: Callable[[str], Destination],
) -> None:
    to = destination(reference)
    for _ in range(2):
        sending = ActivityEnvironment().run(messaging.send_pin, pin(reference, to))
        assert await sending == SENT
    (message,) = stack.messages(to.to)
    assert message["channel"] == to.channel
    assert stack.keys.pin(reference, 1) in message["text"]
    assert stack.keys.pin(reference, 1) not in message["subject"]
    # The life the activation began with, whatever the settings say today.
    assert stack.settings.policy.pin_ttl != timedelta(minutes=15)
    assert " 15 " in message["text"]


async def test_a_resend_may_repeat_the_code_in_a_new_message(
    stack: TestStack, messaging: MessagingActivities, reference: str
) -> None:
    to = sms_to(reference)
    run = ActivityEnvironment().run
    await run(messaging.send_pin, pin(reference, to))
    await run(messaging.send_pin, pin(reference, to, send_no=2))
    await run(messaging.send_pin, pin(reference, to, send_no=3, code_no=2))
    first, again, other = (message["text"] for message in stack.messages(to.to))
    assert first == again
    assert stack.keys.pin(reference, 2) in other


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("destination", [sms_to, email_to])
async def test_notices_arrive_once_in_the_students_language(
    stack: TestStack,
    messaging: MessagingActivities,
    reference: str,
    kind: NoticeKind,
    destination: Callable[[str], Destination],
) -> None:
    to = destination(reference)
    request = SendNotice(
        reference=reference,
        notice_no=1,
        notice=kind,
        destination=to,
        language=Language.EN,
        username="tester" if kind is NoticeKind.ACTIVE else None,
        address="t.ester@university.example" if kind is NoticeKind.ACTIVE else None,
    )
    for _ in range(2):
        assert await ActivityEnvironment().run(messaging.send_notice, request) == SENT
    (message,) = stack.messages(to.to)
    assert message["text"].isascii()
    assert ("tester" in message["text"]) == (kind is NoticeKind.ACTIVE)
    by_mail = kind is NoticeKind.ACTIVE and to.channel is Channel.EMAIL
    assert ("t.ester@university.example" in message["text"]) == by_mail


async def test_neither_text_nor_contact_is_noted(
    stack: TestStack, messaging: MessagingActivities, pool: Pool, reference: str
) -> None:
    to = sms_to(reference)
    await ActivityEnvironment().run(messaging.send_pin, pin(reference, to))
    row = await pool.fetchrow("SELECT * FROM message WHERE reference = $1", reference)
    assert row is not None
    written = repr(dict(row))
    assert to.to not in written
    assert stack.keys.pin(reference, 1) not in written


async def test_a_refused_number_is_noted_and_not_tried_again(
    messaging: MessagingActivities, pool: Pool, reference: str
) -> None:
    wrong = Destination(channel=Channel.SMS, to="not-a-number")
    for _ in range(2):
        told = await ActivityEnvironment().run(messaging.send_pin, pin(reference, wrong))
        assert told == Sent(outcome=Delivery.UNDELIVERABLE)
    assert await sent(pool, f"{reference}:pin:1") is Delivery.UNDELIVERABLE


@pytest.mark.parametrize(
    ("part", "destination"),
    [("sms", sms_to), ("smtp", email_to)],
)
async def test_a_message_waits_for_an_absent_part(
    stack: TestStack,
    messaging: MessagingActivities,
    reference: str,
    part: str,
    destination: Callable[[str], Destination],
) -> None:
    to = destination(reference)
    stack.stop(part)
    try:
        with pytest.raises(ApplicationError) as raised:
            await ActivityEnvironment().run(messaging.send_pin, pin(reference, to))
    finally:
        stack.start(part)
    assert raised.value.type == {"sms": "SMS_DOWN", "smtp": "MAIL_DOWN"}[part]
    assert to.to not in repr(raised.value)
    assert await ActivityEnvironment().run(messaging.send_pin, pin(reference, to)) == SENT
    assert len(stack.messages(to.to)) == 1


# --- fates nobody knows --------------------------------------------------------------------


@asynccontextmanager
async def messaging_by(
    stack: TestStack, pool: Pool, **sections: object
) -> AsyncIterator[MessagingActivities]:
    settings = stack.settings.model_copy(update=sections)
    made = MessagingActivities(pool=pool, keys=stack.keys_of(User.MESSAGING), settings=settings)
    yield made
    await made.close()


async def test_a_text_of_unknown_fate_is_repeated_to_the_letter_until_an_outcome_is_noted(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    taken: list[bytes] = []

    async def talk(request: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        taken.append(request.partition(b"\r\n\r\n")[2])
        if len(taken) == 1:
            return await cut(request, reader, writer)
        writer.write(OK)
        await writer.drain()
        return await hang(request, reader, writer)

    request = pin(reference, sms_to(reference))
    async with talking(talk) as url, messaging_by(stack, pool, sms=Sms(url=url)) as messaging:
        with pytest.raises(ApplicationError, match="SMS_DOWN"):
            await ActivityEnvironment().run(messaging.send_pin, request)
        for _ in range(2):
            assert await ActivityEnvironment().run(messaging.send_pin, request) == SENT
    first, again = taken
    assert first == again
    assert json.loads(first)["id"] == receipt_tokens.token(stack.keys, f"{reference}:pin:1")
    assert stack.keys.pin(reference, 1) in json.loads(first)["text"]


async def test_a_letter_of_unknown_fate_is_repeated_to_the_letter_until_an_outcome_is_noted(
    stack: TestStack, pool: Pool, relay: Relay, reference: str
) -> None:
    mail = Mail(host="127.0.0.1", port=relay.port, starttls=False)
    request = pin(reference, email_to(reference))
    relay.stage = "data"
    async with messaging_by(stack, pool, mail=mail) as messaging:
        with pytest.raises(ApplicationError, match="MAIL_DOWN"):
            await ActivityEnvironment().run(messaging.send_pin, request)
        relay.stage = ""
        for _ in range(2):
            assert await ActivityEnvironment().run(messaging.send_pin, request) == SENT
    first, again = relay.taken
    token = receipt_tokens.token(stack.keys, f"{reference}:pin:1")
    assert first["Message-ID"] == f"<{token}@{stack.settings.institution.domain}>"
    assert first["Message-ID"] == again["Message-ID"]
    assert plain(first) == plain(again)


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part
    return str(part.get_content())


async def test_the_other_gateway_sends_the_same_text_and_the_outcome_is_noted_once(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    to = sms_to(reference)
    away = Sms(url="http://127.0.0.1:9/send")
    async with messaging_by(stack, pool, sms=away, sms_fallback=stack.settings.sms) as messaging:
        for _ in range(2):
            assert await ActivityEnvironment().run(messaging.send_pin, pin(reference, to)) == SENT
    (message,) = stack.messages(to.to)
    assert stack.keys.pin(reference, 1) in message["text"]
    assert await sent(pool, f"{reference}:pin:1") is Delivery.SENT


# --- a gateway that hangs ------------------------------------------------------------------


@workflow.defn
class Sending:
    """A message as the engine sends it, and nothing else."""

    @workflow.run
    async def run(self, request: SendPin) -> Sent:
        return await calls.send_pin(request, lambda _reason: None)


@asynccontextmanager
async def serving(
    client: Client, stack: TestStack, pool: Pool, settings: Settings
) -> AsyncIterator[None]:
    """Let the workers of both messaging queues run as they do in production."""
    async with AsyncExitStack() as exits:
        view = View(pool, settings.registrar)
        parts = Dependencies(client, pool, view, stack.keys, settings, exits)
        runner = UnsandboxedWorkflowRunner()
        sender = Worker(client, task_queue=QUEUE, workflows=[Sending], workflow_runner=runner)
        for worker in (*_messaging(parts), sender):
            await exits.enter_async_context(worker)
        yield


async def start(client: Client, request: SendPin) -> WorkflowHandle[Sending, Sent]:
    return await client.start_workflow(
        Sending.run, request, id=f"sending-{request.reference}", task_queue=QUEUE
    )


async def test_a_gateway_that_hangs_holds_up_no_mail_and_lets_every_text_go_in_the_end(
    client: Client, stack: TestStack, pool: Pool, reference: str
) -> None:
    held: set[bytes] = set()
    all_held, mended = asyncio.Event(), asyncio.Event()

    async def talk(request: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        if not mended.is_set():
            held.add(request.partition(b"\r\n\r\n")[2])
            if len(held) == 50:
                all_held.set()
            return await hang(request, reader, writer)
        writer.write(OK)
        return await writer.drain()

    async with talking(talk) as url:
        gateway = Sms(url=url, per_second=100, timeout_seconds=4)
        settings = stack.settings.model_copy(update={"sms": gateway})
        async with serving(client, stack, pool, settings):
            texts = [
                await start(client, pin(f"{reference}-{n}", sms_to(reference))) for n in range(50)
            ]
            await all_held.wait()
            letter = await start(client, pin(reference, email_to(reference)))
            assert await letter.result() == SENT
            assert not any([(await text.describe()).close_time for text in texts])
            mended.set()
            assert [await text.result() for text in texts] == [SENT] * len(texts)
    assert len(stack.messages(email_to(reference).to)) == 1
