"""A campaign tells each student once, whoever dies, activates, leaves or stops it meanwhile."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from activities.choosing import UNANSWERED
from demo.crowd import insert
from domain.campaigns import InvitationState, NotInvited, QuietHours
from domain.contracts.people import Person
from domain.contracts.vocabulary import FailureType, Language, Step
from domain.receipts import Receipt
from domain.registrar.row_facts import MOST_SHARING
from ledger import activations, campaigns, claims, invitations, objections, pauses, receipts
from postgres import Pool
from security import receipt_tokens
from settings.systems import Mail, Sms
from tests.activities.campaigning import (
    ALWAYS,
    APART,
    PLAN,
    Campaigning,
    address,
    campaigning,
    leave,
    mobile,
    student,
)
from tests.activities.conftest import MakePerson
from tests.adapters.gateway import cut, hang, talking
from tests.adapters.gateway import running as gateway_running
from tests.stack import TestStack
from workflows import campaign as workflow

FRENCH, SIBLINGS, MAIL_TOO, NOBODY, TWICE, MANY = 21, (31, 32), 33, 41, (51, 52), 60


@pytest.fixture(scope="module", autouse=True)
async def _enrolled(stack: TestStack) -> AsyncIterator[None]:
    plain = [student(number) for number in range(1, 13)]
    shared = {"mobilephone": f"69810{SIBLINGS[0]:05}"}
    office = {"mobilephone": f"69810{MANY:05}"}
    two = student(TWICE[0])
    rows = [
        *plain,
        student(FRENCH, citizenship="FR"),
        *(student(number, **shared, extemail=None) for number in SIBLINGS),
        student(MAIL_TOO, **shared),
        student(NOBODY, mobilephone=None, extemail=None),
        two,
        {**two, "registrationid": f"YY{TWICE[1]}", "departmentid": "yy2"},
        *(student(MANY + each, **office) for each in range(MOST_SHARING + 1)),
    ]
    await insert(stack.registrar_dsn, rows)
    yield
    await leave(stack)


async def begun(pool: Pool, stack: TestStack, number: int, person: Person) -> str:
    """Let a student type the code; return the activation's reference."""
    reference = f"A-INVITED-{number}"
    key = stack.keys.index("person", f"SIS/YY{number}")
    who = person.model_copy(update={"person_key": key})
    el = Language.EL
    await activations.begin(
        pool, stack.keys, reference=reference, language=el, mobile=mobile(number), email=None
    )
    await claims.note_and_claim(pool, stack.keys, reference=reference, person=who, language=el)
    return reference


async def aged(one: Campaigning, by: timedelta) -> None:
    await one.pool.execute(
        "UPDATE invitation SET claimed_at = claimed_at - $2::interval,"
        " finished_at = finished_at - $2::interval WHERE campaign = $1",
        one.id,
        by,
    )


async def test_each_gets_one_message_in_their_language_however_often_a_batch_is_sent(
    stack: TestStack, pool: Pool
) -> None:
    async with campaigning(stack, pool, [1, FRENCH]) as one:
        batch = await one.chosen()
        assert [each.destination.to for each in batch.recipients] == [mobile(1), mobile(FRENCH)]
        # Two workers that both think the batch is theirs.
        assert sum(await asyncio.gather(*(one.send(batch) for _ in range(3)))) == 2
        (greek,), (english,) = stack.messages(mobile(1)), stack.messages(mobile(FRENCH))
        assert "IΔPYMATIKO" in greek["text"]
        assert "institutional account" in english["text"]
        assert await one.counts() == {"1 sent": 2}
        assert (await one.chosen()).over
        seen = await campaigns.read(pool, one.id)
        assert seen
        assert seen.ended_at
        assert seen.parts_spent == 2
        # A second campaign, also at once, tells neither of them again.
        async with campaigning(stack, pool, [1, FRENCH]) as other:
            await other.send(await other.chosen())
            assert await other.counts() == {"1 invited": 2}


async def test_whoever_activates_or_leaves_meanwhile_gets_nothing(
    stack: TestStack, pool: Pool, make_person: MakePerson
) -> None:
    async with campaigning(stack, pool, [2, 3, 4, 5]) as one:
        before, between, under_way = 2, 3, 4
        for number in (before, between):
            reference = await begun(pool, stack, number, make_person())
            if number == between:
                batch = await one.chosen()
            await activations.close(pool, reference=reference, end=Step.ACTIVE)
        await begun(pool, stack, under_way, make_person())
        await one.send(batch)
        assert await one.counts() == {
            "1 active": 2,
            "1 under_way": 1,
            "1 sent": 1,
        }
        assert [stack.messages(mobile(number)) for number in (2, 3, 4)] == [[], [], []]
    async with campaigning(stack, pool, [NOBODY, 999]) as one:
        assert (await one.chosen()).recipients == ()
        assert await one.counts() == {"1 no_contact": 1, "1 not_enrolled": 1}
    await pool.execute("DELETE FROM activation WHERE reference LIKE 'A-INVITED-%'")
    await pool.execute("DELETE FROM claim WHERE reference LIKE 'A-INVITED-%'")


async def test_whoever_objects_gets_nothing_from_then_on(stack: TestStack, pool: Pool) -> None:
    await pool.execute("DELETE FROM invitation")
    days, (before, between, later, never) = timedelta(days=7), (1, 2, 3, TWICE[1])
    await objections.note(pool, [key_of(stack, before), key_of(stack, TWICE[0])])
    plan = replace(PLAN, remind_after=days)
    async with campaigning(stack, pool, [before, between, later, never, 4], plan) as one:
        batch = await one.chosen()
        await objections.note(pool, [key_of(stack, between)])
        assert await one.send(batch) == 2
        await objections.note(pool, [key_of(stack, later)])
        await aged(one, days)
        assert await one.send(await one.chosen()) == 1
        assert await one.counts() == {"1 objected": 3, "1 sent": 2, "2 objected": 1, "2 sent": 1}
    await pool.execute("DELETE FROM objection")


async def test_a_contact_of_several_gets_one_message_and_that_of_many_none(
    stack: TestStack, pool: Pool
) -> None:
    async with campaigning(stack, pool, [*SIBLINGS, MAIL_TOO, MANY]) as one:
        batch = await one.chosen()
        assert batch.recipients[-1].destination.to == address(MANY)
        await one.send(batch.model_copy(update={"recipients": batch.recipients[:2]}))
        assert await one.counts() == {"1 sent": 1, "1 shared": 1, "1 planned": 2}
        # The sibling who has another contact gets the message there.
        batch = await one.chosen()
        assert [each.destination.to for each in batch.recipients] == [
            address(MAIL_TOO),
            address(MANY),
        ]
        await one.send(batch)
        assert len(stack.messages(mobile(SIBLINGS[0]))) == 1
        (letter,) = stack.messages(address(MAIL_TOO))
        assert stack.settings.portal.public_url in letter["text"]
        assert "None" not in letter["text"]
        assert one.stack.messages(mobile(MANY)) == []


async def test_receipts_are_counted_by_state_of_what_was_handed_over(
    stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    async with campaigning(stack, pool, range(1, 6)) as one:
        batch = await one.chosen()
        numbers = [each.invitation for each in batch.recipients]
        told = [Receipt.DELIVERED, Receipt.FAILED, Receipt.EXPIRED, Receipt.PENDING]
        keys = [invitations.message_key(number) for number in numbers]
        indexes = [receipt_tokens.index_of(stack.keys, key) for key in keys]
        for index, state in zip(indexes, told, strict=False):
            # A receipt may come before the answer.
            await receipts.record(pool, index, state)
        (planned,) = await invitations.counts(pool, one.id)
        assert planned.receipts == {}
        await one.send(batch)
        (sent,) = await invitations.counts(pool, one.id)
        known = {"delivered": 1, "failed": 1, "expired": 1, "not_told": 2}
        assert (sent.number, sent.receipts) == (5, known)
        # Whoever is in doubt may have been told to have it.
        doubt = "UPDATE invitation SET state = 'in_doubt' WHERE id = ANY($1)"
        await pool.execute(doubt, [numbers[0], numbers[4]])
        counted = {each.state: each.receipts for each in await invitations.counts(pool, one.id)}
        assert counted[InvitationState.IN_DOUBT] == {"delivered": 1, "not_told": 1}
        assert counted[InvitationState.SENT] == {"failed": 1, "expired": 1, "not_told": 1}


async def test_students_who_are_judged_together_are_judged_as_alone(
    stack: TestStack, pool: Pool
) -> None:
    numbers = [1, FRENCH, *SIBLINGS, MAIL_TOO, NOBODY, *TWICE, MANY, 999]
    async with campaigning(stack, pool, numbers) as one:
        campaign = await campaigns.read(pool, one.id)
        assert campaign
        due = await invitations.following(pool, stack.keys, one.id, len(numbers))
        judge = one.choosing._judge.judge
        assert await judge(campaign, due) == [
            judged for each in due for judged in await judge(campaign, [each])
        ]


async def test_a_human_of_two_departments_gets_one_message(stack: TestStack, pool: Pool) -> None:
    async with campaigning(stack, pool, TWICE) as one:
        await one.send(await one.chosen())
        assert await one.counts() == {"1 sent": 1, "1 invited": 1}
        assert len(stack.messages(mobile(TWICE[0]))) == 1


async def test_a_stop_a_pause_quiet_hours_and_a_spent_budget_hold_between_two_messages(
    stack: TestStack, pool: Pool
) -> None:
    async with campaigning(stack, pool, [6, 7], replace(PLAN, sms_parts=1)) as one:
        batch = await one.chosen()
        quiet = batch.model_copy(update={"until": datetime.now(UTC) - timedelta(minutes=1)})
        assert await one.send(quiet) == 0
        await pauses.begin(pool, el="Κλειστά.", en="Closed.")
        assert await one.send(batch) == 0
        assert (await one.chosen()).wait == timedelta(minutes=1)
        await pauses.end(pool)
        # The budget is one part.
        assert await one.send(batch) == 1
        seen = await campaigns.read(pool, one.id)
        assert seen
        assert (seen.stopped_why, seen.parts_spent) == ("budget", 1)
        assert (await one.chosen()).over
        assert await one.counts() == {"1 sent": 1, "1 planned": 1}
    async with campaigning(stack, pool, [7]) as one:
        batch = await one.chosen()
        assert await campaigns.stop(pool, one.id)
        assert not await campaigns.stop(pool, one.id)
        assert await one.send(batch) == 0
        assert (await one.chosen()).over
        assert stack.messages(mobile(7)) == []
    # A zone whose clock is never set, because in that hour five minutes are sixty-five.
    utc = stack.settings.institution.model_copy(update={"timezone": ZoneInfo("UTC")})
    now, soon = datetime.now(UTC), timedelta(minutes=5)
    plan = replace(PLAN, quiet=QuietHours((now - soon).time(), (now + soon).time()))
    async with campaigning(stack, pool, [7], plan, institution=utc) as one:
        wait = (await one.chosen()).wait
        assert wait
        assert timedelta(minutes=3) < wait <= timedelta(minutes=5)


async def test_a_gateway_that_certainly_took_nothing_is_tried_again_and_another_is_not(
    stack: TestStack, pool: Pool
) -> None:
    with gateway_running() as gateway:
        away = Sms(url="http://127.0.0.1:9/send")
        async with campaigning(stack, pool, [8], sms=away) as one:
            await fails(one, FailureType.SMS_DOWN)
            assert await one.counts() == {"1 planned": 1}
            await campaigns.stop(pool, one.id)
        busy = Sms(url=gateway.url)
        async with campaigning(stack, pool, [8], sms=busy) as one:
            for status in (503, 429):
                gateway.status = status
                await fails(one, FailureType.SMS_DOWN)
                assert await one.counts() == {"1 planned": 1}
            gateway.status = 500
            await fails(one, FailureType.SMS_DOWN)
            assert await one.counts() == {"1 in_doubt": 1}
            assert await invitations.in_doubt(pool, stack.keys, one.id) == ["SIS/YY8"]
            assert (await one.chosen()).over
        # Nor by another campaign, nor by the second gateway.
        async with campaigning(stack, pool, [8], sms_fallback=busy) as one:
            gateway.status = 200
            sent_before = len(gateway.seen)
            await one.send(await one.chosen())
            assert await one.counts() == {"1 invited": 1}
            assert len(gateway.seen) == sent_before
        gateway.status = 404
        async with campaigning(stack, pool, [9], sms=busy) as one:
            assert await one.send(await one.chosen()) == 1
            assert await one.counts() == {"1 undeliverable": 1}


async def test_what_nobody_knows_is_sent_again_only_where_the_gateway_deduplicates(
    stack: TestStack, pool: Pool
) -> None:
    async with talking(cut) as url:
        async with campaigning(stack, pool, [10], sms=Sms(url=url)) as one:
            await fails(one, FailureType.SMS_DOWN)
            assert await one.counts() == {"1 in_doubt": 1}
        again = Sms(url=url, deduplicates=True)
        async with campaigning(stack, pool, [11], sms=again) as one:
            await fails(one, FailureType.SMS_DOWN)
            assert await one.counts() == {"1 planned": 1}
            ids = await pool.fetch(
                "SELECT parts, tries FROM invitation WHERE campaign = $1", one.id
            )
            assert [tuple(each) for each in ids] == [(1, 1)]


@pytest.mark.parametrize(("deduplicates", "state"), [(False, "in_doubt"), (True, "planned")])
async def test_a_worker_that_dies_between_claim_and_answer_leaves_a_doubt(
    stack: TestStack, pool: Pool, deduplicates: bool, state: str
) -> None:
    taken = asyncio.Event()

    async def take(request: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        taken.set()
        await hang(request, reader, writer)

    async with talking(take) as url:
        sms = Sms(url=url, deduplicates=deduplicates)
        number = 12 if deduplicates else FRENCH
        await pool.execute("DELETE FROM invitation WHERE person_key = $1", key_of(stack, number))
        async with campaigning(stack, pool, [number], sms=sms) as one:
            dying = asyncio.create_task(one.send(await one.chosen()))
            await taken.wait()
            assert await one.counts() == {"1 sending": 1}
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
            wait = (await one.chosen()).wait
            assert wait
            assert UNANSWERED - timedelta(seconds=20) < wait <= UNANSWERED
            await aged(one, UNANSWERED)
            assert (await one.chosen()).over is not deduplicates
            assert await one.counts() == {f"1 {state}": 1}
            # An answer that comes after all ends the doubt.
            (row,) = await pool.fetch("SELECT id FROM invitation WHERE campaign = $1", one.id)
            await invitations.settle(pool, row["id"], InvitationState.SENT)
            settled = "planned" if deduplicates else "sent"
            assert await one.counts() == {f"1 {settled}": 1}


async def test_a_batch_that_takes_too_long_ends_and_the_next_one_goes_on(
    stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    async with campaigning(stack, pool, [1, 2, 3]) as one:
        batch = await one.chosen()
        for left in (2, 1, 0):
            # Half of it is over after any message.
            assert await one.send(batch, within=timedelta(microseconds=2)) == 1
            batch = await one.chosen()
            assert len(batch.recipients) == left
        assert batch.over
        assert await one.counts() == {"1 sent": 3}


def test_one_message_takes_less_than_what_a_batch_has_left() -> None:
    for section in (Mail, Sms):
        slowest = section.model_json_schema()["properties"]["timeout_seconds"]["maximum"]
        # The slowest pace is one message a minute.
        longest = timedelta(minutes=1, seconds=slowest)
        assert longest < min(workflow._BATCH_TIMEOUT / 2, workflow._HEARTBEAT)


def key_of(stack: TestStack, number: int) -> str:
    return stack.keys.index("person", f"SIS/YY{number}")


async def fails(one: Campaigning, failure: FailureType) -> None:
    with pytest.raises(ApplicationError) as raised:
        await one.send(await one.chosen())
    assert raised.value.type == failure


async def test_who_has_not_activated_after_days_is_reminded_once(
    stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    days = timedelta(days=7)
    async with campaigning(stack, pool, [1, 2, 3], replace(PLAN, remind_after=days)) as one:
        await one.send(await one.chosen())
        (row,) = await pool.fetch(
            "UPDATE invitation SET state = 'in_doubt' WHERE campaign = $1 AND person_key = $2"
            " RETURNING id",
            one.id,
            key_of(stack, 3),
        )
        assert row
        wait = (await one.chosen()).wait
        assert wait
        assert days - timedelta(minutes=1) < wait <= days
        await aged(one, days)
        batch = await one.chosen()
        assert batch.reminder
        assert await one.send(batch) == 2
        assert (await one.chosen()).over
        assert await one.counts() == {"1 in_doubt": 1, "1 sent": 2, "2 sent": 2}
        last = stack.messages(mobile(2))[-1]
        assert "YΠENΘYMIΣH" in last["text"]


async def test_a_campaign_of_nobody_ends_and_one_that_is_not_known_does_nothing(
    stack: TestStack, pool: Pool
) -> None:
    async with campaigning(stack, pool, []) as one:
        assert (await one.chosen()).over
    async with campaigning(stack, pool, [5], replace(PLAN, quiet=ALWAYS)) as one:
        one.id = "nothing"
        assert (await one.chosen()).over


async def test_an_outage_of_ledger_or_registrar_is_said(stack: TestStack, pool: Pool) -> None:
    async with campaigning(stack, pool, [5]) as one:
        batch = await one.chosen()
        stack.stop("postgres")
        try:
            for work in (one.chosen(), one.send(batch)):
                with pytest.raises(ApplicationError) as raised:
                    await work
                assert raised.value.type == FailureType.LEDGER_DOWN
        finally:
            stack.start("postgres")
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:9/nothing")
    away = stack.settings.registrar.model_copy(update={"dsn": nowhere})
    await pool.execute("DELETE FROM invitation")
    async with campaigning(stack, pool, [5], registrar=away) as one:
        with pytest.raises(ApplicationError) as raised:
            await one.chosen()
        assert raised.value.type == FailureType.REGISTRAR_DOWN
        assert await one.counts() == {"1 planned": 1}


async def test_all_campaigns_together_have_one_budget(pool: Pool) -> None:
    spent = await pool.fetchval("SELECT coalesce(sum(parts_spent), 0) FROM campaign")
    await pool.execute("UPDATE campaign SET ended_at = now() WHERE ended_at IS NULL")
    for made, total in (("first", spent + 150), ("second", spent + 199), ("third", spent + 200)):
        await campaigns.create(pool, made, PLAN)
        answer = await campaigns.start(pool, made, apart=APART, total=total)
        assert answer == ("over_total" if made == "second" else "started")
        # Starting twice promises no more.
        assert await campaigns.start(pool, made, apart=APART, total=total) == answer
    await campaigns.end(pool, "third")
    assert await campaigns.start(pool, "third", apart=APART, total=10_000) == "over"
    await pool.execute("UPDATE campaign SET ended_at = now()")


def test_every_reason_of_the_ledger_is_known() -> None:
    written = {"active", "under_way", "invited", "shared", "objected"}
    assert written < {each.value for each in NotInvited}
