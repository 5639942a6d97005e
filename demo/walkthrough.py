"""Plays one student through the real portal up to a working login, and prints each step.

It takes the first student of the demo who has no account yet, or the first of a named sample, so
it can be repeated.
"""

import re
import secrets
import shlex
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from temporalio.exceptions import FailureError

from adapters.directory.ldap_client import LdapClient, LdapEntry
from adapters.directory.ldap_results import SUCCESS
from demo.control import ask
from demo.messages import Message
from demo.part import PartFailed
from demo.samples import SAMPLES
from demo.students import Row, amka, invented_rows
from demo.visitor import Page, Visitor
from domain.contacts import emails_on_file, mobiles_on_file
from domain.insurance import AMKA
from settings.systems import DirectorySettings

PIN = re.compile(r"(?<!\d)\d{6}(?!\d)")
PATIENCE_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.5
Say = Callable[[str], None]
MARK = re.compile(r"A-\w{4}(?=-\w{4})")
NOT_FOUND = "inactive"
PLAYED = tuple(sample.key for sample in SAMPLES if sample.key != NOT_FOUND)


@dataclass(frozen=True)
class Student:
    """The student: the contact to type, the address of messages, and answers to questions."""

    name: str
    number: str
    born: date
    contact: Mapping[str, str]
    to: str
    scheme: str
    insurance: str


def play(
    folder: Path,
    language: str,
    say: Say,
    sample: str | None = None,
    *,
    env: Mapping[str, str] | None = None,
) -> None:
    """Play one student to the end; raises `PartFailed` with one line where it goes wrong.

    `env` has the addresses where the demo's own portal does not run.
    """
    if sample not in (None, *PLAYED):
        raise PartFailed(f"there is no such sample; there are {', '.join(PLAYED)}")
    env = env or read_env(folder)
    config = tomllib.loads((folder / "activation.toml").read_text("utf-8"))
    ldap = LdapClient(DirectorySettings.model_validate(config["directory"]))
    try:
        with closing(ldap), Visitor(env["PORTAL_URL"], language) as visitor:
            student = next(s for s in _candidates(sample) if not _entries(ldap, env, s))
            say(f"Playing {student.name}, student number {student.number}")
            password = _Journey(visitor, env["INBOX_URL"], student, say).walk()
            _show_account(ldap, env, student, password, say)
    except httpx.HTTPError as error:
        raise PartFailed(f"the portal or the inbox does not answer: {error}") from None
    except FailureError as error:
        raise PartFailed(f"the directory does not answer: {error}") from None
    except StopIteration:
        whom = f"every student of the sample {sample}" if sample else "every student of the demo"
        raise PartFailed(f"{whom} has an account already") from None


class _Journey:
    """Goes from page to page; the method with the name of its path answers each page."""

    def __init__(self, visitor: Visitor, inbox_url: str, student: Student, say: Say) -> None:
        self._visitor = visitor
        self._inbox_url = inbox_url
        self._student = student
        self._say = say
        self._password = secrets.token_urlsafe(18)

    def walk(self) -> str:
        """Return the password of the active account."""
        self._look(self._visitor.visit("/"))
        page = self._look(self._visitor.visit("/who"))
        while page.path != "/done":
            answer = getattr(self, f"_answer_{page.path.strip('/')}", None)
            if answer is None:
                raise PartFailed(f"the journey ended at {page.path}: {page.title}")
            answer()
            page = self._look(self._visitor.page)
        return self._password

    def _look(self, page: Page) -> Page:
        self._say(f"\n== {page.path} == {page.title}")
        for line in page.lines:
            self._say(f"   {line}")
        return page

    def _submit(self, step: str, **answers: str) -> None:
        self._say(f"-> {step}")
        page = self._visitor.submit(**answers)
        if page.status != httpx.codes.OK:
            self._look(page)
            raise PartFailed(f"the portal did not take the answer ({page.status}): {page.title}")

    def _answer_who(self) -> None:
        self._submit("I am a student", who="student")

    def _answer_contact(self) -> None:
        contact = self._student.contact
        self._submit(" ".join(contact.values()), **contact)
        if self._visitor.page.path == "/contact":
            raise PartFailed("the portal did not find the student")

    def _answer_pin(self) -> None:
        message = self._await_message(MARK.findall(" ".join(self._visitor.page.lines))[-1])
        self._say(f"-> in the inbox ({message['channel']} to {message['to']}):")
        for line in message["text"].splitlines():
            self._say(f"   | {line}")
        pin = PIN.findall(message["text"])[-1]
        self._submit(pin, pin=pin)

    def _await_message(self, mark: str) -> Message:
        """Return the newest message with this page's reference; a shared mobile gets others too."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for message in reversed(self._messages()):
                if mark in message["text"] and PIN.search(message["text"]):
                    return message
            time.sleep(LOOK_AGAIN_SECONDS)
        raise PartFailed("no message with a PIN arrived")

    def _messages(self) -> list[Message]:
        query = {"to": self._student.to}
        answer = httpx.get(f"{self._inbox_url}/messages.json", params=query)
        messages: list[Message] = answer.raise_for_status().json()
        return messages

    def _answer_identify(self) -> None:
        born = f"{self._student.born:%d/%m/%Y}"
        self._submit(f"born on {born}", answer=born)

    def _answer_insurance(self) -> None:
        scheme, number = self._student.scheme, self._student.insurance
        if scheme == AMKA:
            self._submit(number, number=number)
            return
        self._say("-> the number of another country")
        self._look(self._visitor.visit("/insurance/other"))
        self._submit(f"{scheme} {number}", scheme=scheme, number=number)

    def _answer_review(self) -> None:
        self._submit("I agree", decision="agree", choice="recovery_mobile")

    def _answer_password(self) -> None:
        self._submit("a random password, not shown here", password=self._password)

    def _answer_progress(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._visitor.visit("/progress").path == "/progress":
            if time.monotonic() > deadline:
                raise PartFailed("the activation waits; `activation support list` says why")
            time.sleep(LOOK_AGAIN_SECONDS)


def read_env(folder: Path) -> dict[str, str]:
    """Return the demo's addresses; raise if it is stopped, as others may have its ports now."""
    parts = ask(folder, "status")["parts"]
    if any(part["name"] == "portal" and part["state"] != "running" for part in parts):
        raise PartFailed("the portal of this demo does not run, or not yet")
    text = (folder / "env").read_text("utf-8")
    return dict(word.split("=", 1) for line in text.splitlines() for word in shlex.split(line))


def _candidates(sample: str | None) -> Iterator[Student]:
    """Yield the possible students: the samples, or only one of them, then the crowd."""
    for each in SAMPLES:
        if each.key in ((sample,) if sample else PLAYED):
            for row in _one_a_person(each.rows):
                yield _student(row, each.scheme, each.number)
    for row in () if sample else invented_rows():
        if row["citizenship"] == "GR" and row["enrollmentstatus"] != "inactive" and _contact(row):
            yield _student(row, None, None)


def _one_a_person(rows: Iterable[Row]) -> Iterable[Row]:
    """Return one row per person: enrolments of one human have one name and one birth date."""
    return {(row["lastnameel"], row["firstnameel"], row["birthdate"]): row for row in rows}.values()


def _student(row: Row, scheme: str | None, number: str | None) -> Student:
    contact = _contact(row)
    born = datetime.strptime(str(row["birthdate"]), "%Y%m%d").replace(tzinfo=UTC).date()
    # A number that fits the student, in case the registrar has none.
    some = amka(born, int(str(row["registrationid"])[-3:]), gender=str(row["gender"]))
    return Student(
        name=f"{row['firstnameel']} {row['lastnameel']}",
        number=str(row["registrationid"]),
        born=born,
        contact=contact,
        to=next(iter(contact.values())),
        scheme=scheme or AMKA,
        insurance=number or some,
    )


def _contact(row: Row) -> dict[str, str]:
    mobiles, emails = mobiles_on_file(row["mobilephone"], "GR"), emails_on_file(row["extemail"])
    if mobiles:
        return {"mobile": mobiles[0]}
    return {"email": emails[0]} if emails else {}


def _entries(ldap: LdapClient, env: Mapping[str, str], student: Student) -> list[LdapEntry]:
    query = f"(schacPersonalUniqueCode=*:{student.number})"
    return ldap.search(env["LDAP_PEOPLE_DN"], query, ["*"])


def _show_account(
    ldap: LdapClient, env: Mapping[str, str], student: Student, password: str, say: Say
) -> None:
    found = _entries(ldap, env, student)
    if not found:
        raise PartFailed("the account is said to be active, but the directory has no entry")
    (entry,) = found
    say(f"\nThe directory's entry: {entry.dn}")
    for name, values in sorted(entry.attributes.items()):
        say(f"   {name}: {', '.join(values)}")
    if ldap.bind_as(entry.dn, password.encode()).code != SUCCESS:
        raise PartFailed("the directory refuses the new password")
    say("The login with the new password works.")
