"""The activities that send messages: one request and one outcome each."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Destination
from domain.contracts.vocabulary import Language, Purse, SpentPurse


class ReserveSend(Model):
    """`request_no` counts the messages that this run of the workflow asked for, from 1.

    With the run's own id it makes the reservation unique. `person_key` is None while several
    persons share the contact; a message that invites the student carries no code.
    """

    kind: Literal["reserve_send"] = "reserve_send"
    reference: str
    request_no: int
    destination: Destination
    person_key: str | None = None
    carries_code: bool = True
    purse: Purse = Purse.ORDINARY


class SendReserved(Model):
    """Allowed when there is a `send_no`; else `not_before`, or `locked_until`, says from when on.

    `spent` is what keeps it back; the last message went to this contact at `last_sent_at`. From
    `kept_at` on the kept message may go there; None: it would not help.
    `send_no` counts the activation's messages over all its runs, `code_no` names the code.
    All times are the ledger's, whose clock said `told_at`.
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
    """`code_no` names the code; a resend may repeat it under a new `send_no`.

    `valid_for` is what the message says of the code's life.
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
    """`expires_at` is when the code that was handed over ends.

    By the ledger's clock, which said `told_at`.
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
    """`notice_no` counts the activation's notices from 1; username only where the text has it.

    `address` as in `Provisioned`.
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
    """What the student wrote is not carried: the activity reads the ledger's row of this id."""

    kind: Literal["mail_support_request"] = "mail_support_request"
    request_id: str


class MailSupportAnswer(Model):
    """What staff wrote is not carried: the activity reads the ledger's row of this id."""

    kind: Literal["mail_support_answer"] = "mail_support_answer"
    request_id: str
