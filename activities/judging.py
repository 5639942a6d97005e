"""Judges whether students get a message of a campaign, by registrar and ledger as of now.

Several are judged together, because a query for several takes little longer than one for one.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from activities.errors import guarded
from activities.registrar import few_with
from adapters.registrar.port import Registrar
from domain import countries
from domain.campaigns import NotInvited, language_of
from domain.contracts.campaigns import Recipient
from domain.contracts.channels import Channel
from domain.contracts.people import Destination
from domain.contracts.vocabulary import ContactKind, FailureType
from domain.memo import remembering
from domain.registrar import students
from domain.registrar.humans import people
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, enrolment, is_live, text
from domain.registrar.students import ContactQuery
from ledger import invitations, objections
from ledger.campaigns import CampaignRow
from ledger.invitations import PlannedInvitation, Spoken
from ledger.messages import contact_index
from postgres import UNAVAILABLE, Pool
from recognition.not_activated import with_account
from security.keys import KeyRing
from settings import Settings

Judgement = Recipient | NotInvited
"""Where a message goes, or why this student gets none."""


class ChosenStudent(NamedTuple):
    """A human of the registrar who is enrolled.

    `keys` are those of all their rows, `contacts` the destinations by keyed index, in the order of
    the campaign's channels.
    """

    keys: Sequence[str]
    live: Sequence[Row]
    contacts: Mapping[str, Destination]


class _Known(NamedTuple):
    """What the ledger has of the students: enrolments with an account, contacts written to.

    `objected` are keys of persons.
    """

    active: Collection[str]
    used: Collection[str]
    spoken: Mapping[str, Spoken]
    objected: set[str]


class StudentJudge:
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

    async def judge(
        self, campaign: CampaignRow, due: Sequence[PlannedInvitation]
    ) -> list[Judgement]:
        """Return the judgement of each, in their order; all are of one round."""
        with remembering():
            with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
                chosen = await self._chosen(campaign.plan.channels, due)
            with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                known = await self._known(campaign.id, due[0].round, chosen)
            with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
                return [await self._one(each, chosen.get(each.enrolment), known) for each in due]

    async def _chosen(
        self, channels: Collection[str], due: Sequence[PlannedInvitation]
    ) -> dict[str, ChosenStudent]:
        """Return by enrolment the human who has it, if they are enrolled by it."""
        rows = await self._registrar.by_number(*(each.enrolment for each in due))
        # By a thread, because comparing so many rows holds the event loop.
        groups = await asyncio.to_thread(people, rows, self._region, self._own)
        wanted = {each.enrolment for each in due}
        return {
            enrolment(row): self._student(group.rows, channels)
            for group in groups
            for row in group.rows
            if is_live(row) and enrolment(row) in wanted
        }

    def _student(self, rows: list[Row], channels: Collection[str]) -> ChosenStudent:
        mobiles, emails = students.contacts(rows, self._region, self._own)
        offered = [
            Destination(channel=channel, to=contact)
            for channel in map(Channel, channels)
            for contact in (mobiles if channel.contact is ContactKind.MOBILE else emails)
        ]
        return ChosenStudent(
            [self._index(enrolment(row)) for row in rows],
            students.enrolled(rows),
            {contact_index(self._keys, each): each for each in offered},
        )

    async def _known(
        self, campaign: str, in_round: int, chosen: Mapping[str, ChosenStudent]
    ) -> _Known:
        found = [*chosen.values()]
        have = await with_account(
            self._pool, self._keys, self._settings, [each.live for each in found]
        )
        contacts = [index for each in found for index in each.contacts]
        persons = [key for each in found for key in each.keys]
        return _Known(
            {number for number, has in zip(chosen, have, strict=True) if has},
            await invitations.used(self._pool, campaign, in_round, contacts),
            await invitations.spoken(self._pool, persons, contacts),
            await objections.among(self._pool, persons),
        )

    async def _one(
        self, planned: PlannedInvitation, student: ChosenStudent | None, known: _Known
    ) -> Judgement:
        if student is None:
            return NotInvited.NOT_ENROLLED
        if planned.enrolment in known.active:
            return NotInvited.ACTIVE
        if not known.objected.isdisjoint(student.keys):
            return NotInvited.OBJECTED
        why = NotInvited.NO_CONTACT
        for index, to in student.contacts.items():
            if index in known.used:
                why = NotInvited.SHARED
            elif not await self._many_have(to):
                return self._recipient(planned, student, to, known)
        return why

    def _recipient(
        self, planned: PlannedInvitation, student: ChosenStudent, to: Destination, known: _Known
    ) -> Recipient:
        said = [
            known.spoken[key] for key in (*student.keys, *student.contacts) if key in known.spoken
        ]
        newest = max(said, default=None)
        citizenship = countries.code(text(student.live[0], "citizenship"))
        default = self._settings.institution.default_language
        return Recipient(
            invitation=planned.id,
            destination=to,
            language=language_of(newest and newest.language, citizenship, default),
            other_keys=tuple(key for key in student.keys if key != planned.person_key),
        )

    async def _many_have(self, to: Destination) -> bool:
        mobile = to.channel.contact is ContactKind.MOBILE
        number, address = (to.to, None) if mobile else (None, to.to)
        typed = ContactQuery(number, address, self._region, self._own)
        # Who they are need not be read where there are no more rows than persons may be.
        return await few_with(self._registrar, typed, self._index, beyond=MOST_SHARING) is None
