from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.messages import MessagingActivities
from domain.contracts.requests import Delivery, Destination, NoticeKind, SendNotice, SendPin, Sent
from domain.contracts.vocabulary import Channel, Language
from ledger.messages import sent
from ledger.pool import Pool
from tests.stack import TestStack

SENT = Sent(outcome=Delivery.SENT)


@pytest.fixture
async def messaging(stack: TestStack, pool: Pool) -> AsyncIterator[MessagingActivities]:
    made = MessagingActivities(pool=pool, keys=stack.keys, settings=stack.settings)
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
    )
    for _ in range(2):
        assert await ActivityEnvironment().run(messaging.send_notice, request) == SENT
    (message,) = stack.messages(to.to)
    assert message["text"].isascii()
    assert ("tester" in message["text"]) == (kind is NoticeKind.ACTIVE)


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
