"""Requests and outcomes of the activities that send messages."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Destination
from domain.contracts.vocabulary import Language, Purse, SpentPurse


class ReserveSend(Model):
    """Reserve a message against the rate limits.

    `request_no` counts the messages that this run of the workflow asked for, from 1; with the run
    id it makes the reservation idempotent. `person_key` is None while several persons share the
    contact. A message that invites the student carries no code.
    """

    kind: Literal["reserve_send"] = "reserve_send"
    reference: str
    request_no: int
    destination: Destination
    person_key: str | None = None
    carries_code: bool = True
    purse: Purse = Purse.ORDINARY


class SendReserved(Model):
    """Outcome of `ReserveSend`: allowed if `send_no` is set, else after the given time.

    `spent` is the rate limit that is exhausted; the last message to this contact went out at
    `last_sent_at`. From `kept_at` on the kept message may be sent; None: it would not help.
    `send_no` counts the activation's messages over all its runs, `code_no` names the code.
    All times are by the ledger's clock, which read `told_at` at the answer.
    """

    kind: Literal["send_reserved"] = "send_reserved"
    told_at: datetime | None = None
    send_no: int | None = None
    code_no: int | None = None
    valid_for: timedelta | None = None
    tries_left: int = 0
    not_before: datetime | None = None
    spent: SpentPurse | None = None
    last_sent_at: datetime | None = None
    kept_at: datetime | None = None
    locked_until: datetime | None = None


class SendPin(Model):
    """Send a code; `code_no` names it, and a resend may repeat it under a new `send_no`.

    `valid_for` is the validity that the message states.
    """

    kind: Literal["send_pin"] = "send_pin"
    reference: str
    send_no: int
    code_no: int
    destination: Destination
    language: Language
    valid_for: timedelta


class Delivery(StrEnum):
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


class Sent(Model):
    """Outcome of `SendPin`; `expires_at` is when the delivered code expires.

    Times are by the ledger's clock, which read `told_at`.
    """

    kind: Literal["sent"] = "sent"
    told_at: datetime | None = None
    outcome: Delivery
    expires_at: datetime | None = None


class NoticeKind(StrEnum):
    ACTIVE = "active"
    CONTINUED = "continued"
    CANCELLED = "cancelled"
    CHOOSE_PASSWORD_AGAIN = "choose_password_again"  # noqa: S105 - the name of a notice
    GO_ON = "go_on"
    REMINDER = "reminder"
    ALREADY_ACTIVE = "already_active"


class SendNotice(Model):
    """Send a notice; `notice_no` counts the activation's notices from 1.

    `username` is set only if the text contains it; `address` is as in `Provisioned`.
    """

    kind: Literal["send_notice"] = "send_notice"
    reference: str
    notice_no: int
    notice: NoticeKind
    destination: Destination
    language: Language
    username: str | None = None
    address: str | None = None


class MailSupportRequest(Model):
    """Mail a request for help; its text is read from the ledger by id, not carried."""

    kind: Literal["mail_support_request"] = "mail_support_request"
    request_id: str


class MailSupportAnswer(Model):
    """Mail the answer of staff; its text is read from the ledger by id, not carried."""

    kind: Literal["mail_support_answer"] = "mail_support_answer"
    request_id: str
