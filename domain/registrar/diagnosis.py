"""Diagnoses why a student is not found, and how typed contacts differ from those on file; pure.

Persons are grouped, and their contacts parsed, by the functions that `find_student` uses, so that
support staff see what an activation would find. Contacts on file are returned masked only. `own`
are the university's domains, at which an address is no contact.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain import contacts, masks, typos, unreadable
from domain.contracts.vocabulary import ContactKind
from domain.registrar import students
from domain.registrar.row_names import transcribed
from domain.registrar.rows import Row, birth_date, enrolment, insurance_of, is_live, text
from domain.rules import InvalidInput
from domain.typos import Typo
from domain.unreadable import Fault


class Diagnosis(StrEnum):
    """Result of a diagnosis; each has a sentence for the student or the secretariat."""

    NOT_IN_VIEW = "not_in_view"
    ELSEWHERE = "elsewhere"
    INACTIVE = "inactive"
    NO_CONTACT = "no_contact"
    UNREADABLE = "unreadable"
    OWN_ADDRESS = "own_address"
    DIFFERS = "differs"
    NEAR_MISS = "near_miss"
    SHARED = "shared"
    SHARED_BY_MANY = "shared_by_many"
    UNDER_WAY = "under_way"
    ALREADY_ACTIVE = "already_active"
    ACCOUNT_GONE = "account_gone"
    INSURANCE_NUMBER = "insurance_number"
    IN_THE_WAY = "in_the_way"
    LOGIN_NAME = "login_name"
    FINE = "fine"
    REGISTRAR_AWAY = "registrar_away"


class AccountSeen(StrEnum):
    """State of a person's account in the directory and the ledger."""

    NONE = "none"
    ACTIVE = "active"
    NO_PASSWORD = "no_password"  # noqa: S105 - an entry that nobody activated
    GONE = "gone"
    IN_THE_WAY = "in_the_way"
    UNKNOWN = "unknown"


class Lack(StrEnum):
    """Missing data of a row, without which it is not found, not joined, or has no name."""

    STATUS = "status"
    CONTACT = "contact"
    BIRTH_DATE = "birth_date"
    NAME = "name"


@dataclass(frozen=True)
class OnFile:
    """One contact of a row: masked, or with the fault that prevents its parsing.

    `by_many`: more persons have it than may share one contact.
    """

    kind: ContactKind
    mask: str | None = None
    fault: Fault | None = None
    digits: int = 0
    by_many: bool = False


@dataclass(frozen=True)
class Enrolled:
    """One row; only live rows and their contacts are used by an activation."""

    number: str
    department_id: str
    department_el: str
    department_en: str
    status: str
    live: bool
    on_file: tuple[OnFile, ...]
    lacks: tuple[Lack, ...] = ()


@dataclass(frozen=True)
class Human:
    """One person as the engine groups the rows.

    `elsewhere` is the number of rows of departments that the reader may not see. `apart` are
    enrolments that look like this person's but were not joined.
    """

    last_name: str
    first_name: str
    rows: tuple[Enrolled, ...]
    elsewhere: int
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Miss:
    """A typed contact that differs by one typo from the contact on file with this mask."""

    kind: ContactKind
    slip: Typo
    mask: str


@dataclass(frozen=True)
class TypedContacts:
    """The contacts that the student reports to have typed; may be invalid."""

    mobile: str = ""
    email: str = ""

    def __bool__(self) -> bool:
        return bool(self.mobile or self.email)

    def read(self, region: str) -> students.ContactQuery:
        """Return the contacts as the portal normalises them; None where invalid."""
        mobile = _read(lambda raw: contacts.mobile(raw, region), self.mobile)
        return students.ContactQuery(mobile, _read(contacts.email, self.email), region)


def human(
    group: list[Row],
    region: str,
    sees: Callable[[str], bool],
    own: Collection[str] = (),
    *,
    many: Collection[str] = (),
    others: Iterable[list[Row]] = (),
    alike: Iterable[Row] = (),
) -> Human:
    """Describe a person, live rows first; rows of departments that `sees` denies are only counted.

    `many` are the contacts that too many persons have, `others` the rows of other persons, `alike`
    those of them that may be the same person's.
    """
    shown = [row for row in group if sees(text(row, "departmentid"))]
    shown.sort(key=lambda row: (not is_live(row), enrolment(row)))
    last, first = students.display_names((students.enrolled(group) or group)[0])
    rows = tuple(_enrolled(row, region, own, many) for row in shown)
    near = {enrolment(row): row for row in (*_alike(group, others), *alike)}
    apart = [number for number, row in near.items() if sees(text(row, "departmentid"))]
    return Human(
        last,
        first,
        rows,
        elsewhere=len(group) - len(shown),
        apart=tuple(sorted(apart)),
    )


def matches(group: list[Row], typed: TypedContacts, region: str) -> bool:
    """Tell whether a typed contact finds this person."""
    read = typed.read(region)
    mobiles, emails = students.contacts(group, region)
    return read.mobile in mobiles or read.email in emails


def misses(group: list[Row], typed: TypedContacts, region: str) -> tuple[Miss, ...]:
    """Return the typos by which typed contacts differ from the person's live contacts."""
    mobiles, emails = students.contacts(group, region)
    near = [
        (ContactKind.MOBILE, typos.of_mobile(typed.mobile, each), masks.mobile(each))
        for each in mobiles
        if typed.mobile
    ] + [
        (ContactKind.EMAIL, typos.of_email(typed.email, each), masks.email(each))
        for each in emails
        if typed.email
    ]
    return tuple(Miss(kind, slip, mask) for kind, slip, mask in near if slip)


def outcome(
    group: list[Row],
    typed: TypedContacts,
    region: str,
    *,
    account: AccountSeen,
    under_way: bool,
    shared: bool,
    by_many: bool = False,
    number_of_another: bool = False,
    login_refused: bool = False,
    recreates: bool = False,
    own: Collection[str] = (),
) -> Diagnosis:
    """Return the first obstacle, in the order in which they have to be fixed.

    `number_of_another`: an account has the insurance number, and is not known to be the person's.
    `login_refused`: the registrar's login name cannot be given to anybody. `recreates`: a deleted
    account is made again without confirmation by staff.
    """
    live = students.enrolled(group)
    on_file = [each for row in live for each in _on_file(row, region, own, ())]
    faults = {each.fault for each in on_file}
    email = typed.read(region).email
    obstacles = {
        Diagnosis.ALREADY_ACTIVE: account is AccountSeen.ACTIVE and not number_of_another,
        Diagnosis.INACTIVE: not live,
        Diagnosis.NO_CONTACT: not on_file,
        Diagnosis.OWN_ADDRESS: (None not in faults and Fault.OWN_ADDRESS in faults)
        or bool(email and contacts.is_at(email, own)),
        Diagnosis.UNREADABLE: None not in faults,
        Diagnosis.INSURANCE_NUMBER: number_of_another,
        Diagnosis.IN_THE_WAY: account is AccountSeen.IN_THE_WAY,
        Diagnosis.LOGIN_NAME: login_refused,
        Diagnosis.ACCOUNT_GONE: account is AccountSeen.GONE and not recreates,
    }
    if typed and not matches(group, typed, region):
        asked = {kind for kind, raw in _contacts(typed) if raw}
        same_kind = [each for each in on_file if each.kind in asked]
        obstacles |= {
            Diagnosis.NEAR_MISS: bool(misses(group, typed, region)),
            Diagnosis.UNREADABLE: obstacles[Diagnosis.UNREADABLE]
            or bool(same_kind and all(each.fault for each in same_kind)),
            Diagnosis.DIFFERS: True,
        }
    obstacles |= {
        Diagnosis.UNDER_WAY: under_way,
        Diagnosis.SHARED_BY_MANY: by_many,
        Diagnosis.SHARED: shared,
    }
    return next((each for each, present in obstacles.items() if present), Diagnosis.FINE)


def _alike(group: list[Row], others: Iterable[list[Row]]) -> Iterator[Row]:
    """Yield others' rows with this person's insurance number, or names and birth date."""
    own = {fact for row in group for fact in _facts(row)}
    for other in others:
        yield from (row for row in other if not own.isdisjoint(_facts(row)))


def _facts(row: Row) -> Iterator[Hashable]:
    yield from filter(None, [insurance_of(row)])
    if born := birth_date(row):
        yield (born, *map(transcribed, students.display_names(row)))


def _enrolled(row: Row, region: str, own: Collection[str], many: Collection[str]) -> Enrolled:
    on_file = tuple(_on_file(row, region, own, many))
    lacks = {
        Lack.STATUS: not text(row, "enrollmentstatus"),
        Lack.CONTACT: not any(each.mask and not each.by_many for each in on_file),
        Lack.BIRTH_DATE: bool(text(row, "birthdate")) and birth_date(row) is None,
        Lack.NAME: not any(students.display_names(row)),
    }
    return Enrolled(
        number=enrolment(row),
        department_id=text(row, "departmentid"),
        department_el=text(row, "departmentel") or text(row, "departmenten"),
        department_en=text(row, "departmenten") or text(row, "departmentel"),
        status=text(row, "enrollmentstatus"),
        live=is_live(row),
        on_file=on_file,
        lacks=tuple(each for each, lacking in lacks.items() if lacking),
    )


def _on_file(
    row: Row, region: str, own: Collection[str], many: Collection[str]
) -> Iterator[OnFile]:
    mobile, email = row.get("mobilephone") or "", row.get("extemail") or ""
    for number in contacts.mobiles_on_file(mobile, region):
        yield OnFile(ContactKind.MOBILE, mask=masks.mobile(number), by_many=number in many)
    if text(row, "mobilephone") and (fault := unreadable.mobile(mobile, region)):
        yield OnFile(ContactKind.MOBILE, fault=fault, digits=unreadable.digits(mobile))
    for address in contacts.emails_on_file(email):
        fault = Fault.OWN_ADDRESS if contacts.is_at(address, own) else None
        mask = None if fault else masks.email(address)
        yield OnFile(ContactKind.EMAIL, mask=mask, fault=fault, by_many=address in many)
    if text(row, "extemail") and (fault := unreadable.email(email)):
        yield OnFile(ContactKind.EMAIL, fault=fault)


def _contacts(typed: TypedContacts) -> tuple[tuple[ContactKind, str], ...]:
    return (ContactKind.MOBILE, typed.mobile), (ContactKind.EMAIL, typed.email)


def _read(read: Callable[[str], str], raw: str) -> str | None:
    try:
        return read(raw) if raw else None
    except InvalidInput:
        return None
