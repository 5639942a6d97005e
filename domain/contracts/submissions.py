"""What starts an activation, and what the student says to it."""

from datetime import datetime, timedelta
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import BUILT_IN, Channel
from domain.contracts.vocabulary import Choice, Detail, Language, Step


class Policy(Model):
    """The numbers the workflow decides by; they enter through its input, never from settings.

    `remind_after` is how long a student who has proved a contact may be silent; None: for ever.
    `notify_after`: a student who had to wait for longer is written to when it is their turn.
    `recreate_missing`: whether an account that was deleted from the directory is made again at
    staff's word (`confirm`) or at once.
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
    terms_version: str = "1"
    recreate_missing: Literal["confirm", "automatic"] = "confirm"


class ActivationStart(Model):
    """One of `mobile` and `email` at least is given.

    `always_ask`: a second datum is asked for also where one person alone has the contact.
    `channels` are those that may be used, which stay the same for the activation's life.
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
    """One answer; the same `submission_id` counts once, whichever handler it came by."""

    submission_id: str
    received_at: datetime


class PinSubmission(Submission):
    kind: Literal["pin"] = "pin"
    pin: str


class ResendRequest(Submission):
    """`answers` is a second datum, where one was typed, as `domain.identity.readings` gives it."""

    kind: Literal["resend"] = "resend"
    channel: Channel
    answers: tuple[str, ...] = ()


class IdentitySubmission(Submission):
    """`answer` is in the form `domain.identity.read` gives it."""

    kind: Literal["identity"] = "identity"
    answer: str


class InsuranceSubmission(Submission):
    """`scheme` is an ISO 3166 country code or `EHIC`; `number` is already checked and folded."""

    kind: Literal["insurance"] = "insurance"
    scheme: str
    number: str
    warnings: tuple[str, ...] = ()


class ConsentSubmission(Submission):
    """«Συμφωνώ» for exactly what was shown: `shown_hash` is the hash that stood in the form."""

    kind: Literal["consent"] = "consent"
    shown_hash: str
    choices: tuple[Choice, ...] = ()
    language: Language = Language.EL


class DisputeSubmission(Submission):
    """The details shown are wrong: which, and a note of at most a thousand characters."""

    kind: Literal["dispute"] = "dispute"
    wrong: tuple[Detail, ...]
    note: str = ""


class WithdrawSubmission(Submission):
    """The student takes a dispute back."""

    kind: Literal["withdraw"] = "withdraw"


class PasswordSubmission(Submission):
    """The password itself stays in its sealed ledger row; only the row's id travels."""

    kind: Literal["password"] = "password"
    sealed_id: str


class JoinedNotice(Submission):
    """Another activation of the same person ended for this one to go on: it must be alive."""

    kind: Literal["joined"] = "joined"
