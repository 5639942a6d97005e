"""Prepares a campaign: whom it would invite and what it would cost; nothing is sent.

The students are those whom `activation registrar not-activated` counts. Each is judged again just
before the message.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from adapters.messaging.port import WIRINGS
from domain import campaigns as rules
from domain import gsm
from domain.campaigns import NotInvited
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import ContactKind, Language
from domain.counting import Counting, not_counted
from domain.memo import remembering
from domain.registrar import students
from domain.registrar.not_activated import WhyNot
from domain.registrar.rows import Row, enrolment, text
from ledger import campaigns, invitations, objections
from ledger.campaigns import CampaignPlan
from recognition.not_activated import JudgedRow, judged
from settings import Settings
from support.verbs.actions import ActionRefused
from support.verbs.campaign_texts import TEXTS
from support.verbs.registrar_rows import opened
from support.verbs.staff import Action, StaffContext
from translations import N_

_AT_ONCE = 500
_COUNTED_EVERY = 100
_UNREACHABLE = frozenset(
    {
        *(WhyNot.NO_CONTACT, WhyNot.OWN_ADDRESS, WhyNot.LANDLINE, WhyNot.UNREADABLE_MOBILE),
        *(WhyNot.UNREADABLE_EMAIL, WhyNot.SHARED_BY_MANY),
    }
)


@dataclass(frozen=True)
class Prepared:
    """What a campaign would do: how many messages by channel, and who is left out and why.

    `sms_parts` is what it may send at most, with the reminder, in the longer language.
    `after_restore`: some may have been invited whom the restored ledger does not know.
    """

    campaign: str
    planned: int
    by_channel: dict[str, int]
    left_out: dict[str, int]
    sms_parts: int
    minutes: int
    after_restore: bool


class _Planned(NamedTuple):
    person_key: str
    enrolment: str
    department: str
    channel: Channel


class _Sorting:
    """Sorts the judged enrolments into those to invite and those to leave out."""

    def __init__(self, settings: Settings, channels: Sequence[Channel]) -> None:
        self._region = settings.registrar.phone_region
        self._own = settings.institution.mail_domains
        self._channels = channels
        self._marks = set[int]()
        self.judged = 0
        self.left_out = Counter[str]()
        self.departments = set[str]()

    def invites_by(self, each: JudgedRow) -> Channel | None:
        """Return the channel by which this enrolment's student is invited, or count why not."""
        self.judged += 1
        self.departments.add(text(each.row, "departmentid"))
        channel = self._channel(each.row)
        marks = rules.marks(each.row, self._region, self._own)
        why: str | None = each.why if each.why in _UNREACHABLE else None
        if each.why is None:
            why = NotInvited.ACTIVE
        elif not (why or channel):
            why = NotInvited.NO_CONTACT
        elif not (why or self._marks.isdisjoint(marks)):
            why = NotInvited.INVITED
        if why:
            self.left_out[why] += 1
            return None
        self._marks |= marks
        return channel

    def _channel(self, row: Row) -> Channel | None:
        mobiles, emails = students.contacts([row], self._region, self._own)
        has = {ContactKind.MOBILE: bool(mobiles), ContactKind.EMAIL: bool(emails)}
        return next((each for each in self._channels if has[each.contact]), None)


async def plan_invitations(
    ctx: StaffContext,
    plan: CampaignPlan,
    *,
    reason: str,
    counted: Counting = not_counted,
) -> Prepared:
    """Plan the invitations of these departments; raises `ActionRefused` or an adapter's error.

    `counted` is told from time to time how many students were judged.
    """
    ctx.staff.check(Action.CAMPAIGN_START)
    if not all(map(ctx.staff.sees, plan.departments)):
        raise ActionRefused(N_("Your role does not allow this."))
    campaign = secrets.token_hex(4)
    about = f"prepare {campaign} {','.join(plan.departments)}: {reason}"
    await ctx.record(Action.CAMPAIGN_START, reason=about)
    sorting = _Sorting(ctx.settings, [Channel(each) for each in plan.channels])
    planned = await _students(ctx, plan.departments, sorting, counted)
    if not sorting.departments.issuperset(plan.departments):
        raise ActionRefused(
            N_("The registrar has no enrolled students of one of these departments.")
        )
    apart = timedelta(ctx.settings.campaigns.apart_days)
    by_channel = Counter[str]()
    async with ctx.pool.acquire() as connection, connection.transaction():
        await campaigns.create(connection, campaign, plan)
        for first in range(0, len(planned), _AT_ONCE):
            some = planned[first : first + _AT_ONCE]
            keys = [each.person_key for each in some]
            known = await invitations.invited_within(connection, keys, apart)
            objected = await objections.among(connection, keys)
            fresh = [each for each in some if each.person_key not in known | objected]
            sorting.left_out[NotInvited.OBJECTED] += len(objected)
            sorting.left_out[NotInvited.INVITED] += len(known - objected)
            by_channel.update(each.channel for each in fresh)
            added = [(each.person_key, each.enrolment, each.department) for each in fresh]
            await invitations.add(connection, ctx.keys, campaign, added)
        names = TEXTS if plan.remind_after is not None else TEXTS[:1]
        parts = sum(
            by_channel[each] * _parts(ctx.settings, each, names)
            for each in Channel.all()
            if each.paid
        )
        left_out = {why: count for why, count in sorting.left_out.items() if count}
        allowed = min(parts, plan.sms_parts)
        await campaigns.note_planned(connection, campaign, left_out, allowed)
        restored = await campaigns.restored_since(connection, apart)
    number = by_channel.total()
    minutes = -(-number // plan.per_minute)
    return Prepared(campaign, number, dict(by_channel), left_out, parts, minutes, restored)


async def _students(
    ctx: StaffContext,
    departments: Collection[str],
    sorting: _Sorting,
    counted: Counting,
) -> list[_Planned]:
    found = []
    async with opened(ctx) as registrar:
        rows = judged(registrar, ctx.pool, ctx.keys, ctx.settings, departments)
        async with aclosing(rows):
            async for each in rows:
                with remembering():
                    channel = sorting.invites_by(each)
                if not sorting.judged % _COUNTED_EVERY:
                    counted(sorting.judged)
                if channel:
                    number, department = enrolment(each.row), text(each.row, "departmentid")
                    key = ctx.keys.index("person", number)
                    found.append(_Planned(key, number, department, channel))
    return found


def _parts(settings: Settings, channel: Channel, names: Sequence[str]) -> int:
    """Return the parts of one student's messages, in the language that needs more."""
    write = WIRINGS[channel].writer(settings)
    return max(
        sum(gsm.parts(write(name, language, reference=None)) for name in names)
        for language in Language
    )
