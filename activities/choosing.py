"""Activity that chooses whom a campaign sends to next, judged by registrar and ledger as of now.

Nothing of a student but keys and one encrypted number is in the ledger, so the contact is read from
the registrar just before the message goes. Who has an account by then, or left, is skipped.
"""

from datetime import datetime, timedelta

from temporalio import activity

from activities.errors import guarded
from activities.judging import StudentJudge
from activities.registered import Activities
from adapters.messaging import wiring
from adapters.registrar.port import Registrar
from domain.contracts.campaigns import InvitationBatch, NextInvitations, Recipient
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import campaigns, clock, invitations, pauses
from ledger.campaigns import CampaignRow
from ledger.invitations import PlannedInvitation
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings import Settings

UNANSWERED = timedelta(minutes=2)
"""After so long nobody waits for the answer to a message any more."""
_PAUSED = timedelta(minutes=1)
TOGETHER = 5
"""Students who are judged together; more would hold the event loop for longer."""


class ChoosingActivities(Activities):
    def __init__(
        self, *, pool: Pool, keys: KeyRing, settings: Settings, registrar: Registrar
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._settings = settings
        self._judge = StudentJudge(pool=pool, keys=keys, settings=settings, registrar=registrar)
        self._again = wiring.deduplicating(settings)

    @activity.defn(name=ActivityName.NEXT_INVITATIONS)
    async def next_invitations(self, request: NextInvitations) -> InvitationBatch:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            campaign = await campaigns.read(self._pool, request.campaign)
            if campaign is None or campaign.started_at is None or campaign.over:
                return InvitationBatch(over=True)
            await invitations.end_unanswered(self._pool, request.campaign, UNANSWERED, self._again)
            now = await clock.now(self._pool)
            if wait := await self._wait(campaign, now):
                return InvitationBatch(wait=wait)
            # A batch takes half a minute, so that nobody is judged long before the message.
            most = max(1, min(request.most, campaign.plan.per_minute // 2))
            due = await self._due(campaign, most)
            if not due:
                return await self._rest(campaign, now)
        recipients: list[Recipient] = []
        for first in range(0, len(due), TOGETHER):
            activity.heartbeat()
            some = due[first : first + TOGETHER]
            for planned, judged in zip(some, await self._judge.judge(campaign, some), strict=True):
                if isinstance(judged, Recipient):
                    recipients.append(judged)
                else:
                    with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                        await invitations.skip(self._pool, planned.id, judged)
        zone = self._settings.institution.timezone
        return InvitationBatch(
            recipients=tuple(recipients),
            per_minute=campaign.plan.per_minute,
            reminder=due[0].round > 1,
            until=campaign.plan.quiet.following(now, zone),
        )

    async def _wait(self, campaign: CampaignRow, now: datetime) -> timedelta | None:
        """Return how long nothing may be sent: in the quiet hours and in the pause of all."""
        ends = campaign.plan.quiet.until(now, self._settings.institution.timezone)
        if ends:
            return ends - now
        return _PAUSED if await pauses.current(self._pool) else None

    async def _due(self, campaign: CampaignRow, most: int) -> list[PlannedInvitation]:
        """Return who is due, invitations before reminders, and never both in one batch."""
        remind_after = campaign.plan.remind_after
        due = await invitations.following(self._pool, self._keys, campaign.id, most)
        if not due and remind_after is not None:
            await invitations.plan_reminders(self._pool, campaign.id, remind_after)
            due = await invitations.following(self._pool, self._keys, campaign.id, most)
        return [each for each in due if each.round == due[0].round]

    async def _rest(self, campaign: CampaignRow, now: datetime) -> InvitationBatch:
        """Wait until something may be due again, or end the campaign."""
        after = campaign.plan.remind_after
        again = await invitations.open_until(self._pool, campaign.id, after, UNANSWERED)
        if again is None:
            await campaigns.end(self._pool, campaign.id)
            return InvitationBatch(over=True)
        return InvitationBatch(wait=max(again - now, timedelta(seconds=1)))
