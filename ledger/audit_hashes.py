"""The keyed hashes of the audit: of a row, over the one before it, and of the head's seal."""

import hmac
import json
from typing import Any

import asyncpg

from security.keys import KeyRing

NO_HASH = b""
"""Stands before the first row."""


def row_hash(keys: KeyRing, previous: bytes, row: Any) -> bytes:
    """Return the HMAC over the previous row's hash and all fields of this row."""
    fields = [row["id"], row["at"].isoformat(), row["actor"], row["action"], row["reference"]]
    text = json.dumps([previous.hex(), *fields, row["reason"].hex()])
    return hmac.digest(keys.audit_key, text.encode(), "sha256")


def fits(keys: KeyRing, previous: bytes, row: Any) -> bool:
    """Return whether the row, as it is stored, comes after the one with this hash."""
    return hmac.compare_digest(row["hash"], row_hash(keys, previous, row))


def seal(keys: KeyRing, last: int, linked: bytes) -> bytes:
    return hmac.digest(keys.audit_key, f"head {last} {linked.hex()}".encode(), "sha256")


def has_valid_seal(keys: KeyRing, head: asyncpg.Record) -> bool:
    if head["id"] is None:
        return False
    return hmac.compare_digest(head["seal"], seal(keys, head["id"], head["hash"]))
