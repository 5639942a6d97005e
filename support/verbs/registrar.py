"""Runs the registrar check: what the engine sees of a student, and the text to tell them.

It is for students who were "not found" and have no case. The audit keeps the kind of key asked
for, never its value. Registrar and directory are only read, with interactive time-outs.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapters.errors import AdapterError
from adapters.registrar.port import Registrar, SharedByMany
from domain import surnames, usernames
from domain.contracts.people import Person
from domain.entry_values import CODES
from domain.reasons import Reason
from domain.registrar import diagnosis, students
from domain.registrar.diagnosis import AccountSeen, Diagnosis, Human, Miss, TypedContacts
from domain.registrar.humans import Grouped, people
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, enrolment, names, text
from domain.text import identifier
from ledger import activations, claims, misses, objections
from ledger.misses import Misses
from recognition.login_names import marked
from recognition.rekeyed import known
from support.verbs import cases, staff_limits
from support.verbs.actions import ActionRefused
from support.verbs.registrar_account import account_of
from support.verbs.registrar_person import with_number
from support.verbs.registrar_rows import (
    Sharing,
    in_sight,
    index_of,
    opened,
    own_domains,
    person_in,
    region_of,
    sharing,
    with_login_name_of,
)
from support.verbs.staff import Action, StaffContext
from translations import N_

MOST = 20


class Kind(StrEnum):
    """The kind of key of a check; the last is for when only a contact is known."""

    NUMBER = "number"
    NAME = "name"
    INSURANCE = "insurance"
    CONTACT = "contact"


@dataclass(frozen=True)
class RegistrarQuestion:
    """One of number, surname and insurance number, and the contacts the student says they typed.

    `case` is the reference of an activation, in place of its student's number.
    """

    number: str = ""
    name: str = ""
    insurance: str = ""
    typed: TypedContacts = field(default_factory=TypedContacts)
    case: str | None = None

    @property
    def kind(self) -> Kind:
        """Return the kind of key; raises `ActionRefused` for an invalid question."""
        given = [kind for kind in Kind if getattr(self, kind, "").strip()]
        if len(given) > 1:
            raise ActionRefused(
                N_("Search by one of student number, surname and insurance number.")
            )
        if not given and not self.typed:
            raise ActionRefused(N_("Give a student number, a surname or an insurance number."))
        kind = given[0] if given else Kind.CONTACT
        if kind is Kind.NAME and surnames.prefix(self.name) is None:
            raise ActionRefused(N_("Give at least three letters of the surname."))
        return kind


@dataclass(frozen=True)
class Check:
    """The result; `outcome` is None while several persons fit and one must be chosen.

    `elsewhere` counts rows of persons of other departments, `shared_with` the other persons with
    one of this person's contacts. `by_many`: too many persons share each contact for any to be
    usable, and `shared_with` is then a lower bound. `why` names the rule by which the directory's
    entry is theirs or in doubt, or why nobody is given the login name, or that an account has the
    insurance number. `same_login` are other persons' enrolments with this person's login name.
    `missed` are the look-ups with the typed contacts that found nobody, `uninvited_since` is when
    they told the desk that they want no invitations.
    """

    outcome: Diagnosis | None
    people: tuple[Human, ...] = ()
    more: bool = False
    elsewhere: int = 0
    misses: tuple[Miss, ...] = ()
    shared_with: int = 0
    by_many: bool = False
    account: AccountSeen = AccountSeen.UNKNOWN
    username: str | None = None
    why: str | None = None
    reference: str | None = None
    same_login: tuple[str, ...] = ()
    missed: Misses | None = None
    uninvited_since: datetime | None = None


class _Found(NamedTuple):
    """One person as an activation sees them, without an insurance number that is another's.

    `rows` are the registrar's own rows of the person.
    """

    judged: Grouped
    rows: list[Row]


async def check(ctx: StaffContext, question: RegistrarQuestion) -> Check:
    """Write the audit row, then check.

    Raises `ActionRefused`, `UnknownReference`, and `RateLimited`.
    """
    if question.case:
        number = await _number_of(ctx, question.case)
        question = replace(question, number=number)
    kind, typed = question.kind, question.typed.read(region_of(ctx))
    await staff_limits.count(ctx, Action.REGISTRAR)
    await ctx.record(Action.REGISTRAR, question.case, kind.value)
    missed = await misses.of_contacts(ctx.pool, ctx.keys, mobile=typed.mobile, email=typed.email)
    return replace(await _found(ctx, kind, question), missed=missed)


async def _found(ctx: StaffContext, kind: Kind, question: RegistrarQuestion) -> Check:
    try:
        async with opened(ctx) as registrar:
            rows, more = await _rows(ctx, registrar, kind, question)
            found = _grouped(ctx, rows)
            groups = _asked_for(ctx, found, question)
            ours = [each for each in groups if any(in_sight(ctx, row) for row in each.rows)]
            shared, person = Sharing(), None
            same_login: tuple[str, ...] = ()
            if len(ours) == 1:
                one = ours[0].judged
                shared = await sharing(ctx, registrar, ours[0].rows)
                person = person_in(ctx, one.rows, one.alike)
                person = await marked(registrar, person, index_of(ctx), ctx.settings)
                same_login = await with_login_name_of(ctx, registrar, person)
    except SharedByMany:
        return Check(Diagnosis.SHARED_BY_MANY)
    except AdapterError:
        return Check(Diagnosis.REGISTRAR_AWAY)
    hidden = sum(len(each.rows) for each in groups if each not in ours)
    told = Check(
        outcome=None if ours else Diagnosis.ELSEWHERE if hidden else Diagnosis.NOT_IN_VIEW,
        people=tuple(
            diagnosis.human(
                each.rows,
                region_of(ctx),
                ctx.staff.sees,
                own_domains(ctx),
                many=shared.many,
                others=[other.rows for other in found if other is not each],
                alike=each.judged.alike,
            )
            for each in ours[:MOST]
        ),
        more=more or len(ours) > MOST,
        elsewhere=hidden,
        shared_with=shared.others,
        by_many=shared.each_by_many,
        same_login=same_login,
    )
    if person is None:
        return told
    rows = ours[0].judged.rows
    return await _judged(ctx, told, rows, person, typed=question.typed, shared=shared)


async def _number_of(ctx: StaffContext, reference: str) -> str:
    """Return the student number of a case."""
    ctx.staff.check(Action.REGISTRAR)
    noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    line = await cases.standing(ctx.client, reference)
    ctx.check_sight(line.department)
    key = noted.person_key if noted else None
    person = await cases.person(ctx.client, reference, key)
    if person is None or (noted and noted.erased):
        raise ActionRefused(N_("This case does not show whose it is: ask without it."))
    newest = person.enrolments[0]
    return f"{newest.system_id}/{newest.registration_id}"


async def _rows(
    ctx: StaffContext, registrar: Registrar, kind: Kind, question: RegistrarQuestion
) -> tuple[list[Row], bool]:
    if kind is Kind.NAME:
        typed = str(surnames.prefix(question.name))
        return await registrar.by_surname(typed, MOST, lambda row: in_sight(ctx, row))
    if kind is Kind.NUMBER:
        return await registrar.by_number(question.number), False
    if kind is Kind.INSURANCE:
        return await registrar.by_insurance(identifier(question.insurance)), False
    return await registrar.by_contact(question.typed.read(region_of(ctx))), False


def _grouped(ctx: StaffContext, rows: list[Row]) -> list[_Found]:
    as_read = {enrolment(row): row for row in rows}
    return [
        _Found(each, [as_read[enrolment(row)] for row in each.rows])
        for each in people(rows, region_of(ctx), own_domains(ctx))
    ]


def _asked_for(ctx: StaffContext, found: list[_Found], question: RegistrarQuestion) -> list[_Found]:
    """Return those whom the question is about, and not others with the same date of birth."""
    if question.kind is Kind.NUMBER:
        return with_number(found, question.number)
    return [each for each in found if _fits(ctx, each.rows, question)]


def _fits(ctx: StaffContext, group: list[Row], question: RegistrarQuestion) -> bool:
    match question.kind:
        case Kind.NAME:
            typed = str(surnames.prefix(question.name))
            return any(surnames.begins(names(row), typed) for row in group)
        case Kind.INSURANCE:
            wanted = identifier(question.insurance)
            return any(identifier(text(row, "ssn")) == wanted for row in group)
        case _:
            return diagnosis.matches(group, question.typed, region_of(ctx))


async def _judged(
    ctx: StaffContext,
    found: Check,
    group: list[Row],
    person: Person,
    *,
    typed: TypedContacts,
    shared: Sharing,
) -> Check:
    """Add the diagnosis of the one person found; `group`: the rows as an activation reads them."""
    region, others = region_of(ctx), shared.of(typed.read(region_of(ctx)))
    mobiles, emails = students.contacts(group, region)
    matched = diagnosis.matches(group, typed, region)
    again = await known(ctx.pool, ctx.keys, person)
    reference = await activations.under_way(
        ctx.pool,
        ctx.keys,
        claims=claims.keys_of(ctx.keys, person, again.own_keys),
        mobiles=mobiles,
        emails=emails,
    )
    name = again.account.username if again.account else None
    account, username, why = await account_of(ctx, again, name)
    number = Reason.NUMBER_WITH_ACCOUNT if again.another and why != CODES else None
    refused = usernames.refusal(
        person.login_name,
        ctx.settings.usernames.reserved,
        shared=person.login_of_several and account is not AccountSeen.NO_PASSWORD,
    )
    return replace(
        found,
        outcome=diagnosis.outcome(
            group,
            typed,
            region,
            account=account,
            under_way=reference is not None,
            shared=any(0 < each < MOST_SHARING for each in others),
            by_many=bool(others) and min(others) >= MOST_SHARING,
            own=own_domains(ctx),
            recreates=ctx.settings.policy.recreate_missing == "automatic",
            number_of_another=number is not None,
            login_refused=refused is not None,
        ),
        misses=() if matched else diagnosis.misses(group, typed, region),
        account=account,
        username=username,
        why=number or why or refused,
        reference=reference,
        uninvited_since=await objections.since(ctx.pool, person.keys),
    )
