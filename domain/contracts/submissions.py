"""The start of an activation, and the student's submissions to it."""

from datetime import datetime, timedelta
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import BUILT_IN, Channel
from domain.contracts.vocabulary import Choice, Detail, Language, Step


class Policy(Model):
    """Limits and time-outs of the workflow; part of its input, so that a replay sees the same."""

    kind: Literal["policy"] = "policy"
    pin_ttl: timedelta = timedelta(minutes=10)
    """How long a PIN is valid after its message was handed over."""
    pin_tries_per_code: int = 5
    """Wrong attempts that end one code."""
    pin_tries: int = 10
    """Wrong attempts over all codes that lock the activation."""
    pin_lock: timedelta = timedelta(minutes=60)
    """The duration of the lock."""
    resend_after: timedelta = timedelta(seconds=60)
    """The minimum time between two messages."""
    repeat_code_if_left: timedelta = timedelta(minutes=5)
    """If a code is still valid for this time, another message repeats it."""
    identity_tries: int = 3
    """Wrong answers in 24 hours to the identity question (for siblings with one contact, or by
    `identity.always_ask`) before support must help. They count by proved contact and by each
    student who has it, from any browser; a right answer does not count. An answer is accepted again
    24 hours after the oldest one, or at once after staff's retry, which resets the count. So a
    person who can read the contact's messages can block its owner for a day; nobody else can."""
    deadline: timedelta = timedelta(hours=72)
    """How long an activation waits for the student; starts again at each accepted step."""
    remind_after: timedelta | None = timedelta(hours=24)
    """After this time without an answer a student who has proved a contact is reminded once,
    between 9 and 21 o'clock at the institution; empty for never."""
    notify_after: timedelta = timedelta(minutes=10)
    """A student who waited longer than this for a system or for staff is notified once when they
    can continue."""
    reread_disputed_every: timedelta = timedelta(hours=6)
    """How often the registrar is read again while details are disputed."""
    registrar_fresh_for: timedelta = timedelta(minutes=15)
    """If the look-up is older than this when the password is chosen, the registrar is read again
    before the account is made; `"PT0S"` for always."""
    terms_version: str = "1"
    """The version of the [terms](configuration.md#terms-notices-and-help) in force, which consents
    name; raise it after you publish a new text."""
    recreate_missing: Literal["confirm", "automatic"] = "confirm"
    """Whether an account that was deleted from the directory is made again under its old name after
    staff confirm it (`confirm`) or at once (`automatic`)."""


class ActivationStart(Model):
    """Input of the activation workflow; at least one of `mobile` and `email` is set.

    `always_ask`: the identity question is asked even if only one person has the contact.
    `channels` are those that may be used, fixed for the lifetime of the activation. `utc_offset` is
    the institution's at the start: the reminder goes in its daytime; None: at any time, as before.
    """

    kind: Literal["activation_start"] = "activation_start"
    reference: str
    mobile: str | None = None
    email: str | None = None
    language: Language = Language.EL
    policy: Policy = Policy()
    always_ask: bool = False
    channels: tuple[Channel, ...] = BUILT_IN
    utc_offset: timedelta | None = None


class ActivationResult(Model):
    kind: Literal["activation_result"] = "activation_result"
    end: Step


class Submission(Model):
    """Base of all submissions; deduplicated by `submission_id` over all handlers."""

    submission_id: str
    received_at: datetime


class PinSubmission(Submission):
    kind: Literal["pin"] = "pin"
    pin: str


class NotMeSubmission(Submission):
    """Stop this activation, of whoever got a message with this code and had not asked for it."""

    kind: Literal["not_me"] = "not_me"
    pin: str


class ResendRequest(Submission):
    """Ask for another code; `answers` is an optional second datum, from `identity.readings`."""

    kind: Literal["resend"] = "resend"
    channel: Channel
    answers: tuple[str, ...] = ()


class IdentitySubmission(Submission):
    """Answer to the identity question; `answer` is normalised by `domain.identity.read`."""

    kind: Literal["identity"] = "identity"
    answer: str


class InsuranceSubmission(Submission):
    """An insurance number, checked and normalised; `scheme` is an ISO 3166 code or `EHIC`."""

    kind: Literal["insurance"] = "insurance"
    scheme: str
    number: str
    warnings: tuple[str, ...] = ()


class RetypeInsuranceSubmission(Submission):
    """Take back the insurance number typed before, to type another."""

    kind: Literal["retype_insurance"] = "retype_insurance"


class ConsentSubmission(Submission):
    """«Συμφωνώ» for exactly what was shown; `shown_hash` is the hash from the form."""

    kind: Literal["consent"] = "consent"
    shown_hash: str
    choices: tuple[Choice, ...] = ()
    language: Language = Language.EL


class DisputeSubmission(Submission):
    """Report which details are wrong, with a note of at most a thousand characters."""

    kind: Literal["dispute"] = "dispute"
    wrong: tuple[Detail, ...]
    note: str = ""


class WithdrawSubmission(Submission):
    """Withdraw a dispute."""

    kind: Literal["withdraw"] = "withdraw"


class PasswordSubmission(Submission):
    """A chosen password; it stays in its sealed ledger row, only the row's id is sent."""

    kind: Literal["password"] = "password"
    sealed_id: str


class JoinedNotice(Submission):
    """Tell this activation that another one of the same person ended in its favour.

    Its acceptance proves that this workflow is still open.
    """

    kind: Literal["joined"] = "joined"
