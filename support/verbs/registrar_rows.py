"""Reads the registrar for staff: a row's person, who may see it, and shared contacts."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from adapters.registrar.port import Registrar, SharedByMany
from adapters.registrar.wiring import registrar_of
from domain.contracts.people import Person
from domain.registrar import students
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, enrolment, text
from support.verbs.staff import StaffContext


def opened(ctx: StaffContext) -> AbstractAsyncContextManager[Registrar]:
    return registrar_of(ctx.settings.registrar, own_domains(ctx))


def person_in(ctx: StaffContext, group: list[Row], alike: Iterable[Row] = ()) -> Person:
    nothing = students.ContactQuery(None, None, region_of(ctx))
    return students.person(group, nothing, index_of(ctx), alike)


def index_of(ctx: StaffContext) -> Callable[[str], str]:
    """Return the function that makes a person's keys."""
    return partial(ctx.keys.index, "person")


def region_of(ctx: StaffContext) -> str:
    return ctx.settings.registrar.phone_region


def own_domains(ctx: StaffContext) -> tuple[str, ...]:
    return ctx.settings.institution.mail_domains


def in_sight(ctx: StaffContext, row: Row) -> bool:
    return ctx.staff.sees(text(row, "departmentid"))


@dataclass(frozen=True)
class Sharing:
    """How many other persons have each contact, and a lower bound of those who have any."""

    each: Mapping[str, int] = field(default_factory=dict)
    others: int = 0

    @property
    def many(self) -> list[str]:
        return [contact for contact, others in self.each.items() if others >= MOST_SHARING]

    @property
    def each_by_many(self) -> bool:
        return bool(self.each) and len(self.many) == len(self.each)

    def of(self, typed: students.ContactQuery) -> list[int]:
        """Return how many others have each typed contact; of all contacts if none was typed."""
        typed_ones = (typed.mobile, typed.email)
        used = [others for contact, others in self.each.items() if contact in typed_ones]
        return used or [*self.each.values()]


async def sharing(ctx: StaffContext, registrar: Registrar, group: list[Row]) -> Sharing:
    region = region_of(ctx)
    mobiles, emails = students.contacts(group, region, own_domains(ctx))
    own = person_in(ctx, group).person_key
    others: set[str] = set()
    asked = {
        **{mobile: students.ContactQuery(mobile, None, region) for mobile in mobiles},
        **{email: students.ContactQuery(None, email, region) for email in emails},
    }
    each: dict[str, int] = {}
    for contact, typed in asked.items():
        try:
            found = students.persons(await registrar.by_contact(typed), typed, index_of(ctx))
        except SharedByMany:
            each[contact] = MOST_SHARING
            continue
        theirs = {person.person_key for person in found} - {own}
        each[contact] = len(theirs)
        others |= theirs
    return Sharing(each, max(len(others), *each.values(), 0))


async def with_login_name_of(
    ctx: StaffContext, registrar: Registrar, person: Person
) -> tuple[str, ...]:
    """Return the enrolments of others that have the person's login name, those in sight.

    Returns none if too many have it.
    """
    name = person.login_name
    if name is None or person.login_shared is None:
        return ()

    def is_another(row: Row) -> bool:
        return index_of(ctx)(enrolment(row)) not in person.keys

    try:
        rows = await registrar.by_login_name(name, is_another)
    except SharedByMany:
        return ()
    held = (row for row in rows if students.holds_login_name(row, name) and is_another(row))
    return tuple(sorted(enrolment(row) for row in held if in_sight(ctx, row)))
