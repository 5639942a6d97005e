"""Whether the directory still has an account that the ledger calls active.

An entry that is not found proves nothing: the base may be wrong, a right taken, the server a
replica that lags or was never filled. So "gone" needs more, over one connection: every rule by
which a person's entry is recognised finds another account that the engine made, and the server
takes writes. Anything less is waited for.
"""

from collections.abc import Sequence

from adapters.directory.entries import CODES
from adapters.directory.port import Directory, Entry
from adapters.errors import Misconfigured
from domain.contracts.account_io import AccountChecked, AccountState
from domain.identities import Identity

KNOWN_MOST = 50
"""Accounts of others that are looked for; one of them has to be there."""


def state(directory: Directory, identity: Identity, username: str) -> AccountChecked:
    """Return what the directory shows; `gone` is not proved by this alone."""
    own = directory.find_own(identity).own
    named = [each for each in directory.find_by_uids([username]) if _may_be_own(each, identity)]
    found = sorted({each.dn: each for each in (*own, *named)}.values(), key=lambda each: each.dn)
    for entry in found:
        if entry.active:
            return AccountChecked(state=AccountState.ACTIVE, username=entry.uid)
    if found:
        return AccountChecked(state=AccountState.NO_PASSWORD, username=found[0].uid)
    if directory.find_by_uids([username]):
        return AccountChecked(state=AccountState.FOREIGN)
    return AccountChecked(state=AccountState.GONE)


def proved(
    directory: Directory, identity: Identity, username: str, known: Sequence[str]
) -> AccountChecked:
    """As `state`, from one server; raises where `gone` cannot be told from not seen."""
    with directory.one_connection():
        found = state(directory, identity, username)
        if found.state is AccountState.GONE:
            if not _shows(directory, known):
                raise Misconfigured("no known account is seen")
            if not directory.would_write(username):
                raise Misconfigured("an entry is hidden")
    return found


def _may_be_own(entry: Entry, identity: Identity) -> bool:
    """Whether an entry of the reserved name is the person's: its codes say so, or it has none."""
    if identity.is_of_who_had_the_number(entry.attributes):
        return False
    return entry.belongs_to(identity.codes) or not entry.attributes.get(CODES.lower())


def _shows(directory: Directory, known: Sequence[str]) -> bool:
    """Whether some known account is found by its name and, by its code, once more."""
    for entry in directory.find_by_uids(known):
        values = entry.attributes.get(CODES.lower(), [])
        if values and directory.find_by_codes(values[:1]):
            return True
    return False
