"""Tickets of the bot barrier: each is signed for one use of a form and has a number to be found.

A ticket says when it was issued and is kept nowhere. Its number is derived from it by a key, so the
portal knows it without work; a browser tries numbers until one gives the target (PBKDF2, which
browsers compute natively).
"""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

from security.keys import KeyRing

LIFE = timedelta(minutes=10)
ITERATIONS = 2_000
"""Of PBKDF2 for each number tried: some milliseconds on a slow phone."""
_TARGET_BYTES = 16
_TICKET = re.compile(r"([0-9]{10,11}\.[\w-]{22})\.([0-9a-f]{64})", re.ASCII)


def name_of(ticket: str) -> str:
    """Return the random part of a ticket, which tells nothing about its subject."""
    return ticket.split(".")[1]


class Tickets:
    """Issues and verifies tickets; `tries` is how many numbers there are, of which one is right."""

    def __init__(self, keys: KeyRing, tries: int) -> None:
        self._keys = keys
        self.tries = tries

    def issue(self, subject: str, now: datetime) -> str:
        """Return a new ticket for this subject, which is whoever may use it and for what."""
        named = f"{int(now.timestamp())}.{secrets.token_urlsafe(16)}"
        return f"{named}.{self._mac('ticket', named, subject)}"

    def issued(self, ticket: str, subject: str, now: datetime) -> datetime | None:
        """Return when a ticket was issued; None if it is not a valid one of this subject."""
        found = _TICKET.fullmatch(ticket)
        if not found or not hmac.compare_digest(found[2], self._mac("ticket", found[1], subject)):
            return None
        issued = datetime.fromtimestamp(int(ticket.partition(".")[0]), UTC)
        return issued if timedelta() <= now - issued <= LIFE else None

    def target(self, ticket: str) -> str:
        """Return what the right number gives."""
        salt = self._number(ticket).encode()
        return hashlib.pbkdf2_hmac("sha256", ticket.encode(), salt, ITERATIONS, _TARGET_BYTES).hex()

    def is_solved(self, ticket: str, number: str) -> bool:
        return hmac.compare_digest(self._number(ticket).encode(), number.encode())

    def _number(self, ticket: str) -> str:
        return str(int(self._mac("number", ticket), 16) % self.tries)

    def _mac(self, *parts: str) -> str:
        return hmac.digest(self._keys.barrier_key, "\0".join(parts).encode(), "sha256").hex()
