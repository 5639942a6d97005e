"""Translates the reasons why a directory entry is a person's or conflicts with them."""

from domain.reasons import Reason, worded
from translations import N_, translator

TEXTS = {
    Reason.SEVERAL_ENTRIES: N_("several entries may be the student's: {names}"),
    Reason.ANOTHERS: N_("the entry is another person's: {names}"),
    Reason.NOT_CERTAIN: N_("it is not certain whose the entry is: {names}"),
    Reason.OF_ALIKE: N_("the entry of a row that may be the same student's: {names}"),
    Reason.SEVERAL_PERSONS: N_("several students would get it: {names}"),
    Reason.CONTRADICTED: N_("{names} agrees, {attribute} contradicts"),
    Reason.OF_ANOTHER_FORM: N_("{names} is written in another form"),
    Reason.OF_STUDENT_IDENTIFIER: N_("{names} with a European Student Identifier"),
    Reason.NUMBER_USED_AGAIN: N_("{names} with a number that was used again"),
    Reason.OF_SHARED_LOGIN: N_("{names} with a loginname that several students have"),
    Reason.WITHOUT_UID: N_("{names}; the entry has no uid"),
    Reason.UNDER_ANOTHER_NAME: N_("{names}; the entry has another username"),
    Reason.NAME_OF_ANOTHER: N_("{names}; another entry has the username too"),
    Reason.RESERVED_FOR_ANOTHER: N_(
        "{names}; the engine's database has the username for another student"
    ),
    Reason.UNADOPTABLE: N_("{names}; the entry cannot be adopted"),
    Reason.NOT_ADOPTED: N_("the entry cannot be adopted"),
    Reason.LOGIN_RESERVED: N_("loginname: the name is reserved for a service"),
    Reason.LOGIN_MALFORMED: N_("loginname: this cannot be a username"),
    Reason.LOGIN_IN_USE: N_("loginname: somebody else has the username"),
    Reason.LOGIN_SHARED: N_("loginname: several students have the same"),
    Reason.NO_NAME_LEFT: N_("each username that can be made is somebody else's"),
    Reason.LOGIN_REFUSED: N_("loginname: the directory refuses it (error code {code})"),
    Reason.UNIQUE_ELSEWHERE: N_(
        "another entry has a value that must be unique (error code {code} of the directory)"
    ),
    Reason.NUMBER_OF_ANOTHER: N_("the insurance number belongs to another student"),
    Reason.NUMBER_WITH_ACCOUNT: N_(
        "an account has the insurance number, of other names or another birth date"
    ),
}


def reason(kept: str, language: str) -> str:
    """Return the text of a stored reason; an unknown older one is returned unchanged."""
    say = translator(language).gettext
    return worded(kept, lambda each: say(TEXTS[each]))
