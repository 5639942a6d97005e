"""Checks whether the directory still has an account that is active in the ledger.

A search without a result proves nothing: the search base may be wrong, a permission revoked, the
server an empty or lagging replica. To report "gone", one connection must also find another account
that the engine made, by username and by code, and the server must accept writes. Otherwise the
caller retries.
"""

from collections.abc import Sequence

from adapters.directory.entries import CODES
from adapters.directory.port import Directory, Entry
from adapters.errors import Misconfigured
from domain.contracts.account_io import AccountChecked, AccountState
from domain.identities import Identity

KNOWN_MOST = 50
"""Maximum number of other accounts to search for; at least one must be found."""


def state(directory: Directory, identity: Identity, username: str) -> AccountChecked:
    """Return the state of the account in the directory; GONE only means that it was not found.

    The name is searched once and first: an entry that is added meanwhile is found as the person's
    own, and not as somebody else's.
    """
    of_name = directory.find_by_uids([username])
    own = directory.find_own(identity).own
    named = [each for each in of_name if _may_be_own(each, identity)]
    found = sorted({each.dn: each for each in (*own, *named)}.values(), key=lambda each: each.dn)
    for entry in found:
        if entry.active:
            return AccountChecked(state=AccountState.ACTIVE, username=entry.uid)
    if found:
        return AccountChecked(state=AccountState.NO_PASSWORD, username=found[0].uid)
    if of_name:
        return AccountChecked(state=AccountState.FOREIGN)
    return AccountChecked(state=AccountState.GONE)


def proved(
    directory: Directory, identity: Identity, username: str, known: Sequence[str]
) -> AccountChecked:
    """As `state`, over one connection; raises `Misconfigured` if GONE cannot be proved."""
    with directory.one_connection():
        found = state(directory, identity, username)
        if found.state is AccountState.GONE:
            if not shows(directory, known):
                raise Misconfigured("no known account is seen")
            if not directory.would_write(username):
                raise Misconfigured("an entry is hidden")
    return found


def _may_be_own(entry: Entry, identity: Identity) -> bool:
    """Tell whether an entry with the reserved username has the person's code, or no code."""
    if identity.is_of_earlier_owner(entry.attributes):
        return False
    return entry.belongs_to(identity.codes) or not entry.attributes.get(CODES.lower())


def shows(directory: Directory, known: Sequence[str]) -> bool:
    """Tell whether one of the known accounts is found both by username and by code."""
    for entry in directory.find_by_uids(known):
        values = entry.attributes.get(CODES.lower(), [])
        if values and directory.find_by_codes(values[:1]):
            return True
    return False


def named(directory: Directory, names: Sequence[str], known: Sequence[str]) -> dict[str, Entry]:
    """Return by username those of these entries that are there; over one connection.

    Raises `Misconfigured` where some are not, and that this is true cannot be proved, as `proved`.
    """
    with directory.one_connection():
        found = directory.find_by_uids(names)
        there = {name: each for each in found for name in names if each.is_named(name)}
        absent = [name for name in names if name not in there]
        if absent:
            if not shows(directory, [*there, *known]):
                raise Misconfigured("no known account is seen")
            if not directory.would_write(absent[0]):
                raise Misconfigured("an entry is hidden")
    return there
