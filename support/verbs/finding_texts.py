"""What each finding of the reconciler means, what mends it, and what staff do about it."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.findings import FindingKind
from translations import N_


class FindingText(NamedTuple):
    """`means` what is wrong; `moves`: what mends it, or what staff do."""

    means: str
    moves: str


TEXTS: Mapping[FindingKind, FindingText] = {
    FindingKind.ACCOUNT_MISSING: FindingText(
        N_("A student was told that the account is active, and the directory has no such entry."),
        N_(
            "Call the student, who begins again and chooses a new password; the username stays. The"
            " new activation waits for support, until you let it try again."
        ),
    ),
    FindingKind.PASSWORD_MISSING: FindingText(
        N_("A student was told that the account is active, and its entry has no password."),
        N_("Call the student, who begins again and chooses a password for the same entry."),
    ),
    FindingKind.CONSENT_MISSING: FindingText(
        N_("An account can be used, and the engine's database has no consent for it."),
        N_(
            "Call the student. Without a consent the directory's administrators lock the account or"
            " delete the entry, and the student begins again."
        ),
    ),
    FindingKind.NAME_UNRESERVED: FindingText(
        N_("The engine created an entry whose username is not reserved in its database."),
        N_(
            "The username is reserved automatically, for the person whose identifier is"
            " in the entry. If that does not happen, write the identifier of its owner"
            " into the entry."
        ),
    ),
    FindingKind.NAME_OF_ANOTHER: FindingText(
        N_("The engine created an entry whose username is reserved for another person."),
        N_(
            "Find out whose the entry is. Its owner keeps it, and the other person is shown another"
            " username as soon as they continue. Then settle this."
        ),
    ),
    FindingKind.ENTRY_RENAMED: FindingText(
        N_(
            "A person's entry has a different username from the one that the engine's"
            " database has for the account."
        ),
        N_("If the entry was renamed on purpose, say that it is settled; the engine follows it."),
    ),
    FindingKind.SECOND_ENTRY: FindingText(
        N_("Besides the account of a person another entry has the person's identifier."),
        N_("The directory's administrators remove one of the entries, or the identifier from it."),
    ),
    FindingKind.CHOICE_SHOWN: FindingText(
        N_("The directory still shows what a student has withdrawn."),
        N_(
            "Withdraw it once more: the directory is changed again. If others wrote the value"
            " since, say that it is settled."
        ),
    ),
    FindingKind.RUN_MISSING: FindingText(
        N_("An activation in progress is not run by Temporal."),
        N_(
            "It is ended automatically within a day; the student can begin again at"
            " once. What was sent in its last minutes may be lost: call the student."
        ),
    ),
    FindingKind.RUN_UNKNOWN: FindingText(
        N_("Temporal runs an activation that the engine's database does not know."),
        N_("Cancel it, and have the student begin again. It creates no account without a consent."),
    ),
    FindingKind.RUN_GOES_ON: FindingText(
        N_("Temporal runs an activation that has ended in the engine's database."),
        N_(
            "It creates no second account. If the student waits, cancel it and have the"
            " student begin again."
        ),
    ),
    FindingKind.LEFT_BEHIND: FindingText(
        N_("An activation that has ended still holds its person, or a sealed password."),
        N_("What it holds is deleted automatically."),
    ),
}
