"""What the reconciler finds where ledger, directory and Temporal disagree; pure rules.

What each kind means, and what staff do about it, is in support/verbs/finding_texts.py and
docs/operations.md.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple


class FindingKind(StrEnum):
    """The closed list of disagreements; each names what is wrong, seen from the ledger."""

    ACCOUNT_MISSING = "ACCOUNT_MISSING"
    PASSWORD_MISSING = "PASSWORD_MISSING"  # noqa: S105 - the name of a kind
    CONSENT_MISSING = "CONSENT_MISSING"
    NAME_UNRESERVED = "NAME_UNRESERVED"
    NAME_OF_ANOTHER = "NAME_OF_ANOTHER"
    ENTRY_RENAMED = "ENTRY_RENAMED"
    SECOND_ENTRY = "SECOND_ENTRY"
    CHOICE_SHOWN = "CHOICE_SHOWN"
    RUN_MISSING = "RUN_MISSING"
    RUN_UNKNOWN = "RUN_UNKNOWN"
    RUN_GOES_ON = "RUN_GOES_ON"
    LEFT_BEHIND = "LEFT_BEHIND"


MENDED = frozenset({FindingKind.NAME_UNRESERVED, FindingKind.LEFT_BEHIND})
"""What the reconciler mends itself, at the second look."""
NEEDS_NOBODY = MENDED | {FindingKind.RUN_MISSING}
"""What ends by itself: by the reconciler, or within a day by the sweep."""


class EntryFacts(NamedTuple):
    """An entry of the directory; `persons`: the keys in the ledger of whoever has its codes."""

    persons: frozenset[str]
    made_here: bool
    active: bool


class LedgerFacts(NamedTuple):
    """What the ledger knows of an entry's username and persons.

    `owner` is the key of the person whom the username is reserved for; `concealed`: for somebody
    who was erased. `live`: an activation of theirs is in progress. `made`: the owner's activation
    made an account of this name. `consented`: one of the persons once agreed.
    """

    owner: str | None = None
    concealed: bool = False
    live: bool = False
    made: bool = False
    consented: bool = False


def of_entry(entry: EntryFacts, known: LedgerFacts) -> tuple[FindingKind, ...]:
    """Judge an entry by itself; its name is not judged while an activation may be changing it.

    An entry that the engine did not make is nobody's finding. A person who was erased has left the
    concealed username, which is enough. The owner of a name whose code was taken out of the entry
    is still the owner if the account was theirs. A consent is recorded before the account can be
    used, so that a live activation excuses nothing: a restored ledger may have one that has ended.
    """
    if known.concealed or not entry.made_here:
        return ()
    unagreed = FindingKind.CONSENT_MISSING if entry.active and not known.consented else None
    return tuple(filter(None, (_of_name(entry, known), unagreed)))


def _of_name(entry: EntryFacts, known: LedgerFacts) -> FindingKind | None:
    if known.live:
        return None
    if known.owner is None:
        return FindingKind.NAME_UNRESERVED
    another = entry.persons and known.owner not in entry.persons and not known.made
    return FindingKind.NAME_OF_ANOTHER if another else None


class RunState(NamedTuple):
    """A run that Temporal has open, and whether the ledger has its activation, and as ended."""

    finishing: bool
    known: bool
    ended: bool


def of_run(run: RunState) -> FindingKind | None:
    """Judge an open run; one that has ended in the ledger may still send its last notice."""
    if not run.known:
        return FindingKind.RUN_UNKNOWN
    return FindingKind.RUN_GOES_ON if run.ended and not run.finishing else None


def renamed(own: str, names: Collection[str], present: Collection[str]) -> FindingKind | None:
    """Judge a person's entry against the username `own` of the account the ledger has for them.

    `names` are those of the entry; `present` the usernames that the directory has as well.
    """
    if own in names:
        return None
    return FindingKind.SECOND_ENTRY if own in present else FindingKind.ENTRY_RENAMED
