"""Who was found: the persons of a contact, and where they can be written to."""

from datetime import date
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import Channel


class FindStudent(Model):
    kind: Literal["find_student"] = "find_student"
    mobile: str | None
    email: str | None


class Enrolment(Model):
    """One row of the registrar; `(system_id, registration_id)` is its key there.

    What follows the department is what this row tells of the person, by which an account that
    exists is recognised; an activation that began before had none of it.
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


class Person(Model):
    """A human in the registrar: all live enrolments, newest first, and the contacts on file.

    `former` are enrolments that do not count any more; an old account is recognised by them.
    `alike` are enrolments of others who may be the same human.
    `person_key` is a keyed index of the human, the same for each enrolment and on every day.
    `other_keys` would be the key if the registrar's rows were grouped otherwise, as they may have
    been on the day of an older activation.
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
    insurance_scheme: str | None
    insurance_number: str | None
    mobile: str | None
    email: str | None
    sms_to: str | None
    email_to: str | None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key the person is known by, their own first."""
        return (self.person_key, *self.other_keys)


class StudentsFound(Model):
    """Empty: nobody has this contact. Several: the contact is shared.

    `too_many`: it is on file for so many that it is nobody's own; they are not listed.
    """

    kind: Literal["students_found"] = "students_found"
    persons: tuple[Person, ...]
    too_many: bool = False


class Destination(Model):
    kind: Literal["destination"] = "destination"
    channel: Channel
    to: str
