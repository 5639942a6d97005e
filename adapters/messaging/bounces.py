"""Reads delivery status notifications (RFC 3464), by which mail servers say what mail became."""

import re
from email import message_from_bytes, policy
from email.message import Message
from typing import NamedTuple

from domain.receipts import Receipt
from security.receipt_tokens import TOKEN

_MESSAGE_ID = re.compile(rf"^Message-ID:\s*<({TOKEN.pattern})@", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^Action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_TIMED_OUT = re.compile(r"^Status:\s*\d\.4\.[67]\b", re.IGNORECASE | re.MULTILINE)
_STATES = {
    "failed": Receipt.FAILED,
    "delayed": Receipt.PENDING,
    "relayed": Receipt.PENDING,
    "expanded": Receipt.PENDING,
    "delivered": Receipt.DELIVERED,
}
_ORIGINAL = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_REPORT = ("message/delivery-status", "message/global-delivery-status")


class Bounce(NamedTuple):
    """The token of the letter that it is about, and what became of that."""

    token: str
    state: Receipt


def read(mail: bytes) -> Bounce | None:
    """Return what a notification says; None for any other mail, and about any other letter.

    Of several recipients the first counts: a letter of the engine has one. A notification that is
    cut off may still be read: the report stands before the letter.
    """
    try:
        parts = [*message_from_bytes(mail, policy=policy.compat32).walk()]
    except RecursionError:  # Parts within parts without end are nobody's notification.
        return None
    report = "\n".join(_text(part) for part in parts if part.get_content_type() in _REPORT)
    original = "\n".join(_text(part) for part in parts if part.get_content_type() in _ORIGINAL)
    named, action = _MESSAGE_ID.search(original), _ACTION.search(report)
    state = _STATES.get(action[1].lower()) if action else None
    if named is None or state is None:
        return None
    if state is Receipt.FAILED and _TIMED_OUT.search(report):
        state = Receipt.EXPIRED
    return Bounce(named[1], state)


def _text(part: Message) -> str:
    """Return the headers of the messages inside a part, else its lines.

    A message is not written anew, which fails for one with malformed headers or unknown charset.
    """
    inside = part.get_payload()
    if isinstance(inside, list):
        headers = (pair for each in inside if isinstance(each, Message) for pair in each.items())
        return "\n".join(f"{name}: {value}" for name, value in headers)
    decoded = part.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
