"""Which students cannot activate, and why, before the term starts; pure.

A student needs one contact that can be read, and a name; an address at the university can be read
with the account only. No AMKA is fine: it is asked for. A
contact shared with a few others is no obstacle either, but such students are asked one question
more; one that many have, usually a secretariat's own or a placeholder, proves nobody. A birth
date that cannot be read is no obstacle: rows are joined, and questions asked, without it. A student
may have several findings.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from activities import students
from activities.humans import MOST_SHARING, humans
from activities.rows import Row, as_it_stands, birth_date, text
from activities.students import enrolled, login_name
from domain.contacts import emails_on_file, landline_on_file
from domain.memo import remembering
from domain.usernames import unusable

_NAMES = ("firstnameel", "firstnameen", "lastnameel", "lastnameen")


class Obstacle(StrEnum):
    NO_CONTACT = "no_contact"
    OWN_ADDRESS = "own_address"
    LANDLINE = "landline"
    UNREADABLE_MOBILE = "unreadable_mobile"
    UNREADABLE_EMAIL = "unreadable_email"
    MISSING_NAME = "missing_name"
    UNUSABLE_LOGIN_NAME = "unusable_login_name"
    SHARED_LOGIN_NAME = "shared_login_name"
    SHARED_BY_MANY = "shared_by_many"
    SHARED_CONTACT = "shared_contact"
    UNREADABLE_BIRTH_DATE = "unreadable_birth_date"


_SHARED = (Obstacle.SHARED_BY_MANY, Obstacle.SHARED_CONTACT)
_HARMLESS = frozenset((Obstacle.SHARED_CONTACT, Obstacle.UNREADABLE_BIRTH_DATE))


@dataclass(frozen=True)
class Finding:
    """One student; the registration id is all that is told of them."""

    department_id: str
    system_id: str
    registration_id: str
    reason: Obstacle
    shared_with: int = 0


@dataclass(frozen=True)
class Department:
    """`unable` cannot activate; who only shares a contact, or has an unreadable date, can."""

    department_id: str
    name_el: str
    name_en: str
    students: int
    unable: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Report:
    departments: tuple[Department, ...]
    findings: tuple[Finding, ...]


@remembering()
def report(
    rows: Iterable[Row], region: str, reserved: Collection[str] = (), own: Collection[str] = ()
) -> Report:
    """Judge every student with a live row, each once, in the department of the newest one.

    `reserved` are the names that the university keeps for services, `own` its domains, at which
    an address is no contact.
    """
    judged = [live for group in humans(rows, region, own) if (live := enrolled(group))]
    contacts = [_contacts(live, region, own) for live in judged]
    holders = Counter(contact for each in contacts for contact in each)
    logins = Counter(map(login_name, judged))
    findings = []
    for live, held in zip(judged, contacts, strict=True):
        others = [holders[contact] - 1 for contact in held]
        reasons = (
            _obstacle(live, held, region),
            _own_address(live, held),
            _login(live, logins, reserved),
            _sharing(others),
            _unreadable_date(live),
        )
        findings += [
            _finding(live[0], reason, max(others) if reason in _SHARED else 0)
            for reason in reasons
            if reason
        ]
    findings.sort(key=lambda found: (found.department_id, found.reason, found.registration_id))
    return Report(_departments([live[0] for live in judged], findings), tuple(findings))


def _sharing(others: list[int]) -> Obstacle | None:
    """Tell by how many others have each of a student's contacts; one that few have is enough."""
    if others and min(others) >= MOST_SHARING:
        return Obstacle.SHARED_BY_MANY
    return Obstacle.SHARED_CONTACT if any(others) else None


def _unreadable_date(live: list[Row]) -> Obstacle | None:
    wrong = any(text(row, "birthdate") and birth_date(row) is None for row in live)
    return Obstacle.UNREADABLE_BIRTH_DATE if wrong else None


def _login(
    live: list[Row], logins: Mapping[str | None, int], reserved: Collection[str]
) -> Obstacle | None:
    """Tell of a login name that is used for nobody, or given to several students."""
    name = login_name(live)
    if name and unusable(name, reserved):
        return Obstacle.UNUSABLE_LOGIN_NAME
    return Obstacle.SHARED_LOGIN_NAME if name and logins[name] > 1 else None


def _contacts(live: list[Row], region: str, own: Collection[str]) -> set[str]:
    mobiles, emails = students.contacts(live, region, own)
    return {*mobiles, *emails}


def _own_address(live: list[Row], contacts: set[str]) -> Obstacle | None:
    """Tell of a student whose e-mail would be readable only with the account."""
    has_email = any(emails_on_file(row.get("extemail")) for row in live)
    return Obstacle.OWN_ADDRESS if has_email and not contacts else None


def _obstacle(live: list[Row], contacts: set[str], region: str) -> Obstacle | None:
    if contacts:
        return None if any(text(live[0], name) for name in _NAMES) else Obstacle.MISSING_NAME
    if any(landline_on_file(row.get("mobilephone"), region) for row in live):
        return Obstacle.LANDLINE
    if any(text(row, "mobilephone") for row in live):
        return Obstacle.UNREADABLE_MOBILE
    if any(emails_on_file(row.get("extemail")) for row in live):
        return None
    if any(text(row, "extemail") for row in live):
        return Obstacle.UNREADABLE_EMAIL
    return Obstacle.NO_CONTACT


def _finding(row: Row, reason: Obstacle, shared: int) -> Finding:
    return Finding(
        department_id=text(row, "departmentid"),
        system_id=as_it_stands(row, "systemid"),
        registration_id=as_it_stands(row, "registrationid"),
        reason=reason,
        shared_with=shared,
    )


def _departments(newest: list[Row], findings: list[Finding]) -> tuple[Department, ...]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in newest:
        rows[text(row, "departmentid")].append(row)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    unable: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for found in findings:
        reasons[found.department_id][found.reason.value] += 1
        if found.reason not in _HARMLESS:
            unable[found.department_id].add((found.system_id, found.registration_id))
    return tuple(
        Department(
            department_id=number,
            name_el=text(rows[number][0], "departmentel"),
            name_en=text(rows[number][0], "departmenten"),
            students=len(rows[number]),
            unable=len(unable[number]),
            reasons=dict(sorted(reasons[number].items())),
        )
        for number in sorted(rows)
    )
