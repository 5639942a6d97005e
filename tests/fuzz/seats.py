"""Brings students of their own to sixteen states of an activation, as students and staff would."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from demo.messages import all_messages
from demo.part import aside
from demo.visitor import Page, Visitor
from domain.references import first_group
from support.verbs.staff import Action
from tests.fuzz.grammar import Browsing
from tests.stack import WholeStack
from tests.whole.student import Student, _insert, until

_PIN = re.compile(r"(?<!\d)\d{6}(?!\d)")
_TRIES = 12


class Guest(Visitor):
    """A browser that tells its cookie and the tokens of its forms."""

    def __init__(self, place: "Place") -> None:
        super().__init__(place.env["PORTAL_URL"], "el")
        self.place = place
        self.old_cookie = ""

    @property
    def cookie(self) -> str:
        return self._http.cookies.get("session") or ""

    @property
    def csrf(self) -> str:
        return next((form.fields["csrf"] for form in self.page.forms if form.fields), "")

    def come(self, **contact: str) -> Page:
        self.visit("/who")
        self.submit(who="student")
        return self.submit(**contact)

    def code(self, to: str) -> str:
        group = first_group(str(self.where()["reference"]))
        inbox = self.place.stack.folder / "data/inbox"

        def read() -> str | None:
            sent = [one["text"] for one in all_messages(inbox, to) if group in one["text"]]
            return str(_PIN.findall(sent[-1])[-1]) if sent else None

        return until(read)

    def prove(self, student: Student) -> Page:
        assert self.come(mobile=student.mobile, email="").path == "/pin", self.page
        student.pin = self.code(f"+30{student.mobile}")
        self.old_cookie = self.cookie
        return self.go(pin=student.pin)

    def go(self, **answers: str) -> Page:
        """Submit, and wait where the engine takes more than a moment."""
        if self.submit(**answers).path == "/progress":
            until(lambda: self.visit("/progress").path != "/progress", within=20)
        return self.page


@dataclass
class Seat:
    """A student's browser at a state; `right` are the answers that would lead on from there."""

    state: str
    student: Student
    guest: Guest
    reference: str
    right: Mapping[str, str]
    watched: list[str] = field(default_factory=list)
    password: str = ""

    def browsing(self, other: "Seat | None") -> Browsing:
        guest = self.guest
        return Browsing(
            guest.cookie,
            guest.csrf,
            guest.old_cookie,
            other.guest.cookie if other else "",
            other.guest.csrf if other else "",
            self.watched,
        )


@dataclass(frozen=True)
class Place:
    """The stack that is fuzzed, and its addresses."""

    stack: WholeStack
    env: Mapping[str, str]

    def enrol(self, *, insured: bool = True, **columns: str | None) -> Student:
        student = Student(insured=insured)
        aside(_insert(self.env["REGISTRAR_DSN"], student.row() | columns))
        return student

    def staff(self, action: Action, reference: str) -> None:
        told = self.stack.command("support", str(action), reference, "--reason", "fuzz")
        assert told.returncode == 0, told.stderr

    def part(self, action: str, name: str) -> None:
        told = self.stack.demo(action, name)
        assert told.returncode == 0, told.stderr

    def make(self, state: str) -> Seat:
        """Bring somebody new to this state."""
        guest = Guest(self)
        return (_provisioning if state == OUTAGE else MAKERS[state])(self, guest)


def _seated(state: str, student: Student, guest: Guest, **right: str) -> Seat:
    told = guest._http.get("/progress.json")
    reference = str(told.json().get("reference", "")) if told.is_success else ""
    hash_ = next((form.fields.get("shown_hash", "") for form in guest.page.forms), "")
    if not guest.csrf:
        guest.visit("/problem")
    answers = {"mobile": student.mobile, "shown_hash": hash_, "password": student.password}
    answers |= {"decision": "withdraw" if state == "disputed" else "agree"}
    answers |= {"number": student.amka, "answer": f"{student.born:%d/%m/%Y}", "pin": student.pin}
    answers = {name: value for name, value in (answers | right).items() if value}
    return Seat(state, student, guest, reference, answers, [reference] if reference else [])


def _beginning(place: Place, guest: Guest) -> Seat:
    guest.visit("/who")
    guest.submit(who="student")
    return _seated("beginning", place.enrol(), guest)


def _not_found(place: Place, guest: Guest) -> Seat:
    guest.come(mobile=f"69{secrets.randbelow(10**8):08d}", email="")
    until(lambda: guest.visit("/progress").path == "/contact")
    return _seated("not_found", place.enrol(), guest)


def _pin(place: Place, guest: Guest) -> Seat:
    student = place.enrol(extemail=f"f{secrets.token_hex(6)}@mail.example")
    assert guest.come(mobile=student.mobile, email="").path == "/pin", guest.page
    student.pin = guest.code(f"+30{student.mobile}")
    return _seated("pin", student, guest)


def _locked(place: Place, guest: Guest) -> Seat:
    """Use up the tries of a code; where settings say so, the activation is locked then."""
    seat = _pin(place, guest)
    guest.visit("/pin")
    for more in range(1, _TRIES):
        if guest.where()["wait_reason"] == "PIN_LOCKED" or "pin" not in _names(guest.page):
            break
        guest.submit(pin=f"{(int(seat.student.pin) + more) % 10**6:06d}")
    return _seated("locked", seat.student, guest)


def _names(page: Page) -> set[str]:
    return {name for form in page.forms for name in form.names}


def _identify(place: Place, guest: Guest) -> Seat:
    student = place.enrol()
    place.enrol(mobilephone=student.mobile)
    assert guest.prove(student).path == "/identify", guest.page
    return _seated("identify", student, guest)


def _unidentified(place: Place, guest: Guest) -> Seat:
    seat = _identify(place, guest)
    for days in (301, 302, 303):
        guest.submit(answer=f"{seat.student.born + timedelta(days=days):%d/%m/%Y}")
    assert guest.where()["step"] == "needs_support", guest.page
    return _seated("unidentified", seat.student, guest)


def _insurance(place: Place, guest: Guest) -> Seat:
    student = place.enrol(insured=False)
    assert guest.prove(student).path == "/insurance", guest.page
    return _seated("insurance", student, guest)


def _conflict(place: Place, guest: Guest) -> Seat:
    other, seat = place.enrol(), _insurance(place, guest)
    guest.submit(number=other.amka)
    until(lambda: guest.where()["step"] == "needs_support")
    return _seated("conflict", seat.student, guest)


def _review(place: Place, guest: Guest) -> Seat:
    student = place.enrol()
    assert guest.prove(student).path == "/review", guest.page
    return _seated("review", student, guest)


def _disputed(place: Place, guest: Guest) -> Seat:
    seat = _review(place, guest)
    guest.visit("/review/wrong")
    guest.submit(decision="dispute", wrong="name", note="fuzz")
    assert guest.where()["wait_reason"] == "DATA_DISPUTED", guest.page
    return _seated("disputed", seat.student, guest)


def _held(place: Place, guest: Guest) -> Seat:
    seat = _review(place, guest)
    place.staff(Action.HOLD, seat.reference)
    guest.visit("/progress")
    return _seated("held", seat.student, guest)


def _password(place: Place, guest: Guest) -> Seat:
    seat = _review(place, guest)
    assert guest.go(decision="agree").path == "/password", guest.page
    return _seated("password", seat.student, guest)


def _provisioning(place: Place, guest: Guest) -> Seat:
    """Wait for the directory, which is stopped until the next one comes."""
    place.part("start", "slapd")
    seat = _password(place, guest)
    place.part("stop", "slapd")
    assert guest.submit(password=seat.student.password).path == "/progress", guest.page
    return _seated("provisioning", seat.student, guest)


def _active(place: Place, guest: Guest) -> Seat:
    seat = _password(place, guest)
    guest.go(password=seat.student.password)
    until(lambda: guest.visit("/progress").path == "/done")
    active = _seated("active", seat.student, guest)
    active.password = seat.student.password
    return active


def _already_active(place: Place, guest: Guest) -> Seat:
    with Guest(place) as first:
        seat = _active(place, first)
    assert guest.prove(seat.student).path == "/ended", guest.page
    again = _seated("already_active", seat.student, guest)
    again.watched += seat.watched
    again.password = seat.password
    return again


def _continued(place: Place, guest: Guest) -> Seat:
    """Stay behind in a browser whose activation went on in another one."""
    seat = _review(place, guest)
    with Guest(place) as newer:
        newer.prove(seat.student)
    guest.visit("/review")
    left = _seated("continued", seat.student, guest)
    left.watched = seat.watched
    return left


def _joined(place: Place, guest: Guest) -> Seat:
    """Come in a second browser, which takes the activation of the first over."""
    with Guest(place) as older:
        seat = _review(place, older)
    assert guest.prove(seat.student).path == "/review", guest.page
    return _seated("joined", seat.student, guest)


def _cancelled(place: Place, guest: Guest) -> Seat:
    seat = _review(place, guest)
    place.staff(Action.CANCEL, seat.reference)
    guest.visit("/progress")
    return _seated("cancelled", seat.student, guest)


OUTAGE = "provisioning"
"""A state at which the directory is away, so that it is played alone."""
Maker = Callable[[Place, Guest], Seat]
MAKERS: Mapping[str, Maker] = {
    "beginning": _beginning,
    "not_found": _not_found,
    "pin": _pin,
    "locked": _locked,
    "identify": _identify,
    "unidentified": _unidentified,
    "insurance": _insurance,
    "conflict": _conflict,
    "review": _review,
    "disputed": _disputed,
    "held": _held,
    "password": _password,
    "active": _active,
    "already_active": _already_active,
    "continued": _continued,
    "joined": _joined,
    "cancelled": _cancelled,
}
FORMS_AT: Mapping[str, tuple[str, ...]] = {
    "pin": ("/pin", "/pin/resend"),
    "locked": ("/pin", "/pin/resend"),
    "identify": ("/identify",),
    "insurance": ("/insurance", "/insurance/other"),
    "review": ("/review", "/review/insurance"),
    "joined": ("/review",),
    "disputed": ("/review",),
    "password": ("/password",),
}
"""The forms that the page of a state has."""
