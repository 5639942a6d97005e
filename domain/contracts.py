"""The words that cross a boundary: vocabularies, submissions, activity requests and outcomes.

Portal, workflow, activities and console all speak these models and no others.
Every model carries its `kind`, so that a payload can never be read as another one, hides its
input in errors, and ignores fields it does not know, so that old and new code can meet.
Times are aware UTC datetimes, mobiles E.164 with `+`, e-mails lower case, references as drawn.
Nothing here may be a `SecretStr`: Temporal would deliver ten asterisks in its place.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

WORKFLOW = "Activation"
SUPPORT_WORKFLOW = "SupportRequest"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")


# --- closed vocabularies -------------------------------------------------------------------


class Step(StrEnum):
    """Where an activation stands; the last six are its ends."""

    LOOKUP = "lookup"
    PIN = "pin"
    IDENTIFY = "identify"
    INSURANCE = "insurance"
    REVIEW = "review"
    PASSWORD = "password"  # noqa: S105 - the name of a step
    PROVISIONING = "provisioning"
    NEEDS_SUPPORT = "needs_support"
    ACTIVE = "active"
    ALREADY_ACTIVE = "already_active"
    JOINED = "joined"
    NOT_FOUND = "not_found"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class WaitReason(StrEnum):
    """Why an activation stands where it stands."""

    WAITING_PIN = "WAITING_PIN"
    PIN_LOCKED = "PIN_LOCKED"
    WAITING_IDENTITY = "WAITING_IDENTITY"
    WAITING_INSURANCE = "WAITING_INSURANCE"
    WAITING_CONSENT = "WAITING_CONSENT"
    DATA_DISPUTED = "DATA_DISPUTED"
    WAITING_PASSWORD = "WAITING_PASSWORD"  # noqa: S105 - the name of a reason
    REGISTRAR_DOWN = "REGISTRAR_DOWN"
    LEDGER_DOWN = "LEDGER_DOWN"
    DIRECTORY_DOWN = "DIRECTORY_DOWN"
    SMS_DOWN = "SMS_DOWN"
    MAIL_DOWN = "MAIL_DOWN"
    CONFIGURATION = "CONFIGURATION"
    USERNAME_CONFLICT = "USERNAME_CONFLICT"
    INSURANCE_CONFLICT = "INSURANCE_CONFLICT"
    FOREIGN_ENTRY = "FOREIGN_ENTRY"
    UNDELIVERABLE = "UNDELIVERABLE"


class FailureType(StrEnum):
    """What an activity may raise; each says which part to mend and is the wait reason shown."""

    REGISTRAR_DOWN = "REGISTRAR_DOWN"
    LEDGER_DOWN = "LEDGER_DOWN"
    DIRECTORY_DOWN = "DIRECTORY_DOWN"
    SMS_DOWN = "SMS_DOWN"
    MAIL_DOWN = "MAIL_DOWN"
    CONFIGURATION = "CONFIGURATION"


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class Language(StrEnum):
    EL = "el"
    EN = "en"


class Choice(StrEnum):
    """What the student may agree to separately; all off unless ticked."""

    RECOVERY_EMAIL = "recovery_email"
    RECOVERY_MOBILE = "recovery_mobile"
    DIRECTORY_LISTING = "directory_listing"


class Question(StrEnum):
    """What is asked of a student whose contact is on file for several persons."""

    BIRTH_DATE = "birth_date"
    INSURANCE_LAST_FOUR = "insurance_last_four"
    STUDENT_NUMBER = "student_number"


class Detail(StrEnum):
    """What a student may say is wrong in the review."""

    NAME = "name"
    DEPARTMENT = "department"
    STUDENT_NUMBER = "student_number"
    USERNAME = "username"
    OTHER = "other"


class PasswordRefusal(StrEnum):
    """Why the directory, or the clock, sent the student back to choose another password."""

    TOO_SHORT = "too_short"
    USED_BEFORE = "used_before"
    POLICY = "policy"
    EXPIRED = "expired"


# --- what starts an activation -------------------------------------------------------------


class Policy(Model):
    """The numbers the workflow decides by; they enter through its input, never from settings."""

    kind: Literal["policy"] = "policy"
    pin_ttl: timedelta = timedelta(minutes=10)
    pin_tries_per_code: int = 5
    pin_tries: int = 10
    pin_lock: timedelta = timedelta(minutes=60)
    resend_after: timedelta = timedelta(seconds=60)
    repeat_code_if_left: timedelta = timedelta(minutes=5)
    identity_tries: int = 3
    deadline: timedelta = timedelta(hours=72)
    reread_disputed_every: timedelta = timedelta(hours=6)
    terms_version: str = "1"


class ActivationStart(Model):
    """One of `mobile` and `email` at least is given."""

    kind: Literal["activation_start"] = "activation_start"
    reference: str
    mobile: str | None = None
    email: str | None = None
    language: Language = Language.EL
    policy: Policy = Policy()


class ActivationResult(Model):
    kind: Literal["activation_result"] = "activation_result"
    end: Step


# --- what the student (or staff) says ------------------------------------------------------


class Submission(Model):
    """One answer; the same `submission_id` counts once, whichever door it came by."""

    submission_id: str
    received_at: datetime


class PinSubmission(Submission):
    kind: Literal["pin"] = "pin"
    pin: str


class ResendRequest(Submission):
    kind: Literal["resend"] = "resend"
    channel: Channel


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


class RetryRequest(Submission):
    """Staff: try now whatever the engine is waiting to try."""

    kind: Literal["retry"] = "retry"


class JoinedNotice(Submission):
    """Another activation of the same person ended for this one to go on: it must be alive."""

    kind: Literal["joined"] = "joined"


class CancelRequest(Submission):
    """Staff: end this activation; refused once the account is being made."""

    kind: Literal["cancel"] = "cancel"


class Verdict(StrEnum):
    """What became of a submission."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"
    TOO_SOON = "too_soon"
    STALE = "stale"
    OUT_OF_STEP = "out_of_step"


# --- what the student may see --------------------------------------------------------------


class PinView(Model):
    """`destination` is masked; `expires_at` is None until a message was handed over."""

    kind: Literal["pin_view"] = "pin_view"
    channel: Channel
    destination: str
    tries_left: int
    expires_at: datetime | None
    resend_at: datetime | None
    locked_until: datetime | None = None
    other_channel: Channel | None = None


class IdentifyView(Model):
    kind: Literal["identify_view"] = "identify_view"
    question: Question
    tries_left: int


class StudyView(Model):
    kind: Literal["study_view"] = "study_view"
    student_number: str
    department_el: str
    department_en: str


class ReviewView(Model):
    """The verified details exactly as shown; `shown_hash` covers all the other fields."""

    kind: Literal["review_view"] = "review_view"
    name_el: str
    name_latin: str
    studies: tuple[StudyView, ...]
    username: str
    terms_version: str
    shown_hash: str


class Progress(Model):
    """Everything a student's page needs."""

    kind: Literal["progress"] = "progress"
    reference: str
    step: Step
    wait_reason: WaitReason | None
    since: datetime
    deadline_at: datetime | None = None
    needs_insurance: bool = False
    pin: PinView | None = None
    identify: IdentifyView | None = None
    review: ReviewView | None = None
    username: str | None = None
    password_refusal: PasswordRefusal | None = None
    joined_to: str | None = None


class ProgressRequest(Model):
    kind: Literal["progress_request"] = "progress_request"


class Answer(Model):
    kind: Literal["answer"] = "answer"
    verdict: Verdict
    progress: Progress


# --- activities: one request and one outcome each ------------------------------------------


class ActivityName(StrEnum):
    FIND_STUDENT = "find_student"
    RESERVE_SEND = "reserve_send"
    SEND_PIN = "send_pin"
    CHECK_PIN = "check_pin"
    CLAIM_PERSON = "claim_person"
    RESOLVE_ACCOUNT = "resolve_account"
    RECORD_INSURANCE = "record_insurance"
    RECORD_CONSENT = "record_consent"
    PROVISION_ACCOUNT = "provision_account"
    SEND_NOTICE = "send_notice"
    CLOSE_ACTIVATION = "close_activation"
    MAIL_SUPPORT_REQUEST = "mail_support_request"


class TaskQueue(StrEnum):
    """One queue a class of dependency, so that a hung one cannot eat the slots of another."""

    MAIN = "activation"
    SMS = "activation-sms"
    MAIL = "activation-mail"
    DIRECTORY = "activation-directory"


class FindStudent(Model):
    kind: Literal["find_student"] = "find_student"
    mobile: str | None
    email: str | None


class Enrolment(Model):
    """One live row of the registrar; `(system_id, registration_id)` is its key there."""

    kind: Literal["enrolment"] = "enrolment"
    system_id: str
    registration_id: str
    department_id: str
    department_el: str
    department_en: str


class Person(Model):
    """A human in the registrar: all live enrolments, newest first, and the contacts on file.

    `former` are enrolments that do not count any more; an old account is recognised by them.
    `person_key` is a keyed index of the human, the same for each enrolment and on every day.
    `sms_to` and `email_to` are the contacts on file that matched what was typed.
    """

    kind: Literal["person"] = "person"
    person_key: str
    enrolments: tuple[Enrolment, ...]
    former: tuple[Enrolment, ...] = ()
    first_name_el: str
    last_name_el: str
    first_name_latin: str
    last_name_latin: str
    birth_date: date | None
    citizenship: str | None
    login_name: str | None
    insurance_scheme: str | None
    insurance_number: str | None
    mobile: str | None
    email: str | None
    sms_to: str | None
    email_to: str | None


class StudentsFound(Model):
    """Empty: nobody has this contact. Several: the contact is shared."""

    kind: Literal["students_found"] = "students_found"
    persons: tuple[Person, ...]


class Destination(Model):
    kind: Literal["destination"] = "destination"
    channel: Channel
    to: str


class ReserveSend(Model):
    """`send_no` counts the activation's PIN messages from 1 and makes the reservation unique."""

    kind: Literal["reserve_send"] = "reserve_send"
    reference: str
    send_no: int
    destination: Destination


class SendReserved(Model):
    """Allowed when `not_before` is None."""

    kind: Literal["send_reserved"] = "send_reserved"
    not_before: datetime | None = None


class SendPin(Model):
    """`code_no` names the code; a resend may repeat it under a new `send_no`."""

    kind: Literal["send_pin"] = "send_pin"
    reference: str
    send_no: int
    code_no: int
    destination: Destination
    language: Language


class Delivery(StrEnum):
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


class Sent(Model):
    kind: Literal["sent"] = "sent"
    outcome: Delivery


class CheckPin(Model):
    """`live` and `expired` are code numbers; the codes themselves are derived, never carried."""

    kind: Literal["check_pin"] = "check_pin"
    reference: str
    pin: str
    live: tuple[int, ...]
    expired: tuple[int, ...]


class PinOutcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"


class PinChecked(Model):
    kind: Literal["pin_checked"] = "pin_checked"
    outcome: PinOutcome


class ClaimPerson(Model):
    kind: Literal["claim_person"] = "claim_person"
    reference: str
    person: Person
    language: Language


class ClaimOutcome(StrEnum):
    CLAIMED = "claimed"
    HELD = "held"
    ALREADY_ACTIVE = "already_active"


class Claimed(Model):
    """`holder` is the reference that holds the person; `username` is set when already active."""

    kind: Literal["claimed"] = "claimed"
    outcome: ClaimOutcome
    holder: str | None = None
    username: str | None = None


class ResolveAccount(Model):
    """`taken` are names found taken at provisioning; without the directory the ledger decides."""

    kind: Literal["resolve_account"] = "resolve_account"
    reference: str
    person: Person
    taken: tuple[str, ...] = ()
    ask_directory: bool = True


class AccountOutcome(StrEnum):
    USERNAME = "username"
    ALREADY_ACTIVE = "already_active"
    CONFLICT = "conflict"


class AccountResolved(Model):
    kind: Literal["account_resolved"] = "account_resolved"
    outcome: AccountOutcome
    username: str | None = None


class RecordInsurance(Model):
    kind: Literal["record_insurance"] = "record_insurance"
    reference: str
    person_key: str
    scheme: str
    number: str
    warnings: tuple[str, ...] = ()


class InsuranceOutcome(StrEnum):
    RECORDED = "recorded"
    BELONGS_TO_ANOTHER = "belongs_to_another"


class InsuranceRecorded(Model):
    kind: Literal["insurance_recorded"] = "insurance_recorded"
    outcome: InsuranceOutcome


class RecordConsent(Model):
    kind: Literal["record_consent"] = "record_consent"
    reference: str
    person_key: str
    shown: ReviewView
    choices: tuple[Choice, ...]
    language: Language
    accepted_at: datetime


class ConsentRecorded(Model):
    kind: Literal["consent_recorded"] = "consent_recorded"


class ProvisionAccount(Model):
    """Consent and password are not carried: the activity reads their ledger rows itself."""

    kind: Literal["provision_account"] = "provision_account"
    reference: str
    person: Person
    username: str
    sealed_id: str
    language: Language


class ProvisionOutcome(StrEnum):
    ACTIVE = "active"
    ALREADY_ACTIVE = "already_active"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of an outcome
    USERNAME_TAKEN = "username_taken"
    CONFLICT = "conflict"
    NO_CONSENT = "no_consent"


class Provisioned(Model):
    """`refusal` is set when the password was refused or its sealed copy had expired."""

    kind: Literal["provisioned"] = "provisioned"
    outcome: ProvisionOutcome
    refusal: PasswordRefusal | None = None


class NoticeKind(StrEnum):
    ACTIVE = "active"
    CONTINUED = "continued"
    CANCELLED = "cancelled"
    CHOOSE_PASSWORD_AGAIN = "choose_password_again"  # noqa: S105 - the name of a notice


class SendNotice(Model):
    """`notice_no` counts the activation's notices from 1; username only where the text has it."""

    kind: Literal["send_notice"] = "send_notice"
    reference: str
    notice_no: int
    notice: NoticeKind
    destination: Destination
    language: Language
    username: str | None = None


class CloseActivation(Model):
    kind: Literal["close_activation"] = "close_activation"
    reference: str
    end: Step


class Closed(Model):
    kind: Literal["closed"] = "closed"


class MailSupportRequest(Model):
    """What the student wrote is not carried: the activity reads the ledger's row of this id."""

    kind: Literal["mail_support_request"] = "mail_support_request"
    request_id: str
