"""Seals of rows that give rights: keyed hashes over all that decides.

Whoever has the database but no key can neither make such a row nor change one, nor copy one for
another token. They can bring back a row that was genuine, as long as its time has not run out.
"""

import hmac
import json
from datetime import datetime

from security.keys import KeyRing


def seal(keys: KeyRing, table: str, *fields: object) -> bytes:
    """Return the seal of a row of this table with these fields."""
    return hmac.digest(keys.row_key(table), json.dumps(fields, default=_text).encode(), "sha256")


def fits(keys: KeyRing, found: bytes | None, table: str, *fields: object) -> bool:
    """Return whether a row was found with its seal; one of before there were seals has none."""
    return hmac.compare_digest(found or b"", seal(keys, table, *fields))


def _text(value: object) -> str:
    """Return a moment or bytes as a text, which tells equal values alone as equal."""
    return value.isoformat() if isinstance(value, datetime) else bytes(value).hex()  # type: ignore[call-overload]
