"""Says why a student has no account yet and what helps, and writes the lines of the spreadsheet."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from domain.contracts.vocabulary import Language
from domain.registrar.not_activated import WhyNot, department_name
from domain.registrar.rows import Row, as_written, text
from domain.registrar.students import display_names
from translations import N_, translator


class Explained(NamedTuple):
    """A reason in words, and what the secretariat can do about it."""

    why: str
    helps: str


_RECORD_ONE = N_("Ask the student for a mobile or personal e-mail, and record it.")
_CORRECT = N_("Correct it in the registrar.")
WHY: Mapping[WhyNot, Explained] = {
    WhyNot.NO_CONTACT: Explained(N_("No mobile and no e-mail on file"), _RECORD_ONE),
    WhyNot.OWN_ADDRESS: Explained(N_("Only an address at the institution"), _RECORD_ONE),
    WhyNot.LANDLINE: Explained(N_("Only a landline"), _RECORD_ONE),
    WhyNot.UNREADABLE_MOBILE: Explained(N_("The mobile on file cannot be read"), _CORRECT),
    WhyNot.UNREADABLE_EMAIL: Explained(N_("The e-mail on file cannot be read"), _CORRECT),
    WhyNot.SHARED_BY_MANY: Explained(N_("Only a contact that many others have too"), _RECORD_ONE),
    WhyNot.NOT_TRIED: Explained(
        N_("Has not begun"), N_("Remind the student: the mobile or the e-mail on file is enough.")
    ),
    WhyNot.STOPPED_AT_CODE: Explained(
        N_("Stopped at the six-digit code"),
        N_("Ask whether the message came, and whether the contact on file is still right."),
    ),
    WhyNot.STOPPED_AT_DETAILS: Explained(
        N_("Stopped at the details"),
        N_("Ask whether the details on file are right. The student can continue at any time."),
    ),
    WhyNot.STOPPED_AT_PASSWORD: Explained(
        N_("Stopped at the password"),
        N_("The student can continue at any time. If there is a difficulty, support helps."),
    ),
}
_COLUMNS = (
    *(N_("Number of the department"), N_("Department"), N_("Year of inscription")),
    *(N_("System"), N_("Student number"), N_("Last name"), N_("First name")),
    *(N_("Why"), N_("What helps"), N_("Reason in short")),
)


class Sheet:
    """The spreadsheet of students without an account, in one language."""

    def __init__(self, language: Language) -> None:
        self._say: Callable[[str], str] = translator(language).gettext
        first, second = ("en", "el") if language is Language.EN else ("el", "en")
        self._languages = first, second

    @property
    def heading(self) -> Sequence[str]:
        return [*map(self._say, _COLUMNS)]

    def cells(self, row: Row, why: WhyNot) -> Sequence[str]:
        """Return a student's line."""
        names = (department_name(row, language) for language in self._languages)
        return [
            text(row, "departmentid"),
            next(filter(None, names), ""),
            text(row, "inscriptionacyear"),
            *(as_written(row, "systemid"), as_written(row, "registrationid"), *display_names(row)),
            *(*map(self._say, WHY[why]), why.value),
        ]
