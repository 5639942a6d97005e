"""Opens the ledger for one command of an operator's, which stands in the audit before it works.

A command that is refused after that has a second row, which says so.
"""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import postgres
from ledger import audit, key_checks
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.output import Failed


@asynccontextmanager
async def audited(
    config: Settings, action: str, reason: str, *, seconds: float = 2
) -> AsyncIterator[tuple[Pool, KeyRing]]:
    """Give the ledger and the keys, which are compared with it; `seconds` as `postgres.connect`."""
    keys = KeyRing(config.keys_dir)
    dsn = config.ledger_dsn.get_secret_value()
    async with await postgres.connect(dsn, seconds=seconds) as ledger:
        await key_checks.compare(ledger, keys.checks())
        note = partial(audit.record, ledger, keys, actor=getpass.getuser(), reference=None)
        await note(action=action, reason=reason)
        try:
            yield ledger, keys
        except Failed:
            await note(action=audit.REFUSED, reason=action)
            raise
