"""What a student writes to support reaches the desk once, and cannot become a header."""

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from temporalio.exceptions import ApplicationError

from activities.desk import DeskActivities
from domain.contracts.message_io import Delivery, MailSupportAnswer, MailSupportRequest
from domain.contracts.vocabulary import Language
from ledger import support_requests
from ledger.support_requests import HelpRequest
from postgres import Pool, connect
from security.purposes import User
from settings.rules import SendBudget
from settings.systems import Mail
from tests.adapters.messaging.test_mail import Relay, relay
from tests.stack import TestStack
from translations import standing

__all__ = ["relay"]

NAME = "Μαρία\r\nBcc: all@mail.example"
TEXT = "Δεν ήρθε ο κωδικός.\n\nSubject: <b>hello</b>\n.\nΕυχαριστώ"


@pytest.fixture
async def desk(stack: TestStack, pool: Pool, relay: Relay) -> AsyncIterator[DeskActivities]:
    mail = Mail(host="127.0.0.1", port=relay.port, starttls=False)
    settings = stack.settings.model_copy(update={"mail": mail})
    made = DeskActivities(pool=pool, keys=stack.keys_of(User.MESSAGING), settings=settings)
    yield made
    await made.close()


@pytest.fixture
async def asked(pool: Pool, stack: TestStack) -> MailSupportRequest:
    request = HelpRequest(
        *(
            token_hex(16),
            "A-7K3F-92QD",
            "pin SMS_DOWN",
            Language.EL,
            NAME,
            "maria@mail.example",
            TEXT,
        ),
        phone="+302710372128",
    )
    await support_requests.put(pool, stack.keys, request)
    return MailSupportRequest(request_id=request.id)


async def test_the_desk_reads_it_once_and_answers_the_student(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, stack: TestStack
) -> None:
    for _ in range(2):
        assert (await desk.mail_support_request(asked)).outcome is Delivery.SENT
    (message,) = relay.taken
    assert message["To"] == stack.settings.institution.support_email
    assert message["Reply-To"] == "maria@mail.example"
    assert str(message["Subject"]).endswith("A-7K3F-92QD")
    assert message["Auto-Submitted"] is None
    assert message["Bcc"] is None
    assert message.get_content_type() == "text/plain"
    body = message.get_content().replace("\r\n", "\n")
    assert TEXT in body
    assert "Τηλέφωνο: +302710372128\nΓλώσσα της σελίδας: Ελληνικά\n" in body
    assert "A-7K3F-92QD" in body
    cause = standing.titles(Language.EL)["SMS_DOWN"]
    assert f": Εξαψήφιος κωδικός (pin) - {cause}\n" in body
    assert "Μαρία" in body


async def test_beyond_a_ceiling_one_letter_says_that_more_wait_and_none_is_lost(
    stack: TestStack, pool: Pool, relay: Relay
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'help_letters:%'")
    settings = stack.settings.model_copy(
        update={
            "mail": Mail(host="127.0.0.1", port=relay.port, starttls=False),
            "send_budget": SendBudget(help_letters_per_hour=3),
        }
    )
    desk = DeskActivities(pool=pool, keys=stack.keys_of(User.MESSAGING), settings=settings)
    asked = []
    for number in range(10):
        help_request = HelpRequest(
            token_hex(16), None, None, Language.EN, "Anna", f"a{number}@mail.example", "hello"
        )
        await support_requests.put(pool, stack.keys, help_request)
        asked.append(MailSupportRequest(request_id=help_request.id))
    try:
        relay.rcpt = "451 later"
        with pytest.raises(ApplicationError):
            await desk.mail_support_request(asked[0])
        relay.rcpt = "250 OK"
        for request in (*asked[:4], *asked):
            assert (await desk.mail_support_request(request)).outcome is Delivery.SENT
    finally:
        await desk.close()
        await pool.execute("DELETE FROM budget WHERE bucket LIKE 'help_letters:%'")
    own, more = relay.taken[:3], relay.taken[3:]
    assert [letter["Reply-To"] for letter in own] == [f"a{n}@mail.example" for n in range(3)]
    (told,) = more
    assert "κονσόλα" in str(told["Subject"])
    assert f"{settings.console.public_url}/requests" in told.get_content()
    waiting = await support_requests.waiting(pool, None, limit=1000, offset=0)
    assert {each.request_id for each in asked} <= {each.id for each in waiting}
    for each in asked:
        assert await support_requests.unmailed(pool, stack.keys, each.request_id) is None


async def test_a_worker_with_its_own_role_may_take_such_a_letter(stack: TestStack) -> None:
    async with await connect(stack.ledger_dsn_of(User.MESSAGING)) as allowed:
        name = token_hex(16)
        for _ in range(2):
            told = await support_requests.take_letter(allowed, name, SendBudget())
            assert told is support_requests.HelpLetter.OWN


async def test_an_empty_reference_is_told_as_none(
    desk: DeskActivities, relay: Relay, pool: Pool, stack: TestStack
) -> None:
    request = HelpRequest(
        token_hex(16), None, None, Language.EN, "Anna", "anna@mail.example", "hello"
    )
    await support_requests.put(pool, stack.keys, request)
    await desk.mail_support_request(MailSupportRequest(request_id=request.id))
    (message,) = relay.taken
    assert "A-" not in str(message["Subject"])


async def test_what_was_written_is_readable_nowhere_in_the_ledger(
    asked: MailSupportRequest, pool: Pool
) -> None:
    row = await pool.fetchrow("SELECT * FROM support_request WHERE id = $1", asked.request_id)
    assert row
    for clear in ("Μαρία", "maria@mail.example", "Ευχαριστώ"):
        assert clear.encode() not in b"".join(v for v in row.values() if isinstance(v, bytes))
        assert clear not in str(dict(row))


async def test_nothing_of_this_id_is_nothing_to_do(desk: DeskActivities, relay: Relay) -> None:
    await desk.mail_support_request(MailSupportRequest(request_id=token_hex(16)))
    assert relay.taken == []


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 later", "MAIL_DOWN"), ("550 no such box", "CONFIGURATION")]
)
async def test_a_desk_that_cannot_be_reached_is_tried_again(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, answer: str, kind: str
) -> None:
    relay.rcpt = answer
    with pytest.raises(ApplicationError) as raised:
        await desk.mail_support_request(asked)
    assert raised.value.type == kind
    assert not raised.value.non_retryable
    relay.rcpt = "250 OK"
    await desk.mail_support_request(asked)
    assert len(relay.taken) == 1


async def test_a_text_that_the_relay_refuses_is_left_to_the_console(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    """Anybody may write such a text: it is no fault of the settings, and has an end."""
    relay.data = "554 5.7.1 spam"
    for _ in range(2):
        await desk.mail_support_request(asked)
    assert asked.request_id not in await support_requests.left_behind(pool)
    standing = await support_requests.standing(pool, stack.keys, asked.request_id)
    assert standing
    assert standing.line.unread
    assert standing.is_open
    request = await answered(pool, stack, asked)
    assert (await desk.mail_support_answer(request)).outcome is Delivery.UNDELIVERABLE


async def test_a_closed_request_is_mailed_to_nobody(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    relay.rcpt = "550 no such box"
    with pytest.raises(ApplicationError):
        await desk.mail_support_request(asked)
    await support_requests.settle(
        pool, stack.keys, asked.request_id, by="anna", settled_id="1", closing="spam"
    )
    await desk.mail_support_request(asked)
    await pool.execute(
        "UPDATE support_request SET created_at = now() - interval '2 minutes' WHERE id = $1",
        asked.request_id,
    )
    assert asked.request_id not in await support_requests.left_behind(pool)


async def answered(
    pool: Pool, stack: TestStack, asked: MailSupportRequest, text: str = "Στείλαμε νέο κωδικό."
) -> MailSupportAnswer:
    done = await support_requests.settle(
        pool, stack.keys, asked.request_id, by="anna", settled_id="1", answer=text
    )
    assert done
    return MailSupportAnswer(request_id=asked.request_id)


async def test_the_student_reads_the_answer_once_and_may_reply_to_the_desk(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    request = await answered(pool, stack, asked, "Πρώτη γραμμή\n\nBcc: all@mail.example\n.\nΤέλος")
    for _ in range(2):
        assert (await desk.mail_support_answer(request)).outcome is Delivery.SENT
    (message,) = relay.taken
    assert message["To"] == "maria@mail.example"
    assert message["Reply-To"] == stack.settings.institution.support_email
    assert message["Content-Language"] == "el"
    assert "Απάντηση" in str(message["Subject"])
    assert str(message["Subject"]).endswith("A-7K3F-92QD")
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] is None
    body = message.get_content().replace("\r\n", "\n")
    assert "Πρώτη γραμμή\n\nBcc: all@mail.example\n.\nΤέλος" in body
    # Whoever wrote may have given another person's address.
    assert "Ευχαριστώ" not in body
    assert "Μαρία" not in body


async def test_an_answer_that_goes_twice_has_one_message_id(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    request = await answered(pool, stack, asked)
    await desk.mail_support_answer(request)
    await pool.execute(
        "UPDATE support_request SET answer_outcome = NULL WHERE id = $1", asked.request_id
    )
    await desk.mail_support_answer(request)
    assert len({message["Message-ID"] for message in relay.taken}) == 1
    assert len(relay.taken) == 2


async def test_a_mailbox_that_does_not_exist_is_told_to_the_desk(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    relay.rcpt = "550 5.1.1 no such box"
    request = await answered(pool, stack, asked)
    assert (await desk.mail_support_answer(request)).outcome is Delivery.UNDELIVERABLE
    standing = await support_requests.standing(pool, stack.keys, asked.request_id)
    assert standing
    assert standing.is_open
    assert standing.line.delivery is Delivery.UNDELIVERABLE


async def test_an_answer_waits_for_the_mail_server(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    relay.rcpt = "451 later"
    request = await answered(pool, stack, asked)
    with pytest.raises(ApplicationError) as raised:
        await desk.mail_support_answer(request)
    assert raised.value.type == "MAIL_DOWN"
    relay.rcpt = "250 OK"
    assert (await desk.mail_support_answer(request)).outcome is Delivery.SENT


async def test_what_was_erased_is_answered_to_nobody(
    desk: DeskActivities, relay: Relay, asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    request = await answered(pool, stack, asked)
    await pool.execute("DELETE FROM support_request WHERE id = $1", asked.request_id)
    await desk.mail_support_answer(request)
    assert relay.taken == []


async def test_an_answer_is_readable_nowhere_in_the_ledger(
    asked: MailSupportRequest, pool: Pool, stack: TestStack
) -> None:
    await answered(pool, stack, asked)
    row = await pool.fetchrow("SELECT * FROM support_request WHERE id = $1", asked.request_id)
    assert row
    assert "κωδικό".encode() not in row["answer"]
    assert "κωδικό" not in str(dict(row))
