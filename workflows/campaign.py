"""Sends the invitations of one campaign, batch by batch, until none is left or staff stop it.

Who gets a message, when, and what became of it is in the ledger, so that the history stays small
and a killed worker changes nothing. A batch that fails is never repeated: its students are judged
anew, one at a time until a message goes through.
"""

from contextlib import suppress
from datetime import timedelta
from itertools import groupby

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.contracts.campaigns import (
        CampaignEnded,
        InvitationBatch,
        NextInvitations,
        Recipient,
        RunCampaign,
        SendInvitations,
        StopCampaign,
    )
    from domain.contracts.channels import Channel
    from domain.contracts.vocabulary import CAMPAIGN_WORKFLOW, STOP_CAMPAIGN, ActivityName
    from workflows.calls import next_invitations
    from workflows.inbox import one_payload
    from workflows.priorities import priority_of

_AT_ONCE = 25
"""Students of a batch, whose contacts are in its payload: some kilobytes."""
_BATCHES = 60
"""Batches per run: about twelve history events each."""
_BATCH_TIMEOUT = timedelta(minutes=10)
_HEARTBEAT = timedelta(minutes=2)
"""Longer than the pause between two messages of the slowest campaign."""
_FIRST_REST = timedelta(seconds=5)
_LONGEST_REST = timedelta(minutes=5)
_DOUBLINGS = 6


@workflow.defn(name=CAMPAIGN_WORKFLOW)
class Campaign:
    def __init__(self) -> None:
        self._look_again = False

    @workflow.run
    async def run(self, *given: object) -> CampaignEnded:
        at = one_payload(RunCampaign, given)
        for _ in range(_BATCHES):
            most = 1 if at.failures else _AT_ONCE
            batch = await next_invitations(NextInvitations(campaign=at.campaign, most=most))
            if batch.over:
                break
            at = await self._after(batch, at)
        else:
            workflow.continue_as_new(at)
        return CampaignEnded()

    async def _after(self, batch: InvitationBatch, at: RunCampaign) -> RunCampaign:
        """Send a batch or wait, and return how the next one goes on."""
        rest, failures = batch.wait, at.failures
        if rest is None:
            sent = await _sent(batch)
            backoff = min(_FIRST_REST * 2 ** min(failures, _DOUBLINGS), _LONGEST_REST)
            rest = None if sent else backoff
            failures = failures + 1 if not sent else 0 if batch.recipients else failures
        if rest is not None:
            await self._rest(rest)
        return RunCampaign(campaign=at.campaign, failures=failures)

    @workflow.signal(name=STOP_CAMPAIGN)
    async def stop(self, request: StopCampaign) -> None:
        """Look into the ledger now, which says that the campaign is stopped."""
        del request
        self._look_again = True

    async def _rest(self, wait: timedelta) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._look_again, timeout=wait)
        self._look_again = False


async def _sent(batch: InvitationBatch) -> bool:
    """Send to everybody of a batch, channel by channel; False: a message could not be sent."""
    by_channel = sorted(batch.recipients, key=_channel)
    for channel, recipients in groupby(by_channel, key=_channel):
        request = SendInvitations(
            recipients=tuple(recipients),
            per_minute=batch.per_minute,
            reminder=batch.reminder,
            until=batch.until,
        )
        try:
            # What became of each is in the ledger: the result is not read.
            await workflow.execute_activity(
                ActivityName.SEND_INVITATIONS,
                request,
                result_type=RawValue,
                task_queue=channel.queue,
                schedule_to_start_timeout=_BATCH_TIMEOUT,
                start_to_close_timeout=_BATCH_TIMEOUT,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=RetryPolicy(maximum_attempts=1),
                priority=priority_of(ActivityName.SEND_INVITATIONS, workflow.instance()),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return False
    return True


def _channel(recipient: Recipient) -> Channel:
    return recipient.destination.channel
