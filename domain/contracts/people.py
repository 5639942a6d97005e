"""Models of the registrar's persons, and of destinations of messages."""

from datetime import date
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import Channel


class FindStudent(Model):
    kind: Literal["find_student"] = "find_student"
    mobile: str | None
    email: str | None


class Enrolment(Model):
    """One row of the registrar; `(system_id, registration_id)` is its key there.

    The fields after the department are the row's data about the person, used to recognise an
    existing account; they are empty in activations older than these fields.
    `row_key` is a keyed index of the row's number, `row_mark` of number, names and birth date.
    """

    kind: Literal["enrolment"] = "enrolment"
    system_id: str
    registration_id: str
    department_id: str
    department_el: str
    department_en: str
    login_name: str | None = None
    emails: tuple[str, ...] = ()
    birth_date: date | None = None
    first_name_latin: str = ""
    last_name_latin: str = ""
    insurance_scheme: str | None = None
    insurance_number: str | None = None
    row_key: str = ""
    row_mark: str = ""


class SharedLogin(StrEnum):
    """Who else has the login name: another student as theirs, or only a row that is not used."""

    GIVEN = "given"
    ON_FILE = "on_file"


class Person(Model):
    """A human in the registrar: all live enrolments, newest first, and the contacts on file.

    `former` are enrolments that have ended, used to recognise an old account.
    `alike` are enrolments of others who may be the same human.
    `person_key` is a keyed index (HMAC) of the human, stable over time and over enrolments.
    `other_keys` are the keys under a different grouping of the registrar's rows, which may have
    applied to an older activation.
    `login_shared` tells whether another human in the registrar has the login name too, and
    `shared_logins` which login names, former ones too, another human has on any row.
    `sms_to` and `email_to` are the contacts on file that matched what was typed.
    """

    kind: Literal["person"] = "person"
    person_key: str
    other_keys: tuple[str, ...] = ()
    enrolments: tuple[Enrolment, ...]
    former: tuple[Enrolment, ...] = ()
    alike: tuple[Enrolment, ...] = ()
    first_name_el: str
    last_name_el: str
    first_name_latin: str
    last_name_latin: str
    birth_date: date | None
    citizenship: str | None
    login_name: str | None
    login_shared: SharedLogin | None = None
    shared_logins: tuple[str, ...] = ()
    insurance_scheme: str | None
    insurance_number: str | None
    mobile: str | None
    email: str | None
    sms_to: str | None
    email_to: str | None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key of the person, `person_key` first."""
        return (self.person_key, *self.other_keys)

    @property
    def login_names(self) -> tuple[str, ...]:
        """Return every login name of the person, today's first, then those of their rows."""
        of_rows = (each.login_name for each in (*self.enrolments, *self.former))
        return tuple(dict.fromkeys(name for name in (self.login_name, *of_rows) if name))

    @property
    def login_of_several(self) -> bool:
        """Whether the registrar gives the login name to another enrolled student too."""
        return self.login_shared is SharedLogin.GIVEN


class StudentsFound(Model):
    """Outcome of `FindStudent`: no person has the contact, one, or several who share it.

    `too_many`: more persons have it than may share one contact; they are not listed. `short`: the
    run may take the shorter course of events; only a local activity says so, as it runs in the
    worker that runs the workflow.
    """

    kind: Literal["students_found"] = "students_found"
    persons: tuple[Person, ...]
    too_many: bool = False
    short: bool = False


class Destination(Model):
    kind: Literal["destination"] = "destination"
    channel: Channel
    to: str
