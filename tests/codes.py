"""Codes in the real ledger as an activation gets them: reserved, sent, typed."""

import secrets
from datetime import UTC, datetime

from activities.pins import PinActivities
from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend, SendReserved
from domain.contracts.people import Destination
from domain.contracts.pin_io import CheckPin
from domain.contracts.submissions import Policy
from ledger import messages
from postgres import Pool
from security.purposes import User
from settings.rules import SendBudget
from tests.stack import TestStack

MANY = 2**31 - 1
POLICY = Policy()
WITHOUT_LIMITS = messages.Limits(
    SendBudget(
        per_hour=MANY,
        per_day=MANY,
        per_person_day=MANY,
        guesses_per_day=MANY,
        mail_per_hour=MANY,
        mail_per_day=MANY,
        sms_per_hour=MANY,
        sms_per_day=MANY,
    ),
    POLICY,
)


def pins(stack: TestStack, pool: Pool, budget: SendBudget = WITHOUT_LIMITS.budget) -> PinActivities:
    return PinActivities(pool=pool, keys=stack.keys_of(User.MAIN), policy=POLICY, budget=budget)


def typed(reference: str, pin: str, submission_id: str | None = None) -> CheckPin:
    return CheckPin(
        reference=reference,
        submission_id=submission_id or secrets.token_hex(8),
        received_at=datetime.now(UTC),
        pin=pin,
    )


async def reserve(
    stack: TestStack,
    pool: Pool,
    reference: str,
    *,
    run_id: str = "run",
    request_no: int = 1,
    to: str = "mail.example",
) -> SendReserved:
    """Reserve a message to a contact that this activation alone has."""
    request = ReserveSend(
        reference=reference,
        request_no=request_no,
        destination=Destination(channel=Channel.EMAIL, to=f"{reference.lower()}@{to}"),
    )
    return await messages.reserve(pool, stack.keys, request, run_id, WITHOUT_LIMITS)


async def send(
    stack: TestStack, pool: Pool, reference: str, *, run_id: str = "run", request_no: int = 1
) -> int:
    """Reserve a message, hand it over, and return the number of its code."""
    reserved = await reserve(stack, pool, reference, run_id=run_id, request_no=request_no)
    assert reserved.send_no
    assert reserved.code_no
    await messages.record(
        pool,
        stack.keys,
        key=messages.pin_key(reference, reserved.send_no),
        reference=reference,
        destination=Destination(channel=Channel.EMAIL, to=f"{reference.lower()}@mail.example"),
        outcome=Delivery.SENT,
    )
    return reserved.code_no


async def minutes_pass(pool: Pool, reference: str, minutes: int) -> None:
    """Let what the ledger noted of this activation be so much older."""
    for table, column in (
        ("message", "reserved_at"),
        ("message", "finished_at"),
        ("tries", "locked_until"),
    ):
        await pool.execute(
            f"UPDATE {table} SET {column} = {column} - make_interval(mins => $2)"  # noqa: S608 - ours
            " WHERE reference = $1",
            reference,
            minutes,
        )
