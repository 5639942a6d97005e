"""Campaigns of staff: starts, stops and shows them.

To see and to stop one needs less than to start one, so that more people can stop a mistake. Whoever
is limited to departments sees of a campaign what concerns these, and stops one of theirs alone.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.campaigns import RunCampaign, StopCampaign
from domain.contracts.vocabulary import (
    CAMPAIGN_WORKFLOW,
    STOP_CAMPAIGN,
    TaskQueue,
    campaign_workflow_id,
)
from ledger import campaigns, invitations
from ledger.campaigns import CampaignRow, Started
from ledger.invitations import InvitationCount
from starter.client.connect import NO_ANSWER, asking
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_
from web import times
from workflows.priorities import DUTIES

MOST = 50
"""Campaigns of a list, the newest first."""
_FRESH = timedelta(days=7)
"""After so long the counts of a preparation tell too little of what a start would do."""


@dataclass(frozen=True)
class CampaignSeen:
    """A campaign with what became of its invitations so far.

    `whole`: this person sees all of its departments. Otherwise `campaign` has only those that they
    see and no figures of all, and the counts are of these departments' students.
    """

    campaign: CampaignRow
    counts: Sequence[InvitationCount]
    whole: bool


async def listed(ctx: StaffContext) -> list[CampaignRow]:
    """Return what this person sees of the newest campaigns, without those of others alone."""
    return [_in_sight(ctx, each) for each in await _newest(ctx, MOST)]


async def seen(ctx: StaffContext, campaign: str) -> CampaignSeen:
    """Return a campaign with its counts; raises `ActionRefused` for one that there is not."""
    return await _counted(ctx, await _known(ctx, Action.CAMPAIGN, campaign))


async def newest_seen(ctx: StaffContext, most: int) -> list[CampaignSeen]:
    """Return so many of the campaigns that are `listed`, with their counts."""
    return [await _counted(ctx, each) for each in await _newest(ctx, most)]


async def _newest(ctx: StaffContext, most: int) -> list[CampaignRow]:
    ctx.staff.check(Action.CAMPAIGN)
    return await campaigns.newest(ctx.pool, most, ctx.staff.departments)


async def _counted(ctx: StaffContext, found: CampaignRow) -> CampaignSeen:
    in_sight = _in_sight(ctx, found)
    whole = in_sight is found
    of = None if whole else in_sight.plan.departments
    return CampaignSeen(in_sight, await invitations.counts(ctx.pool, found.id, of), whole)


async def doubtful(ctx: StaffContext, campaign: str) -> list[str]:
    """Return the enrolments of whom nobody knows whether the message arrived; it is audited."""
    await _whole(ctx, Action.CAMPAIGN, campaign)
    await ctx.record(Action.CAMPAIGN, reason=f"in doubt: {campaign}")
    return await invitations.in_doubt(ctx.pool, ctx.keys, campaign)


async def start(ctx: StaffContext, campaign: str, *, reason: str) -> None:
    """Start sending, once however often it is called; raises `ActionRefused`.

    Raises `TemporalUnavailable`: nothing is sent until it is called again.
    """
    found = await _whole(ctx, Action.CAMPAIGN_START, campaign)
    if found.started_at is None and await ctx.now() - found.prepared_at > _FRESH:
        raise ActionRefused(N_("It was prepared more than a week ago: prepare a new one."))
    await ctx.record(Action.CAMPAIGN_START, reason=f"start {campaign}: {reason}")
    limits = ctx.settings.campaigns
    apart = timedelta(limits.apart_days)
    match await campaigns.start(ctx.pool, campaign, apart=apart, total=limits.sms_total):
        case Started.OVER:
            raise ActionRefused(N_("This campaign is over."))
        case Started.OVER_TOTAL:
            raise ActionRefused(
                N_("All campaigns together would send more SMS than campaigns.sms_total allows.")
            )
    with suppress(WorkflowAlreadyStartedError), asking():
        await ctx.client.start_workflow(
            CAMPAIGN_WORKFLOW,
            RunCampaign(campaign=campaign),
            id=campaign_workflow_id(campaign),
            task_queue=TaskQueue.MAIN,
            # A run that was terminated begins anew: the ledger knows who was told.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            priority=DUTIES,
            rpc_timeout=times.CONSOLE_RPC,
        )


async def stop(ctx: StaffContext, campaign: str, *, reason: str) -> bool:
    """Stop between two messages, for good; return False if it was over. Needs no Temporal."""
    await _whole(ctx, Action.CAMPAIGN_STOP, campaign)
    await ctx.record(Action.CAMPAIGN_STOP, reason=f"stop {campaign}: {reason}")
    stopped = await campaigns.stop(ctx.pool, campaign)
    # Only so that a resting workflow ends now; each message asks the ledger in any case.
    with suppress(*NO_ANSWER):
        handle = ctx.client.get_workflow_handle(campaign_workflow_id(campaign))
        await handle.signal(STOP_CAMPAIGN, StopCampaign(), rpc_timeout=times.CONSOLE_RPC)
    return stopped


async def _known(ctx: StaffContext, action: Action, campaign: str) -> CampaignRow:
    ctx.staff.check(action)
    found = await campaigns.read(ctx.pool, campaign)
    if found is None or not _departments(ctx, found):
        raise ActionRefused(N_("There is no such campaign."))
    return found


async def _whole(ctx: StaffContext, action: Action, campaign: str) -> CampaignRow:
    """Return a campaign of which this person sees every department."""
    found = await _known(ctx, action, campaign)
    if _in_sight(ctx, found) is not found:
        raise ActionRefused(N_("It also invites students of departments that you do not see."))
    return found


def _departments(ctx: StaffContext, campaign: CampaignRow) -> tuple[str, ...]:
    return tuple(filter(ctx.staff.sees, campaign.plan.departments))


def _in_sight(ctx: StaffContext, campaign: CampaignRow) -> CampaignRow:
    """Return the same campaign if all of its departments are seen, else what concerns those."""
    departments = _departments(ctx, campaign)
    if departments == campaign.plan.departments:
        return campaign
    plan = replace(campaign.plan, departments=departments, sms_parts=0)
    return replace(campaign, plan=plan, parts_spent=0, left_out={})
