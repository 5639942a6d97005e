"""Heads of the audit as they are sent elsewhere, one a day: how they are written, taken and read.

A head is written so that it passes the redaction of logs, and is found again in a file of letters,
log lines or whatever a webhook has kept.
"""

import binascii
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from postgres import Connection

_WRITTEN = re.compile(
    r"\b(\d{4}-\d\d-\d\d)\s+row\s+(\d{1,3}(?:,\d{3}){0,5})\s+((?:[0-9a-f]{4}-){15}[0-9a-f]{4})\b"
)
_GIVEN = re.compile(
    r"(?:head:\s*|\d{4}-\d\d-\d\d\s+row\s+[\d,]+\s+)?([0-9a-f]{2}(?:[\s-]?[0-9a-f]{2}){31})"
)
"""A head by itself, as a person copies it: as `audit verify` prints it, or as it was sent."""
_SOFT_BREAKS = re.compile(r"=\r?\n")
"""Where a letter that is encoded as quoted-printable breaks its lines."""
_BASE64 = re.compile(r"(?:^[A-Za-z0-9+/]+={0,2}[ \t]*(?:\r?\n|\Z))+", re.MULTILINE)
"""Adjacent lines that may be the body of a letter."""
_TAKEN = (
    "INSERT INTO audit_sent (day, id, hash)"
    " SELECT $1, id, hash FROM audit_head WHERE octet_length(hash) = 32"
    " ON CONFLICT (day) DO NOTHING"
)
_BEHIND = (
    "SELECT EXISTS (SELECT FROM audit_sent s WHERE NOT EXISTS"
    " (SELECT FROM audit_head h WHERE h.id > s.id OR (h.id = s.id AND h.hash = s.hash)))"
)
_FIRST_TO_KEEP = "(SELECT min(id) FROM audit WHERE at >= $1)"
_BEGINNING = (
    "SELECT s.day, s.id, s.hash FROM audit_sent s JOIN audit a ON a.id = s.id AND a.hash = s.hash"  # noqa: S608 - a constant of this module
    " WHERE s.told <> '{}' AND ($2::bigint[] IS NULL OR s.id = ANY($2))"
    f" AND (s.id <= {_FIRST_TO_KEEP} OR {_FIRST_TO_KEEP} IS NULL)"
    " ORDER BY s.id DESC LIMIT 1"
)


@dataclass(frozen=True)
class SentHead:
    """The newest row of the audit as the day began, by number and hash."""

    day: date
    id: int
    hash: bytes

    def __str__(self) -> str:
        """Write the head with no more than four digits in a row, which logs would redact."""
        return f"{self.day} row {self.id:,} {self.hash.hex('-', 2)}"


def read(text: str) -> list[SentHead]:
    """Return the heads in a text of letters, log lines or the like, in the order of their rows."""
    found = set()
    for part in (text, *_decoded(text)):
        for day, number, digits in _WRITTEN.findall(_SOFT_BREAKS.sub("", part)):
            hashed = bytes.fromhex(digits.replace("-", ""))
            with suppress(ValueError):  # No such day.
                found.add(SentHead(date.fromisoformat(day), int(number.replace(",", "")), hashed))
    return sorted(found, key=lambda head: (head.id, head.day))


def hash_of(text: str) -> str | None:
    """Return the hash, as hexadecimal digits, of one head as a person copied it; None for none."""
    given = _GIVEN.fullmatch(text.strip().lower())
    return re.sub(r"[\s-]", "", given[1]) if given else None


def _decoded(text: str) -> Iterator[str]:
    """Yield what is encoded as base64, such as the bodies of letters in Greek."""
    for body in _BASE64.findall(text):
        with suppress(binascii.Error):  # Lines of another kind.
            yield binascii.a2b_base64(body).decode("utf-8", "replace")


async def of_day(ledger: Connection, day: date) -> tuple[SentHead, Collection[str]] | None:
    """Return the head of this day and the channels that took it; the first caller takes it.

    None if the audit has no head, as before its first row.
    """
    await ledger.execute(_TAKEN, day)
    row = await ledger.fetchrow("SELECT * FROM audit_sent WHERE day = $1", day)
    return (SentHead(row["day"], row["id"], row["hash"]), row["told"]) if row else None


async def told(ledger: Connection, day: date, channel: str) -> None:
    """Record that this channel took the day's head."""
    await ledger.execute(
        "UPDATE audit_sent SET told = array_append(told, $2) WHERE day = $1", day, channel
    )


async def sent(ledger: Connection) -> list[SentHead]:
    """Return every head that a channel took, as the ledger has them."""
    rows = await ledger.fetch(
        "SELECT day, id, hash FROM audit_sent WHERE told <> '{}' ORDER BY id, day"
    )
    return [SentHead(**row) for row in rows]


async def is_behind(ledger: Connection) -> bool:
    """Return whether the audit ends before a head that was taken, or in another way."""
    behind: bool = await ledger.fetchval(_BEHIND)
    return behind


async def beginning(
    ledger: Connection, before: datetime, heads: Collection[SentHead] | None = None
) -> SentHead | None:
    """Return the newest of the sent heads behind which all rows are older than this time.

    `heads` are those to choose from; None: all that the ledger has.
    """
    numbers = None if heads is None else [head.id for head in heads]
    row = await ledger.fetchrow(_BEGINNING, before, numbers)
    return SentHead(**row) if row else None
