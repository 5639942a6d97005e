"""Recognises the entry of a person whose row the registrar has replaced."""

from collections.abc import Sequence

from activities.directory import Directory
from activities.entries import CODES
from domain.accounts import Identity
from ledger import activations, usernames
from ledger.pool import Pool
from security.keys import KeyRing


async def recognition(
    pool: Pool, keys: KeyRing, directory: Directory, own: Identity, former: Sequence[str]
) -> Identity:
    """Return what recognises a person's entry by rows that are gone, too; `former` are their keys.

    The entry of the username that was kept for such a row tells the codes of that row, where it was
    made here or is known to be active: no other can be told from a stranger's.
    """
    if not former:
        return own
    account = await activations.active_account(pool, keys, *former, ends=activations.WITH_ACCOUNT)
    noted = account.username if account else None
    held = await usernames.held_by(pool, *former)
    names = sorted({name for name in (noted, held) if name})
    entries = await directory.run(directory.find_by_uids, names)
    return own.with_codes(
        code
        for entry in entries
        if entry.made_here or entry.uid == noted
        for code in entry.attributes.get(CODES.lower(), [])
    )
