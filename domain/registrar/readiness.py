"""Reports which students cannot activate, and why, before the term starts; pure.

A student needs one contact that can be parsed and is not at the university, where mail can be read
only with the account. These findings do not prevent an activation: no name (the username takes its
place), a contact shared with a few others (a student with no other contact answers one more
question), and a birth date that cannot be parsed (rows are joined, and questions asked, without
it). A missing AMKA is no finding, because the student is asked for it. A contact that many have,
usually an office's or a placeholder, proves nothing. A row without a birth date that fits too many
persons is compared with none of them, so its student may get a second account: it is reported
whatever its status. A student may have several findings.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from domain.contacts import emails_on_file, landline_on_file
from domain.contracts.people import SharedLogin
from domain.memo import remembering
from domain.registrar import students
from domain.registrar.humans import people
from domain.registrar.login_names import LoginNames
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, as_written, birth_date, enrolment, is_live, text
from domain.registrar.students import enrolled, login_name
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
    SHARED_BESIDE_OWN = "shared_beside_own"
    UNREADABLE_BIRTH_DATE = "unreadable_birth_date"
    UNDATED_FITS_MANY = "undated_fits_many"


_Found: TypeAlias = tuple[Obstacle, Row]
_SHARED = (Obstacle.SHARED_BY_MANY, Obstacle.SHARED_CONTACT, Obstacle.SHARED_BESIDE_OWN)
_HARMLESS = frozenset(
    (
        Obstacle.MISSING_NAME,
        Obstacle.SHARED_CONTACT,
        Obstacle.SHARED_BESIDE_OWN,
        Obstacle.UNREADABLE_BIRTH_DATE,
        Obstacle.UNDATED_FITS_MANY,
    )
)


@dataclass(frozen=True)
class StudentFinding:
    """One finding; `registration_id` is the only datum about the student.

    It is that of the row with the faulty value, or of the newest enrolment.
    """

    department_id: str
    system_id: str
    registration_id: str
    reason: Obstacle
    shared_with: int = 0


@dataclass(frozen=True)
class DepartmentReport:
    """Counts of a department: `unable` students have a finding that is not in `_HARMLESS`."""

    department_id: str
    name_el: str
    name_en: str
    students: int
    unable: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Report:
    """The whole report; `not_active` counts rows by status, without `active` and `interim`."""

    departments: tuple[DepartmentReport, ...]
    findings: tuple[StudentFinding, ...]
    not_active: dict[str, int]


@remembering()
def report(
    rows: Iterable[Row], region: str, reserved: Collection[str] = (), own: Collection[str] = ()
) -> Report:
    """Check every student with a live row, each once, in the department of the newest one.

    `reserved` are the names that the university keeps for services, `own` its domains, at which
    an address is no contact.
    """
    rows = list(rows)
    every = people(rows, region, own)
    judged = [live for human in every if (live := enrolled(human.rows))]
    contacts = [_contacts(live, region, own) for live in judged]
    holders = Counter(contact for each in contacts for contact in each)
    logins = LoginNames(judged)
    passed_over = [row for human in every for row in human.passed_over]
    findings = [_finding(row, Obstacle.UNDATED_FITS_MANY, 0) for row in passed_over]
    unable: set[str] = set()
    for live, held in zip(judged, contacts, strict=True):
        others = {contact: holders[contact] - 1 for contact in held}
        reasons = (
            _obstacle(live, held, region),
            _own_address(live, held),
            _login(live, logins, reserved),
            _sharing(live, others, region),
            _unreadable_date(live),
        )
        for reason, row in filter(None, reasons):
            shared = max(others.values()) if reason in _SHARED else 0
            findings.append(_finding(row, reason, shared))
            if reason not in _HARMLESS:
                unable.add(enrolment(live[0]))
    findings.sort(key=lambda found: (found.department_id, found.reason, found.registration_id))
    not_active = Counter(text(row, "enrollmentstatus") for row in rows if not is_live(row))
    departments = _departments(judged, passed_over, findings, unable)
    return Report(departments, tuple(findings), dict(not_active.most_common()))


def unreachable(live: list[Row], region: str, own: Collection[str] = ()) -> Obstacle | None:
    """Return why no message can reach a student with these live rows; None if one can."""
    if _contacts(live, region, own):
        return None
    found = _obstacle(live, set(), region) or _own_address(live, set())
    return found and found[0]


def _at(obstacle: Obstacle, live: list[Row], holds: Callable[[Row], object]) -> _Found | None:
    """Return the obstacle with the newest row that `holds` it; None if no row does."""
    row = next(filter(holds, live), None)
    return (obstacle, row) if row else None


def _sharing(live: list[Row], others: Mapping[str, int], region: str) -> _Found | None:
    """Return the finding by how many others have each contact; one that few have is enough."""
    if not any(others.values()):
        return None
    most, fewest = max(sorted(others), key=others.__getitem__), min(others.values())
    obstacle = Obstacle.SHARED_CONTACT if fewest else Obstacle.SHARED_BESIDE_OWN
    if fewest >= MOST_SHARING:
        obstacle = Obstacle.SHARED_BY_MANY
    return _at(obstacle, live, lambda row: most in _contacts([row], region))


def _unreadable_date(live: list[Row]) -> _Found | None:
    return _at(
        Obstacle.UNREADABLE_BIRTH_DATE,
        live,
        lambda row: text(row, "birthdate") and birth_date(row) is None,
    )


def _login(live: list[Row], logins: LoginNames, reserved: Collection[str]) -> _Found | None:
    """Return the finding about a login name that cannot be used, or that several students have."""
    name = login_name(live)
    if name and unusable(name, reserved):
        return _at(Obstacle.UNUSABLE_LOGIN_NAME, live, _of("loginname"))
    given = logins.shared(name) is SharedLogin.GIVEN
    return _at(Obstacle.SHARED_LOGIN_NAME, live, _of("loginname")) if given else None


def _of(column: str) -> Callable[[Row], str]:
    return lambda row: text(row, column)


def _contacts(live: list[Row], region: str, own: Collection[str] = ()) -> set[str]:
    mobiles, emails = students.contacts(live, region, own)
    return {*mobiles, *emails}


def _own_address(live: list[Row], contacts: set[str]) -> _Found | None:
    """Return the finding of a student whose mailboxes can be read only with the account."""
    return None if contacts else _at(Obstacle.OWN_ADDRESS, live, _emails)


def _obstacle(live: list[Row], contacts: set[str], region: str) -> _Found | None:
    if contacts:
        named = any(text(live[0], name) for name in _NAMES)
        return None if named else (Obstacle.MISSING_NAME, live[0])
    numbered = _at(
        Obstacle.LANDLINE, live, lambda row: landline_on_file(row.get("mobilephone"), region)
    ) or _at(Obstacle.UNREADABLE_MOBILE, live, _of("mobilephone"))
    if numbered or any(map(_emails, live)):
        return numbered
    unread = _at(Obstacle.UNREADABLE_EMAIL, live, _of("extemail"))
    return unread or (Obstacle.NO_CONTACT, live[0])


def _emails(row: Row) -> tuple[str, ...]:
    return emails_on_file(row.get("extemail"))


def _finding(row: Row, reason: Obstacle, shared: int) -> StudentFinding:
    return StudentFinding(
        department_id=text(row, "departmentid"),
        system_id=as_written(row, "systemid"),
        registration_id=as_written(row, "registrationid"),
        reason=reason,
        shared_with=shared,
    )


def _departments(
    judged: list[list[Row]],
    passed_over: list[Row],
    findings: list[StudentFinding],
    unable: Collection[str],
) -> tuple[DepartmentReport, ...]:
    """Count the students and the unable ones in the department of their newest enrolment.

    A department that has only rows of `passed_over` has no students.
    """
    named = {
        text(row, "departmentid"): row for rows in (passed_over, *judged) for row in reversed(rows)
    }
    newest: dict[str, list[Row]] = defaultdict(list)
    for live in judged:
        newest[text(live[0], "departmentid")].append(live[0])
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for found in findings:
        reasons[found.department_id][found.reason.value] += 1
    return tuple(
        DepartmentReport(
            department_id=number,
            name_el=text(named[number], "departmentel"),
            name_en=text(named[number], "departmenten"),
            students=len(newest[number]),
            unable=sum(enrolment(row) in unable for row in newest[number]),
            reasons=dict(sorted(reasons[number].items())),
        )
        for number in sorted(newest.keys() | reasons.keys())
    )
