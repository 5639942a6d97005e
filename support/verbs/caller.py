"""Verifies a caller: answers yes or no to the data they state, and shows nothing on file.

One answer covers all data together, two at least: separate answers would allow each value to be
guessed by itself. A student of another department is answered and counted as not on file. The
audit keeps the kinds of data compared and the answer, never the values.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from adapters.errors import AdapterError
from adapters.registrar.port import SharedByMany
from domain.registrar import caller, students
from domain.registrar.caller import Said
from domain.registrar.diagnosis import TypedContacts
from domain.registrar.humans import humans
from domain.registrar.rows import Row
from ledger import activations, budgets, used_again
from support.verbs import cases
from support.verbs.actions import ActionRefused
from support.verbs.registrar_rows import in_sight, opened, person_in, region_of
from support.verbs.staff import Action, StaffContext, lasting
from translations import N_

_FEWEST = 2
_UNREADABLE = {
    "birth_date": N_("This is not a date of birth: type it like 31/12/2005"),
    "student_number": N_("This is not a student number: it has at least one digit"),
    "father_name": N_("This is not a name"),
    "mobile": N_("This is not a mobile number"),
    "email": N_("This is not an e-mail address"),
}


class CallerAnswer(StrEnum):
    """The answer; with the last three nothing was compared: a rate limit, or records are away.

    `SPENT` is the limit of questions about this student, `OWN_SPENT` that of the staff member.
    """

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    SPENT = "spent"
    OWN_SPENT = "own_spent"
    AWAY = "away"


ANSWERS = {
    CallerAnswer.CONFIRMED: N_("Yes: all of it is on file for this student."),
    CallerAnswer.NOT_CONFIRMED: N_(
        "No: not all of it is on file for one student whom you may see. Do nothing for"
        " this caller, and do not say which part may be wrong."
    ),
    CallerAnswer.SPENT: N_(
        "Nothing was compared: three questions about this student were asked in the last 24 hours."
        " Refer the caller to the secretariat."
    ),
    CallerAnswer.OWN_SPENT: N_(
        "Nothing was compared: in the last 24 hours you have asked as many questions as one member"
        " of staff may, about all students together. Let a colleague ask, or refer the caller to"
        " the secretariat."
    ),
    CallerAnswer.AWAY: N_(
        "Nothing was compared or counted: the secretariat's records do not answer at the"
        " moment. Please ask again in a while."
    ),
}
"""How staff read each answer."""


class UnreadableField(ActionRefused):
    """A typed field is not valid; this reveals nothing of what is on file."""

    def __init__(self, name: str, sentence: str = "") -> None:
        super().__init__(sentence or _UNREADABLE[name])
        self.field = name


@dataclass(frozen=True)
class CallerQuestion:
    """The data a caller states; a case or contact names the claimed person, else the number."""

    said: Said
    contact: TypedContacts = field(default_factory=TypedContacts)
    reference: str | None = None


@dataclass(frozen=True)
class Told:
    """The answer, and how many questions are `left`; with none, the limit resets at `opens`."""

    answer: CallerAnswer
    left: int = 0
    opens: datetime | None = None


@dataclass(frozen=True)
class _Claim:
    """The person the caller claims to be, identified by contact or else by number.

    `person_key` is set when the case has a known person.
    """

    contact: students.ContactQuery
    number: str = ""
    as_typed: str = ""
    person_key: str | None = None


async def ask(ctx: StaffContext, question: CallerQuestion, submission_id: str) -> Told:
    """Count the question, compare and audit it; raises `ActionRefused` and `UnknownReference`."""
    ctx.staff.check(Action.CALLER)
    read = _read(ctx, question)
    claim = await _claim(ctx, question, read)
    try:
        groups = await _candidates(ctx, claim)
    except AdapterError:
        told = Told(CallerAnswer.AWAY)
    else:
        told = await _count_and_compare(ctx, read, claim, groups, submission_id)
    kinds = ", ".join(question.said.kinds)
    await ctx.record(Action.CALLER, question.reference, f"{kinds}: {told.answer}")
    return told


def _read(ctx: StaffContext, question: CallerQuestion) -> Said:
    """Return the stated data normalised for comparison; raises `ActionRefused`."""
    said, read = question.said, question.said.read(datetime.now(UTC).date())
    contact = question.contact.read(region_of(ctx))
    for name in said.kinds:
        if not getattr(read, name):
            raise UnreadableField(name)
    for name in ("mobile", "email"):
        if getattr(question.contact, name).strip() and not getattr(contact, name):
            raise UnreadableField(name)
    if len(said.kinds) < _FEWEST:
        raise UnreadableField(
            "birth_date", N_("Give at least two of the things that the caller says.")
        )
    if not (question.reference or contact.mobile or contact.email or read.student_number):
        raise UnreadableField(
            "student_number", N_("Type the student number, a mobile or an e-mail.")
        )
    return read


async def _claim(ctx: StaffContext, question: CallerQuestion, read: Said) -> _Claim:
    region = region_of(ctx)
    if question.reference is None:
        contact = question.contact.read(region)
        by_contact = contact.mobile or contact.email
        if by_contact:
            return _Claim(contact)
        return _Claim(contact, read.student_number, question.said.student_number)
    line = await cases.standing(ctx.client, question.reference)
    ctx.check_sight(line.department)
    start = await cases.start(ctx.client, question.reference)
    if start is None:
        raise ActionRefused(N_("This case no longer shows whose it is: ask without it."))
    noted = (await activations.noted(ctx.pool, [question.reference])).get(question.reference)
    contact = students.ContactQuery(start.mobile, start.email, region)
    if noted is None or noted.person_key is None:
        return _Claim(contact)
    again = await used_again.noted(ctx.pool, question.reference)
    of_registrar = {own: key for key, own in again.items()}
    return _Claim(contact, person_key=of_registrar.get(noted.person_key, noted.person_key))


async def _candidates(ctx: StaffContext, claim: _Claim) -> list[list[Row]]:
    """Return the rows of each person that fits the claim and that this staff member may see."""
    async with opened(ctx) as registrar:
        try:
            if claim.number:
                rows = await registrar.by_number(claim.as_typed)
            else:
                rows = await registrar.by_contact(claim.contact)
        except SharedByMany:
            return []
    return [
        group
        for group in humans(rows, region_of(ctx), ctx.settings.institution.mail_domains)
        if _is_meant(ctx, claim, group) and any(in_sight(ctx, row) for row in group)
    ]


def _is_meant(ctx: StaffContext, claim: _Claim, group: list[Row]) -> bool:
    """Whether the claim names this person, and not another with the same date of birth."""
    if claim.person_key and claim.person_key not in person_in(ctx, group).keys:
        return False
    if claim.number:
        return claim.number in caller.numbers(group)
    return any(students.holds(row, claim.contact) for row in group)


async def _count_and_compare(
    ctx: StaffContext, read: Said, claim: _Claim, groups: list[list[Row]], submission_id: str
) -> Told:
    holders = sorted(_holders(ctx, claim, groups))
    # The deduplication key includes the persons: the same form for another case is a new question.
    once = hashlib.sha256("\0".join((submission_id, *holders)).encode()).hexdigest()[:32]
    limits = ctx.settings.limits
    window = timedelta(hours=limits.caller_questions_hours)
    staff = f"caller_of:{lasting(ctx.staff.name)}"
    own = budgets.Bound(staff, limits.caller_questions_per_staff, window)
    each_a_day = limits.caller_questions_per_student
    asked = [budgets.Bound(f"caller:{holder}", each_a_day, window) for holder in holders]
    taken = await budgets.take(ctx.pool, [own, *asked], once)
    if opens := taken[staff].opens:
        return Told(CallerAnswer.OWN_SPENT, opens=opens)
    if opens := budgets.latest(taken):
        return Told(CallerAnswer.SPENT, opens=opens)
    right = caller.is_one_of(read, groups)
    left = min(each.left for each in taken.values())
    return Told(CallerAnswer.CONFIRMED if right else CallerAnswer.NOT_CONFIRMED, left)


def _holders(ctx: StaffContext, claim: _Claim, groups: list[list[Row]]) -> set[str]:
    """Return who a question counts for: each candidate, else the contact or number."""
    index, contact = ctx.keys.index, claim.contact
    persons: Iterable[str] = (key for group in groups for key in person_in(ctx, group).keys)
    asked = [("mobile", contact.mobile), ("email", contact.email), ("found_number", claim.number)]
    return set(persons) or {index(purpose, value) for purpose, value in asked if value}
