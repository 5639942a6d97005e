"""Delivery receipts: what became of each message, by the keyed index of its key.

A receipt may come before the row of its message. The later word counts, but for two: nothing
follows `delivered`, and `pending` follows nothing.
"""

from collections.abc import Iterable, Mapping

from domain.receipts import Receipt, Received
from ledger.words import word
from postgres import Pool
from security import receipt_tokens
from security.keys import KeyRing

_RECORD = """
INSERT INTO receipt AS r (message_index, state) VALUES ($1, $2)
ON CONFLICT (message_index) DO UPDATE SET state = EXCLUDED.state, told_at = now()
WHERE r.state <> EXCLUDED.state AND r.state <> 'delivered' AND EXCLUDED.state <> 'pending'
RETURNING true
"""


async def record(pool: Pool, message_index: str, state: Receipt) -> bool:
    """Record what a receipt says (idempotent), and return whether that is new.

    One that comes late or again changes nothing.
    """
    return bool(await pool.fetchval(_RECORD, message_index, state))


async def of(pool: Pool, keys: KeyRing, message_keys: Iterable[str]) -> Mapping[str, Received]:
    """Return the receipts of these messages, by the messages' keys."""
    by_index = {receipt_tokens.index_of(keys, key): key for key in message_keys}
    rows = await pool.fetch(
        "SELECT message_index, state, told_at FROM receipt WHERE message_index = ANY($1)",
        list(by_index),
    )
    read = ((by_index[row["message_index"]], word(Receipt, row["state"]), row) for row in rows)
    return {key: Received(state, row["told_at"]) for key, state, row in read if state}
