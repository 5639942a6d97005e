"""The list of erasures outside the ledger: what a restore of an older state must erase again.

A line has the ledger's time, what was erased, and a name that tells nothing about a person: a
reference, a keyed index, or the id of a run. The list is kept on another disk than the ledger.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from domain.contracts.vocabulary import Step
from ledger import activations, erasure
from postgres import Connection
from security.keys import KeyRing

_MARGIN = timedelta(hours=1)
"""An erasure that a backup just missed was listed before it was done."""


class ErasedKind(StrEnum):
    """What a line names; `person` is a key of one, `workflow` what Temporal ran."""

    ACTIVATION = "activation"
    PERSON = "person"
    REQUEST = "request"
    WORKFLOW = "workflow"


class Erased(NamedTuple):
    kind: ErasedKind
    name: str


class Line(NamedTuple):
    at: datetime
    erased: Erased


def append(path: Path, at: datetime, erased: Iterable[Erased]) -> None:
    """Add lines that are on the disk when this returns; raises `OSError`."""
    lines = "".join(f"{at.isoformat()} {kind} {name}\n" for kind, name in erased)
    with open(path, "ab+", opener=_private) as file:
        if file.tell() and _last(file) != b"\n":
            file.write(b"\n")
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, since: datetime | None = None) -> dict[Erased, datetime]:
    """Return what was erased from an hour before this time on, and when last; raises `OSError`."""
    lines = _lines(path.read_text("utf-8", "replace"))
    return {line.erased: line.at for line in lines if since is None or line.at >= since - _MARGIN}


async def erase_again(connection: Connection, keys: KeyRing, erased: Erased, at: datetime) -> None:
    """Erase in the ledger, in the caller's transaction, what a restore brought back.

    Runs of Temporal are not the ledger's. `at` is when it was erased: who objected to invitations
    after it still wants none.
    """
    match erased.kind:
        case ErasedKind.ACTIVATION:
            # It had ended, or it could not have been erased.
            await activations.close(connection, reference=erased.name, end=Step.CANCELLED)
            await erasure.erase_within(connection, keys, erased.name)
        case ErasedKind.PERSON:
            await erasure.forget_within(connection, keys, [erased.name], objected_until=at)
        case ErasedKind.REQUEST:
            await erasure.forget_requests(connection, [erased.name])
        case ErasedKind.WORKFLOW:
            pass


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _last(file: BinaryIO) -> bytes:
    """Return the last byte: a line that a crash or a full disk cut off has no end."""
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        with suppress(ValueError):  # A line that a crash cut off.
            at, kind, name = line.split()
            yield Line(datetime.fromisoformat(at), Erased(ErasedKind(kind), name))
