"""A campaign is planned from registrar and ledger, started once, and stopped without Temporal."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from demo.crowd import insert
from demo.part import aside
from domain.campaigns import QuietHours
from domain.contracts.channels import Channel
from domain.registrar.row_facts import MOST_SHARING
from ledger import campaigns as table
from ledger import invitations, objections
from postgres import Pool
from support.commands.campaign import commands
from support.verbs import campaign_plans, campaign_texts, campaigns
from support.verbs.actions import ActionRefused
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests.activities.campaigning import ALWAYS, HERE, PLAN, leave, student
from tests.stack import TestStack

OPERATOR = Staff("olga", frozenset({StaffRole.OPERATOR}))
SUPERVISOR = Staff("nikos", frozenset({StaffRole.SUPERVISOR}))
OFFICE = {"mobilephone": "6981099999", "extemail": None}


@pytest.fixture(scope="module", autouse=True)
def _enrolled(stack: TestStack) -> Iterator[None]:
    twice = student(3)
    rows = [
        *(student(number) for number in (1, 2)),
        student(4, mobilephone=None),
        student(5, mobilephone=None, extemail=None),
        twice,
        {**twice, "registrationid": "YY93"},
        student(6, departmentid="yy2"),
        *(student(100 + each, **OFFICE) for each in range(MOST_SHARING + 1)),
    ]
    aside(insert(stack.registrar_dsn, rows))
    yield
    aside(leave(stack))


@pytest.fixture
def ctx(stack: TestStack, pool: Pool, client: Client) -> StaffContext:
    return StaffContext(client, pool, stack.keys, stack.settings, OPERATOR)


async def test_a_preparation_counts_messages_money_and_who_is_left_out(
    ctx: StaffContext, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    plan = replace(PLAN, per_minute=2, remind_after=timedelta(7))
    told = await campaign_plans.plan_invitations(ctx, plan, reason="October")
    assert told.by_channel == {"sms": 3, "email": 1}
    assert told.left_out == {"no_contact": 1, "shared_by_many": MOST_SHARING + 1, "invited": 1}
    assert (told.planned, told.minutes, told.sms_parts) == (4, 2, 6)
    seen = await campaigns.seen(ctx, told.campaign)
    assert seen.campaign.left_out == told.left_out
    assert campaign_texts.stands(seen.campaign) == "prepared, nothing is sent"
    assert [campaign_texts.became(each, seen.campaign) for each in seen.counts] == ["to be sent"]
    objector = ctx.keys.index("person", "SIS/YY2")
    await objections.note(pool, [objector])
    # Whoever was invited lately is not planned again.
    (first, *_) = await pool.fetch(
        "UPDATE invitation SET state = 'sent', claimed_at = now() WHERE id ="
        " (SELECT min(id) FROM invitation WHERE campaign = $1) RETURNING id",
        told.campaign,
    )
    assert first
    only_mail = replace(PLAN, channels=(Channel.EMAIL,))
    again = await campaign_plans.plan_invitations(ctx, only_mail, reason="November")
    assert (again.by_channel, again.sms_parts) == ({"email": 2}, 0)
    assert (again.left_out["invited"], again.left_out["objected"]) == (2, 1)
    await objections.take_back(pool, [objector])
    assert json.dumps(again.left_out)


async def test_a_preparation_tells_how_far_it_is(
    ctx: StaffContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_plans, "_COUNTED_EVERY", 10)
    told: list[int] = []

    def counted(done: int, of: int | None = None) -> None:
        assert of is None
        told.append(done)

    await campaign_plans.plan_invitations(ctx, PLAN, reason="October", counted=counted)
    assert told == [10, 20]


async def test_a_role_and_its_departments_bound_what_may_be_prepared_seen_and_stopped(
    ctx: StaffContext,
) -> None:
    elsewhere = replace(ctx, staff=replace(OPERATOR, departments=frozenset({"401"})))
    supervisor = replace(ctx, staff=SUPERVISOR)
    with pytest.raises(ActionRefused):
        await campaign_plans.plan_invitations(elsewhere, PLAN, reason="October")
    with pytest.raises(NotAllowed):
        await campaign_plans.plan_invitations(supervisor, PLAN, reason="October")
    nowhere = replace(PLAN, departments=("no such",))
    with pytest.raises(ActionRefused):
        await campaign_plans.plan_invitations(ctx, nowhere, reason="October")
    made = (await campaign_plans.plan_invitations(ctx, PLAN, reason="October")).campaign
    assert made not in [each.id for each in await campaigns.listed(elsewhere)]
    assert made in [each.id for each in await campaigns.listed(supervisor)]
    with pytest.raises(ActionRefused):
        await campaigns.stop(elsewhere, made, reason="mine")
    with pytest.raises(NotAllowed):
        await campaigns.start(supervisor, made, reason="mine")
    assert await campaigns.stop(supervisor, made, reason="wrong")
    assert not await campaigns.stop(supervisor, made, reason="again")
    with pytest.raises(ActionRefused, match="over"):
        await campaigns.start(ctx, made, reason="after all")
    assert HERE.id in (await campaigns.seen(ctx, made)).campaign.plan.departments


async def test_of_a_campaign_of_several_departments_each_sees_its_own_students_alone(
    ctx: StaffContext, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    both = replace(PLAN, departments=(HERE.id, "yy2"), remind_after=timedelta(7))
    made = (await campaign_plans.plan_invitations(ctx, both, reason="October")).campaign
    every = await campaigns.seen(ctx, made)
    assert (every.whole, [each.number for each in every.counts]) == (True, [5])
    for of, number in ((HERE.id, 4), ("yy2", 1)):
        staff = Staff("maria", frozenset({StaffRole.SECRETARIAT}), frozenset({of, "404"}))
        secretariat = replace(ctx, staff=staff)
        seen = await campaigns.seen(secretariat, made)
        assert (seen.whole, [each.number for each in seen.counts]) == (False, [number])
        assert [seen] == await campaigns.newest_seen(secretariat, 1)
        # Nothing of it tells what the other department has.
        assert seen.campaign.plan.departments == (of,)
        assert (seen.campaign.plan.sms_parts, seen.campaign.left_out) == (0, {})
        limited = replace(ctx, staff=replace(OPERATOR, departments=frozenset({of})))
        for act in (campaigns.stop, campaigns.start):
            with pytest.raises(ActionRefused, match="departments that you do not see"):
                await act(limited, made, reason="mine")
        with pytest.raises(ActionRefused, match="departments that you do not see"):
            await campaigns.doubtful(limited, made)
        with pytest.raises(NotAllowed):
            await campaigns.stop(secretariat, made, reason="mine")
    nobody = replace(ctx, staff=replace(OPERATOR, departments=frozenset({"404"})))
    with pytest.raises(ActionRefused, match="no such"):
        await campaigns.seen(nobody, made)
    # The reminder is of the same department.
    await pool.execute("UPDATE invitation SET state = 'sent', finished_at = planned_at")
    await invitations.plan_reminders(pool, made, timedelta())
    counted = await invitations.counts(pool, made, ["yy2"])
    assert [(each.round, each.number) for each in counted] == [(1, 1), (2, 1)]


async def test_a_department_sees_its_campaigns_however_many_newer_ones_others_have(
    ctx: StaffContext, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "MOST", 1)
    await table.create(pool, "0a", PLAN)
    await table.create(pool, "0b", replace(PLAN, departments=("404",)))
    staff = Staff("maria", frozenset({StaffRole.SECRETARIAT}), frozenset({HERE.id}))
    secretariat = replace(ctx, staff=staff)
    assert [each.id for each in await campaigns.listed(secretariat)] == ["0a"]
    (seen,) = await campaigns.newest_seen(secretariat, 1)
    assert seen.campaign.id == "0a"
    assert [each.id for each in await campaigns.listed(ctx)] == ["0b"]


async def test_what_was_prepared_long_ago_or_costs_too_much_is_not_started(
    ctx: StaffContext, pool: Pool
) -> None:
    await pool.execute("DELETE FROM invitation")
    made = (await campaign_plans.plan_invitations(ctx, PLAN, reason="October")).campaign
    limits = ctx.settings.campaigns.model_copy(update={"sms_total": 1})
    poor = replace(ctx, settings=ctx.settings.model_copy(update={"campaigns": limits}))
    with pytest.raises(ActionRefused, match="sms_total"):
        await campaigns.start(poor, made, reason="now")
    aged = "UPDATE campaign SET prepared_at = now() - interval '8 days' WHERE id = $1"
    await pool.execute(aged, made)
    with pytest.raises(ActionRefused, match="week"):
        await campaigns.start(ctx, made, reason="now")


async def test_who_is_in_doubt_is_told_and_audited(
    ctx: StaffContext, pool: Pool, stack: TestStack
) -> None:
    await table.create(pool, "d0", replace(PLAN, quiet=QuietHours(ALWAYS.begin, ALWAYS.end)))
    await invitations.add(pool, stack.keys, "d0", [("somebody", "SIS/YY7", HERE.id)])
    await pool.execute("UPDATE invitation SET state = 'in_doubt' WHERE campaign = 'd0'")
    assert await campaigns.doubtful(ctx, "d0") == ["SIS/YY7"]


async def test_a_stopped_campaign_is_said_to_send_nothing_any_more(
    ctx: StaffContext, pool: Pool, stack: TestStack
) -> None:
    await table.create(pool, "d1", PLAN)
    students = [(f"stopped {number}", f"SIS/{number}", HERE.id) for number in (1, 2)]
    await invitations.add(pool, stack.keys, "d1", students)
    await pool.execute("UPDATE invitation SET state = 'sending' WHERE person_key = 'stopped 2'")
    assert await campaigns.doubtful(ctx, "d1") == []
    await campaigns.stop(ctx, "d1", reason="wrong")
    told = (await asyncio.to_thread(CliRunner().invoke, commands, ["show", "d1"])).stdout
    assert "invitation, not sent: the campaign was stopped before: 1\n" in told
    assert "invitation, in doubt: it was being sent when the campaign was stopped: 1\n" in told
    assert await campaigns.doubtful(ctx, "d1") == ["SIS/2"]
