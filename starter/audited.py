"""Opens the ledger for one command of an operator, after writing it to the audit.

A command that fails after that writes a second audit row, which says that it was refused.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from ledger import audit
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter import databases
from starter.os_user import os_user, remarked, said_user
from starter.output import Failed


@asynccontextmanager
async def audited(
    config: Settings, action: str, reason: str, *, seconds: float = 2
) -> AsyncIterator[tuple[Pool, KeyRing]]:
    """Yield the ledger and the checked keys; record `Failed` in the audit, and raise it again."""
    async with databases.ledger(config, seconds=seconds) as (ledger, keys):
        note = partial(audit.record, ledger, keys, actor=os_user(), reference=None)
        await note(action=action, reason=remarked(reason, said_user()))
        try:
            yield ledger, keys
        except Failed:
            await note(action=audit.REFUSED, reason=action)
            raise
