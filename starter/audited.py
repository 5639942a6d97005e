"""Opens the ledger for one command of an operator's, which stands in the audit before it works."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ledger import audit, key_checks, pool
from ledger.pool import Pool
from security.keys import KeyRing
from settings import Settings


@asynccontextmanager
async def audited(
    config: Settings, action: str, reason: str, *, seconds: float = 2
) -> AsyncIterator[tuple[Pool, KeyRing]]:
    """Give the ledger and the keys, which are compared with it; `seconds` as `pool.connect`."""
    keys = KeyRing(config.keys_dir)
    dsn = config.ledger_dsn.get_secret_value()
    async with await pool.connect(dsn, seconds=seconds) as ledger:
        await key_checks.compare(ledger, keys.checks())
        await audit.record(
            ledger, keys, actor=getpass.getuser(), action=action, reference=None, reason=reason
        )
        yield ledger, keys
