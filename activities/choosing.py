"""Activity that chooses whom a campaign sends to next, judged by registrar and ledger as of now.

Nothing of a student but keys and one encrypted number is in the ledger, so the contact is read from
the registrar just before the message goes. Who has an account by then, or left, is skipped.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from activities.registrar import few_with
from adapters.messaging import wiring
from adapters.registrar.port import Registrar
from domain.campaigns import NotInvited, language_of
from domain.contracts.campaigns import InvitationBatch, NextInvitations, Recipient
from domain.contracts.channels import Channel
from domain.contracts.people import Destination, Person
from domain.contracts.vocabulary import ActivityName, ContactKind, FailureType
from domain.memo import remembering
from domain.registrar import students
from domain.registrar.humans import people
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, enrolment, is_live
from domain.registrar.students import ContactQuery
from ledger import campaigns, clock, invitations, pauses
from ledger.campaigns import CampaignRow
from ledger.invitations import PlannedInvitation
from ledger.messages import contact_index
from postgres import UNAVAILABLE, Pool
from recognition.not_activated import has_account
from security.keys import KeyRing
from settings import Settings

UNANSWERED = timedelta(minutes=2)
"""After so long nobody waits for the answer to a message any more."""
_PAUSED = timedelta(minutes=1)


class ChosenStudent(NamedTuple):
    """A human of the registrar, with all rows."""

    person: Person
    rows: list[Row]


class ChoosingActivities(Activities):
    def __init__(
        self, *, pool: Pool, keys: KeyRing, settings: Settings, registrar: Registrar
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._index = partial(keys.index, "person")
        self._settings = settings
        self._registrar = registrar
        self._region = settings.registrar.phone_region
        self._own = settings.institution.mail_domains
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
        for planned in due:
            activity.heartbeat()
            chosen = await self._judged(campaign, planned)
            if isinstance(chosen, Recipient):
                recipients.append(chosen)
            else:
                with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                    await invitations.skip(self._pool, planned.id, chosen)
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

    async def _judged(
        self, campaign: CampaignRow, planned: PlannedInvitation
    ) -> Recipient | NotInvited:
        """Return where the message goes as of now, or why this student gets none."""
        with remembering(), guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            chosen = await self._student(planned)
            if chosen is None:
                return NotInvited.NOT_ENROLLED
            contacts = await self._contacts(chosen, campaign.plan.channels)
        if not contacts:
            return NotInvited.NO_CONTACT
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            live = [*filter(is_live, chosen.rows)]
            if await has_account(self._pool, self._keys, self._settings, live):
                return NotInvited.ACTIVE
            indexes = {contact_index(self._keys, each): each for each in contacts}
            used = await invitations.used(self._pool, campaign.id, planned, [*indexes])
            free = [each for index, each in indexes.items() if index not in used]
            if not free:
                return NotInvited.SHARED
            spoken = await invitations.chosen_language(self._pool, chosen.person.keys, [*indexes])
        default = self._settings.institution.default_language
        return Recipient(
            invitation=planned.id,
            destination=free[0],
            language=language_of(spoken, chosen.person.citizenship, default),
            other_keys=tuple(key for key in chosen.person.keys if key != planned.person_key),
        )

    async def _student(self, planned: PlannedInvitation) -> ChosenStudent | None:
        """Return the human who has the invited enrolment, if they are enrolled."""
        rows = await self._registrar.by_number(planned.enrolment)
        nothing = ContactQuery(None, None, self._region, self._own)
        for group in people(rows, self._region, self._own):
            if any(enrolment(row) == planned.enrolment and is_live(row) for row in group.rows):
                made = students.person(group.rows, nothing, self._index)
                return ChosenStudent(made, group.rows)
        return None

    async def _contacts(
        self, chosen: ChosenStudent, channels: Collection[str]
    ) -> list[Destination]:
        """Return the destinations in the order of the channels, without what many have."""
        mobiles, emails = students.contacts(chosen.rows, self._region, self._own)
        offered = [
            Destination(channel=channel, to=contact)
            for channel in map(Channel, channels)
            for contact in (mobiles if channel.contact is ContactKind.MOBILE else emails)
        ]
        return [each for each in offered if not await self._many_have(each)]

    async def _many_have(self, to: Destination) -> bool:
        mobile = to.channel.contact is ContactKind.MOBILE
        number, address = (to.to, None) if mobile else (None, to.to)
        typed = ContactQuery(number, address, self._region, self._own)
        # Who they are need not be read where there are no more rows than persons may be.
        return await few_with(self._registrar, typed, self._index, beyond=MOST_SHARING) is None
