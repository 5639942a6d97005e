"""Holds the texts of the registrar check: one for each outcome, for staff to read out.

Both languages are always shown, because staff know which one the listener speaks.
"""

from domain.contracts.vocabulary import ContactKind, Language
from domain.registrar.diagnosis import AccountSeen, Diagnosis, Enrolled, Lack, Miss, OnFile
from domain.typos import Typo
from domain.unreadable import Fault
from support.verbs.registrar import Check
from translations import N_, translator

OUTCOMES = {
    Diagnosis.NOT_IN_VIEW: N_(
        "We cannot find you in the secretariat's records with these details. Ask your"
        " department's secretariat whether your enrolment is complete."
    ),
    Diagnosis.ELSEWHERE: N_(
        "This record belongs to another department. Please ask that department's secretariat."
    ),
    Diagnosis.INACTIVE: N_(
        "Your enrolment is in the records but is not active, so the account cannot be activated."
        " Ask the secretariat to check the status of your studies."
    ),
    Diagnosis.NO_CONTACT: N_(
        "The secretariat has neither a mobile nor an e-mail of yours. Give them to the"
        " secretariat, then try again."
    ),
    Diagnosis.UNREADABLE: N_(
        "Your mobile or e-mail is written in the secretariat's records in a way that cannot be"
        " used. Ask the secretariat to correct it, then try again."
    ),
    Diagnosis.OWN_ADDRESS: N_(
        "You cannot read e-mail at an address of the institution before the account is"
        " active, so you cannot use it here. Use your mobile or another e-mail that the"
        " secretariat has. If it has neither, ask it to record one, then try again."
    ),
    Diagnosis.DIFFERS: N_(
        "The mobile or e-mail you typed is not the one the secretariat has. Try your other"
        " contact, or ask the secretariat to change it."
    ),
    Diagnosis.NEAR_MISS: N_(
        "What you typed is almost what the secretariat has, but not quite. Type it again"
        " carefully. If it is right, ask the secretariat to correct its own."
    ),
    Diagnosis.SHARED: N_(
        "You can activate your account now. Somebody else has the same mobile or e-mail"
        " on file, so you will be asked one more question."
    ),
    Diagnosis.SHARED_BY_MANY: N_(
        "The mobile or e-mail the secretariat has is on file for many students, so it cannot prove"
        " who you are. Give the secretariat one of your own, then try again."
    ),
    Diagnosis.UNDER_WAY: N_(
        "Your activation has already begun. Continue with the same mobile or e-mail, on any device."
    ),
    Diagnosis.ALREADY_ACTIVE: N_(
        "Your account is already active. If you have forgotten the password, use the page for"
        " forgotten passwords."
    ),
    Diagnosis.ACCOUNT_GONE: N_(
        "You had an account, which is no longer in the directory. Begin again. Support"
        " then has to decide whether to create it again."
    ),
    Diagnosis.INSURANCE_NUMBER: N_(
        "An account has the insurance number that the secretariat has for you, and we do"
        " not know whether the account is yours. If the number is not yours, ask the"
        " secretariat to correct it. Otherwise begin the activation, and support will"
        " find out whose the account is."
    ),
    Diagnosis.IN_THE_WAY: N_(
        "An entry in the directory prevents your account. The administrators have to"
        " correct it. Try again when they tell you."
    ),
    Diagnosis.LOGIN_NAME: N_(
        "The username that the secretariat's records have for you cannot be given to anybody. Ask"
        " the secretariat to correct it, then try again."
    ),
    Diagnosis.FINE: N_(
        "All is in order: the activation should work now, with the mobile or e-mail that the"
        " secretariat has."
    ),
    Diagnosis.REGISTRAR_AWAY: N_(
        "The secretariat's records do not answer at the moment, so we cannot look."
        " Please ask again in a while. Activations that have begun continue automatically."
    ),
}
UNDER_WAY = {
    Diagnosis.INSURANCE_NUMBER: N_(
        "Your activation has already begun. You do not need to begin again. An account"
        " has the insurance number that the secretariat has for you: support will find"
        " out whose it is. If the number is not yours, ask the secretariat to correct it."
    ),
    Diagnosis.IN_THE_WAY: N_(
        "Your activation has already begun. You do not need to begin again. An entry in"
        " the directory prevents your account: the administrators have to correct it"
        " before we can create the account."
    ),
    Diagnosis.LOGIN_NAME: N_(
        "Your activation has already begun. You do not need to begin again. The username"
        " that the secretariat's records have for you cannot be given to anybody: ask the"
        " secretariat to correct it, so that we can create the account."
    ),
    Diagnosis.ACCOUNT_GONE: N_(
        "Your activation has already begun. You do not need to begin again. You had an"
        " account, which is no longer in the directory: support has to decide whether to"
        " create it again."
    ),
}
"""Texts that replace these when an activation is open."""
ACCOUNTS = {
    AccountSeen.NONE: N_("There is no account yet."),
    AccountSeen.ACTIVE: N_("There is an active account."),
    AccountSeen.NO_PASSWORD: N_(
        "The directory has an entry without a password; activating gives one."
    ),
    AccountSeen.GONE: N_("There was an account; the directory does not show it any more."),
    AccountSeen.IN_THE_WAY: N_(
        "An entry in the directory prevents the account: an operator must look at it."
    ),
    AccountSeen.UNKNOWN: N_(
        "The directory does not answer: we do not know whether there is an account."
    ),
}
CONTACT_KINDS = {ContactKind.MOBILE: N_("mobile"), ContactKind.EMAIL: N_("e-mail")}
FAULTS = {
    Fault.LANDLINE: N_("unreadable: a landline"),
    Fault.COUNTRY_MISSING: N_("unreadable: the country code is missing"),
    Fault.DIGITS_MISSING: N_("unreadable: only %(n)d digits"),
    Fault.TOO_MANY_DIGITS: N_("unreadable: %(n)d digits are too many"),
    Fault.NO_NUMBER: N_("unreadable: no number"),
    Fault.NO_MOBILE: N_("unreadable: no mobile number"),
    Fault.GREEK_LETTERS: N_("unreadable: Greek letters in the address"),
    Fault.NO_AT: N_("unreadable: no @ in it"),
    Fault.NO_ADDRESS: N_("unreadable: no e-mail address"),
    Fault.OWN_ADDRESS: N_("does not count: an address of the institution"),
}
LACKS = {
    Lack.STATUS: N_("no status is recorded"),
    Lack.CONTACT: N_("no contact by which the student can be found"),
    Lack.BIRTH_DATE: N_("the birth date cannot be read"),
    Lack.NAME: N_("no name is recorded: the account would have the username for a name"),
}
_BY_MANY = N_("%(mask)s does not count: more than twenty have it on file")
SLIPS = {
    Typo.ONE_WRONG: N_("What was typed differs in one character from %(mask)s on file."),
    Typo.SWAPPED: N_("What was typed has two neighbours swapped, compared with %(mask)s on file."),
    Typo.ONE_MISSING: N_("What was typed lacks one character of %(mask)s on file."),
    Typo.ONE_TOO_MANY: N_("What was typed has one character more than %(mask)s on file."),
    Typo.COUNTRY: N_("What was typed has another country code, or none, than %(mask)s on file."),
    Typo.PROVIDER: N_("What was typed has another ending after the @ than %(mask)s on file."),
}


def sentences(found: Check) -> dict[str, str]:
    """Return the text in every language; empty while several persons fit."""
    texts = OUTCOMES | UNDER_WAY if found.reference else OUTCOMES
    if found.outcome is None:
        return {}
    return {each.value: translator(each).gettext(texts[found.outcome]) for each in Language}


def lacks(row: Enrolled, language: str) -> list[str]:
    """Return texts for the data that a row lacks."""
    return [translator(language).gettext(LACKS[each]) for each in row.lacks]


def contact(on_file: OnFile, language: str) -> str:
    """Return the masked contact on file, or why it is unusable."""
    say = translator(language).gettext
    fault = FAULTS[on_file.fault] if on_file.fault else ""
    told = on_file.mask or say(fault) % {"n": on_file.digits}
    if on_file.by_many and on_file.mask:
        told = say(_BY_MANY) % {"mask": on_file.mask}
    return f"{say(CONTACT_KINDS[on_file.kind])} {told}"


def miss(missed: Miss, language: str) -> str:
    return translator(language).gettext(SLIPS[missed.slip]) % {"mask": missed.mask}
