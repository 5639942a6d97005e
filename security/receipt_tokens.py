"""Tokens by which a delivery receipt names its message, and proves that it may.

A token is sent with the message, to a gateway or as the Message-ID of a letter, and comes back with
the receipt. Whoever has one can tell about that message and nothing else. It is checked without
any store, so that a forged one costs a hash and tells nobody which messages there are.
"""

import hmac
import re

from security.keys import KeyRing

_HALF = 32
TOKEN = re.compile(f"[0-9a-f]{{{2 * _HALF}}}")


def index_of(keys: KeyRing, message_key: str) -> str:
    """Return the keyed index (HMAC) under which the ledger has a message's receipt."""
    return keys.index("receipt", f"message {message_key}")[:_HALF]


def token(keys: KeyRing, message_key: str) -> str:
    """Return the token of a message, the same on each call."""
    index = index_of(keys, message_key)
    return index + _proof(keys, index)


def read(keys: KeyRing, given: str) -> str | None:
    """Return the index of the message that a token names; None for a forged one."""
    if not TOKEN.fullmatch(given):
        return None
    index, proof = given[:_HALF], given[_HALF:]
    return index if hmac.compare_digest(proof, _proof(keys, index)) else None


def _proof(keys: KeyRing, index: str) -> str:
    return keys.index("receipt", f"proof {index}")[:_HALF]
