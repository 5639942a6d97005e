"""The start of an activation, and the student's submissions to it."""

from datetime import datetime, timedelta
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import BUILT_IN, Channel
from domain.contracts.vocabulary import Choice, Detail, Language, Step


class Policy(Model):
    """Limits and time-outs of the workflow; part of its input, so that a replay sees the same.

    `remind_after`: a student who has proved a contact is reminded after this silence; None: never.
    `notify_after`: after a longer wait the student is notified when they can continue.
    `registrar_fresh_for`: the registrar is not read again before the account is made if the look-up
    is younger.
    `recreate_missing`: whether an account that was deleted from the directory is made again after
    staff confirm it (`confirm`) or automatically.
    """

    kind: Literal["policy"] = "policy"
    pin_ttl: timedelta = timedelta(minutes=10)
    pin_tries_per_code: int = 5
    pin_tries: int = 10
    pin_lock: timedelta = timedelta(minutes=60)
    resend_after: timedelta = timedelta(seconds=60)
    repeat_code_if_left: timedelta = timedelta(minutes=5)
    identity_tries: int = 3
    deadline: timedelta = timedelta(hours=72)
    remind_after: timedelta | None = timedelta(hours=24)
    notify_after: timedelta = timedelta(minutes=10)
    reread_disputed_every: timedelta = timedelta(hours=6)
    registrar_fresh_for: timedelta = timedelta(minutes=15)
    terms_version: str = "1"
    recreate_missing: Literal["confirm", "automatic"] = "confirm"


class ActivationStart(Model):
    """Input of the activation workflow; at least one of `mobile` and `email` is set.

    `always_ask`: the identity question is asked even if only one person has the contact.
    `channels` are those that may be used, fixed for the lifetime of the activation.
    """

    kind: Literal["activation_start"] = "activation_start"
    reference: str
    mobile: str | None = None
    email: str | None = None
    language: Language = Language.EL
    policy: Policy = Policy()
    always_ask: bool = False
    channels: tuple[Channel, ...] = BUILT_IN


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
