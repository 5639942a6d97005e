"""Delivery receipts: what a gateway's words mean, and where in its callback they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Receipt(StrEnum):
    """What became of a message after it was handed over."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    """The phone could not be reached for as long as the gateway tried."""
    FAILED = "failed"


@dataclass(frozen=True)
class Received:
    """The newest receipt of a message; `told_at` by the ledger's clock."""

    state: Receipt
    told_at: datetime


_WORDS: Mapping[str, Receipt] = {
    **dict.fromkeys(("delivered", "delivrd"), Receipt.DELIVERED),
    **dict.fromkeys(("expired",), Receipt.EXPIRED),
    **dict.fromkeys(
        (
            *("failed", "failure", "undelivered", "undeliv", "undeliverable", "not_delivered"),
            *("rejected", "rejectd", "deleted", "blocked", "canceled", "cancelled"),
        ),
        Receipt.FAILED,
    ),
    **dict.fromkeys(
        (
            *("pending", "sent", "sending", "queued", "scheduled", "submitted", "submit"),
            *("accepted", "acceptd", "enroute", "buffered"),
        ),
        Receipt.PENDING,
    ),
}
"""The words that gateways share, most of them from SMPP; a gateway's own are settings."""
_LONGEST = 40
"""Characters of a gateway's word."""


def meaning(said: str, own: Mapping[str, Receipt]) -> Receipt | None:
    """Return what a gateway's word means, in any case; None if nobody said."""
    if len(said) > _LONGEST:
        return None
    word = _plain(said)
    return {_plain(key): value for key, value in own.items()}.get(word, _WORDS.get(word))


def _plain(word: str) -> str:
    """Return a word in small letters with one underscore between its parts; `-1` stays."""
    return re.sub(r"(?<!^)[\s_-]+", "_", word.strip().casefold())


def value_at(told: object, path: str) -> str:
    """Return the text or number at a path such as `data.0.status`; empty if there is none.

    A name that stands there as a whole, dots included, is taken first: so fields of a form are.
    """
    if isinstance(told, Mapping) and path in told:
        return _text(told[path])
    for name in path.split("."):
        if isinstance(told, Mapping):
            told = told.get(name)
        elif isinstance(told, list) and re.fullmatch("[0-9]{1,3}", name) and int(name) < len(told):
            told = told[int(name)]
        else:
            return ""
    return _text(told)


def _text(value: object) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    return ""
