"""Asks the registrar whose a number is, by every number and contact that it has of the person."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from adapters.errors import AdapterError
from adapters.registrar.port import Registrar, SharedByMany
from domain.contacts import emails_on_file, mobiles_on_file
from domain.contracts.people import Person
from domain.registrar.humans import people
from domain.registrar.rows import Row, as_written, enrolment
from domain.registrar.students import ContactQuery, persons
from domain.text import identifier
from ledger import used_again
from ledger.traced import NumberUsedAgain, RegisteredPerson
from support.verbs.actions import ActionRefused
from support.verbs.registrar_rows import index_of, opened, own_domains, person_in, region_of
from support.verbs.staff import StaffContext
from translations import N_

SEVERAL = N_(
    "Several persons have this number: give it as system/number, exactly as the registrar check"
    " shows it."
)


class _Somebody(Protocol):
    @property
    def rows(self) -> Sequence[Row]: ...


_Somebodies = TypeVar("_Somebodies", bound=_Somebody)


class Asked(NamedTuple):
    """What the registrar has of a person; `answered` is False if it is away."""

    on_file: RegisteredPerson = RegisteredPerson()
    answered: bool = True


async def on_file(ctx: StaffContext, number: str) -> Asked:
    """Return the keys and contacts of the person with this number, ended rows included.

    Raises `NumberUsedAgain` if the ledger has another person's data under one of the keys, and
    `ActionRefused` if several persons have the number.
    """
    try:
        async with opened(ctx) as registrar:
            rows = await registrar.by_number(number)
            found = with_number(people(rows, region_of(ctx), own_domains(ctx)), number)
            if len(found) > 1:
                raise ActionRefused(SEVERAL)
            if not found:
                return Asked()
            person = person_in(ctx, found[0].rows)
            contacts = list(_contacts(ctx, found[0].rows))
            shared = [each for each in contacts if await _is_shared(ctx, registrar, person, each)]
    except AdapterError:
        return Asked(answered=False)
    if await used_again.own_keys(ctx.pool, ctx.keys, person):
        raise NumberUsedAgain
    return Asked(RegisteredPerson(person.keys, _indexes(ctx, contacts), _indexes(ctx, shared)))


def with_number(groups: Sequence[_Somebodies], number: str) -> list[_Somebodies]:
    """Return those of these persons one of whose rows has the number.

    Written as system/number, exactly as the registrar does, it is one person's, whoever else has
    one that differs by spaces, dashes, slashes or look-alike letters.
    """
    written = " ".join(number.split())
    if exactly := [each for each in groups if written in map(enrolment, each.rows)]:
        return exactly
    wanted = identifier(number)
    return [
        each
        for each in groups
        if any(
            wanted in (identifier(enrolment(row)), identifier(as_written(row, "registrationid")))
            for row in each.rows
        )
    ]


def _contacts(ctx: StaffContext, rows: Iterable[Row]) -> Iterator[ContactQuery]:
    """Yield each contact on any row, as the person was looked up by it then."""
    region = region_of(ctx)
    for row in rows:
        for mobile in mobiles_on_file(row.get("mobilephone"), region):
            yield ContactQuery(mobile, None, region)
        for email in emails_on_file(row.get("extemail")):
            yield ContactQuery(None, email, region)


async def _is_shared(
    ctx: StaffContext, registrar: Registrar, person: Person, contact: ContactQuery
) -> bool:
    """Return whether another enrolled person has this contact too."""
    try:
        found = persons(await registrar.by_contact(contact), contact, index_of(ctx))
    except SharedByMany:
        return True
    return any(each.person_key not in person.keys for each in found)


def _indexes(ctx: StaffContext, contacts: Iterable[ContactQuery]) -> frozenset[str]:
    return frozenset(
        ctx.keys.index("mobile" if each.mobile else "email", each.mobile or each.email or "")
        for each in contacts
    )
