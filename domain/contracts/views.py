"""Models of what the student may see, and the answer to a submission."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.contracts import Model
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import (
    PasswordRefusal,
    Question,
    SpentPurse,
    Step,
    WaitReason,
    Waker,
)


class PinView(Model):
    """State of the PIN step; `destination` is masked, `expires_at` is None until a message is sent.

    `on_request`: no code is sent until the student asks, because nobody may be there to read it.
    `spent`: the rate limit that kept the code back; the last one was sent at `last_sent_at`, and
    from `kept_at` on one may be sent to a student who gives a second datum. `send_no` is the number
    of the newest message.
    """

    kind: Literal["pin_view"] = "pin_view"
    channel: Channel
    destination: str
    tries_left: int
    expires_at: datetime | None
    resend_at: datetime | None
    locked_until: datetime | None = None
    other_channels: tuple[Channel, ...] = ()
    on_request: bool = False
    spent: SpentPurse | None = None
    last_sent_at: datetime | None = None
    kept_at: datetime | None = None
    send_no: int | None = None


class IdentifyView(Model):
    kind: Literal["identify_view"] = "identify_view"
    question: Question
    tries_left: int
    shared: bool = True


class StudyView(Model):
    kind: Literal["study_view"] = "study_view"
    student_number: str
    department_el: str
    department_en: str


class InsuranceView(Model):
    """The insurance number that the student typed, masked; `revision` counts the typed ones.

    So that two numbers that look alike when masked have different hashes.
    """

    kind: Literal["insurance_view"] = "insurance_view"
    scheme: str
    masked: str
    revision: int


class ReviewView(Model):
    """The verified details exactly as shown; `shown_hash` covers all other fields.

    `insurance` is None if the student typed no number, and in views of version 1.0. `email` and
    `mobile` are the masked contacts on file that may be stored for recovery.
    """

    kind: Literal["review_view"] = "review_view"
    name_el: str
    name_latin: str
    studies: tuple[StudyView, ...]
    username: str
    terms_version: str
    email: str | None = None
    mobile: str | None = None
    insurance: InsuranceView | None = None
    shown_hash: str


class Progress(Model):
    """State of an activation, with everything that a student's page needs.

    `woken_by` is who ends the wait; `next_try_at` is when the workflow itself retries. Retries of
    an activity are not included: Temporal reports them, also without a worker. `proved_by` is the
    submission that last proved the student's identity; only the session that sent it may continue.
    `review_before` are the details that the student last answered or saw first, if they differ.
    `password_context` has the names and numbers that a password must not contain, and is on no
    page. `address` is as in `Provisioned`. `version` grows with each answer of this `run`; both are
    None from a worker of an older version.
    """

    kind: Literal["progress"] = "progress"
    reference: str
    step: Step
    wait_reason: WaitReason | None
    since: datetime
    woken_by: Waker | None = None
    next_try_at: datetime | None = None
    deadline_at: datetime | None = None
    needs_insurance: bool = False
    pin: PinView | None = None
    identify: IdentifyView | None = None
    review: ReviewView | None = None
    review_before: ReviewView | None = None
    username: str | None = None
    address: str | None = None
    password_refusal: PasswordRefusal | None = None
    password_context: tuple[str, ...] = Field(default=(), repr=False)
    joined_to: str | None = None
    proved_by: str | None = None
    run: str | None = None
    version: int | None = None


class ProgressRequest(Model):
    kind: Literal["progress_request"] = "progress_request"


class Verdict(StrEnum):
    """Result of a submission; `away`: a dependency does not answer, and nothing was changed."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"
    TOO_SOON = "too_soon"
    STALE = "stale"
    OUT_OF_STEP = "out_of_step"
    AWAY = "away"


class Answer(Model):
    kind: Literal["answer"] = "answer"
    verdict: Verdict
    progress: Progress
