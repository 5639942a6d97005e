"""Contact, person and institution get so many PIN messages, counted over all activations."""

import asyncio
import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend, SendReserved
from domain.contracts.people import Destination
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Purse, SpentPurse
from ledger import messages
from postgres import Pool
from settings.rules import SendBudget
from tests.stack import TestStack

HOUR = timedelta(hours=1)
MAX = 2**31 - 1
BUDGET = SendBudget(sms_per_hour=MAX, sms_per_day=MAX)


def contact(channel: Channel = Channel.EMAIL) -> Destination:
    """Make a contact that nobody else has."""
    drawn = secrets.randbelow(10**8)
    to = f"+3069{drawn:08}" if channel is Channel.SMS else f"{drawn:08}@mail.example"
    return Destination(channel=channel, to=to)


@pytest.fixture
def to() -> Destination:
    return contact()


def wish(
    reference: str, send_no: int, to: Destination, person_key: str | None = None
) -> ReserveSend:
    return ReserveSend(
        reference=reference, request_no=send_no, destination=to, person_key=person_key
    )


async def reserve(
    pool: Pool, stack: TestStack, request: ReserveSend, budget: SendBudget = BUDGET
) -> datetime | None:
    limits = messages.Limits(budget, Policy())
    return (await messages.reserve(pool, stack.keys, request, "run", limits)).not_before


SMS_USED = "SELECT sum(used) AS used FROM budget WHERE bucket LIKE 'sms:%' GROUP BY bucket"


async def test_racing_activations_share_the_budget_of_their_contact(
    pool: Pool, stack: TestStack, to: Destination
) -> None:
    wishes = [wish(f"A-{secrets.token_hex(4)}", 1, to) for _ in range(20)]
    asked = await asyncio.gather(*(reserve(pool, stack, one) for one in wishes))
    refused = [not_before for not_before in asked if not_before is not None]
    assert len(refused) == 17
    assert all(timedelta() < at - datetime.now(UTC) <= HOUR for at in refused)


async def test_the_same_message_is_reserved_once_also_when_the_budget_is_spent(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for send_no in (1, 2, 3, 3, 2, 1):
        assert await reserve(pool, stack, wish(reference, send_no, to)) is None
    assert await reserve(pool, stack, wish(reference, 4, to)) is not None


async def test_after_an_hour_three_more_may_go_but_six_a_day_are_the_most(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for send_no in range(1, 7):
        assert await reserve(pool, stack, wish(reference, send_no, to)) is None
        if send_no == 3:
            await pool.execute(
                "UPDATE message SET reserved_at = reserved_at - interval '61 minutes'"
                " WHERE reference = $1",
                reference,
            )
    await pool.execute(
        "UPDATE message SET reserved_at = reserved_at - interval '61 minutes' WHERE reference = $1",
        reference,
    )
    opens = await reserve(pool, stack, wish(reference, 7, to))
    assert opens is not None
    assert opens - datetime.now(UTC) > 20 * HOUR


async def test_when_hour_and_day_are_spent_the_later_one_is_told(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    one = SendBudget(per_hour=1, per_day=1)
    assert await reserve(pool, stack, wish(reference, 1, to), one) is None
    opens = await reserve(pool, stack, wish(reference, 2, to), one)
    assert opens is not None
    assert opens - datetime.now(UTC) > 20 * HOUR


async def test_a_person_gets_so_many_a_day_over_all_contacts_and_activations(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    budget = SendBudget(per_person_day=4)
    mine = [wish(f"{reference}-{n}", 1, contact(), reference) for n in range(20)]
    asked = await asyncio.gather(*(reserve(pool, stack, one, budget) for one in mine))
    refused = [not_before for not_before in asked if not_before is not None]
    assert len(refused) == 16
    assert all(20 * HOUR < at - datetime.now(UTC) <= 24 * HOUR for at in refused)
    for unlike in (None, f"{reference}-else"):
        other = wish(f"{reference}-{unlike}", 1, contact(), unlike)
        assert await reserve(pool, stack, other, budget) is None


async def test_persons_and_contacts_in_any_mixture_are_counted_one_by_one(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    contacts = [contact() for _ in range(3)]
    budget = SendBudget(per_hour=10, per_day=MAX, per_person_day=MAX)
    wishes = [
        wish(f"{reference}-{place}-{number}-{again}", 1, to, f"{reference}-{number}")
        for again in range(10)
        for place, to in enumerate(contacts)
        for number in range(3)
    ]
    asked = await asyncio.gather(*(reserve(pool, stack, one, budget) for one in wishes))
    assert asked.count(None) == 3 * 10
    kept = "SELECT count(*) FROM message WHERE reference LIKE $1 || '%'"
    assert await pool.fetchval(kept, reference) == 3 * 10


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize(("window", "most"), [("hour", HOUR), ("day", 24 * HOUR)])
async def test_racing_students_share_the_institutions_sms_and_its_mail_each_by_itself(
    pool: Pool, stack: TestStack, reference: str, *, window: str, most: timedelta, paid: bool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sms:%' OR bucket LIKE 'mail:%'")
    part, channel, other = "sms", Channel.SMS, Channel.EMAIL
    if not paid:
        part, channel, other = "mail", other, channel
    budget = BUDGET.model_copy(update={f"{part}_per_{window}": 5})
    wishes = [wish(f"{reference}-{number}", 1, contact(channel)) for number in range(12)]
    with capture_logs() as logs:
        asked = await asyncio.gather(*(reserve(pool, stack, one, budget) for one in wishes))
    refused = [not_before for not_before in asked if not_before is not None]
    assert len(refused) == 7
    assert all(timedelta() < at - datetime.now(UTC) <= most * 61 / 60 for at in refused)
    told = {"part": part, "outcome": "blocked", "log_level": "warning"}
    assert logs == 7 * [{"event": "message budget of the institution is spent", **told}]
    # What was reserved stays so, and what was refused left nothing behind.
    again = [await reserve(pool, stack, one, budget) for one in wishes]
    assert [at is None for at in again] == [at is None for at in asked]
    assert await reserve(pool, stack, wish(reference, 1, contact(other)), budget) is None


async def test_a_contact_that_had_enough_uses_up_none_of_the_institutions_sms(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sms:%'")
    to = contact(Channel.SMS)
    for send_no in range(1, 7):
        await reserve(pool, stack, wish(reference, send_no, to))
    used = await pool.fetch(SMS_USED)
    assert [row["used"] for row in used] == [3, 3]


async def test_staff_send_beyond_every_limit_but_their_own_and_use_up_no_other(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sms:%'")
    to, one = contact(Channel.SMS), BUDGET.model_copy(update={"per_person_day": 1})
    spent = one.model_copy(update={"sms_per_hour": 1, "per_hour": 1})
    by_staff = wish(reference, 2, to, reference).model_copy(update={"purse": Purse.STAFF})
    again = by_staff.model_copy(update={"request_no": 3})
    assert await reserve(pool, stack, by_staff, one) is None
    # Theirs left the student's own untouched.
    assert await reserve(pool, stack, wish(reference, 1, to, reference), spent) is None
    refused = await reserve(pool, stack, again, spent)
    assert refused is not None
    assert refused - datetime.now(UTC) <= HOUR
    await pool.execute(
        "UPDATE message SET reserved_at = reserved_at - interval '61 minutes'"
        " WHERE reference = $1 AND purse = 'staff'",
        reference,
    )
    # Contact, person and institution have all had their share.
    assert await reserve(pool, stack, wish(reference, 4, to, reference), spent) is not None
    assert await reserve(pool, stack, again, spent) is None
    used = await pool.fetch(SMS_USED)
    assert {row["used"] for row in used} == {1}


async def test_the_kept_message_goes_where_the_ordinary_ones_are_spent_and_only_there(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    limits = messages.Limits(BUDGET.model_copy(update={"per_person_day": 2}), Policy())

    async def ask(number: int, *, knows: bool) -> SendReserved:
        purse = Purse.KEPT if knows else Purse.ORDINARY
        asked = wish(reference, number, to, reference).model_copy(update={"purse": purse})
        return await messages.reserve(pool, stack.keys, asked, "run", limits)

    given = [await ask(number, knows=number == 1) for number in (1, 2, 3, 4)]
    assert [each.send_no is not None for each in given] == [True, True, False, False]
    refused = given[-1]
    assert refused.spent is SpentPurse.PERSON
    assert refused.kept_at is not None
    assert refused.kept_at <= datetime.now(UTC)
    # Those who do not know cannot use it up, and whoever does gets one an hour.
    assert (await ask(5, knows=True)).send_no is not None
    none_left = await ask(6, knows=True)
    assert none_left.send_no is None
    assert none_left.kept_at is not None
    assert none_left.not_before is not None
    assert timedelta() < none_left.kept_at - datetime.now(UTC) <= HOUR < 20 * HOUR
    assert none_left.not_before - datetime.now(UTC) > 20 * HOUR
    charged = await pool.fetch("SELECT purse FROM message WHERE reference = $1", reference)
    assert Counter(row["purse"] for row in charged) == {"ordinary": 2, "kept": 1}


async def test_the_kept_message_is_paid_from_the_institutions_sms(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sms:%'")
    to, one = contact(Channel.SMS), BUDGET.model_copy(update={"per_hour": 1, "sms_per_hour": 1})
    assert await reserve(pool, stack, wish(reference, 1, to), one) is None
    kept = wish(reference, 2, to).model_copy(update={"purse": Purse.KEPT})
    told = await messages.reserve(pool, stack.keys, kept, "run", messages.Limits(one, Policy()))
    assert (told.spent, told.kept_at) == (SpentPurse.INSTITUTION, None)


async def test_notices_use_up_no_budget(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for number in range(1, 5):
        await messages.record(
            pool,
            stack.keys,
            key=messages.notice_key(reference, number),
            reference=reference,
            destination=to,
            outcome=Delivery.SENT,
        )
    assert await reserve(pool, stack, wish(reference, 1, to)) is None


async def test_the_first_outcome_stands(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    await reserve(pool, stack, wish(reference, 1, to))
    key = messages.pin_key(reference, 1)
    assert await messages.sent(pool, key) is None
    for outcome in (Delivery.SENT, Delivery.UNDELIVERABLE):
        await messages.record(
            pool, stack.keys, key=key, reference=reference, destination=to, outcome=outcome
        )
    assert await messages.sent(pool, key) is Delivery.SENT
    whole = await pool.fetchval("SELECT m::text FROM message m WHERE key = $1", key)
    assert to.to not in whole
