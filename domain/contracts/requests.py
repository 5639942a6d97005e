"""The activities: one request and one outcome each."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.channels import Channel
from domain.contracts.views import ReviewView
from domain.contracts.vocabulary import Choice, Language, PasswordRefusal, Purse, Spent, Step


class FindStudent(Model):
    kind: Literal["find_student"] = "find_student"
    mobile: str | None
    email: str | None


class Enrolment(Model):
    """One row of the registrar; `(system_id, registration_id)` is its key there.

    What follows the department is what this row tells of the person, by which an account that
    exists is recognised; an activation that began before had none of it.
    """

    kind: Literal["enrolment"] = "enrolment"
    system_id: str
    registration_id: str
    department_id: str
    department_el: str
    department_en: str
    login_name: str | None = None
    emails: tuple[str, ...] = ()
    birth_date: date | None = None
    first_name_latin: str = ""
    last_name_latin: str = ""
    insurance_scheme: str | None = None
    insurance_number: str | None = None


class Person(Model):
    """A human in the registrar: all live enrolments, newest first, and the contacts on file.

    `former` are enrolments that do not count any more; an old account is recognised by them.
    `alike` are enrolments of others who may be the same human.
    `person_key` is a keyed index of the human, the same for each enrolment and on every day.
    `other_keys` would be the key if the registrar's rows were grouped otherwise, as they may have
    been on the day of an older activation.
    `sms_to` and `email_to` are the contacts on file that matched what was typed.
    """

    kind: Literal["person"] = "person"
    person_key: str
    other_keys: tuple[str, ...] = ()
    enrolments: tuple[Enrolment, ...]
    former: tuple[Enrolment, ...] = ()
    alike: tuple[Enrolment, ...] = ()
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

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key the person is known by, their own first."""
        return (self.person_key, *self.other_keys)


class StudentsFound(Model):
    """Empty: nobody has this contact. Several: the contact is shared.

    `too_many`: it is on file for so many that it is nobody's own; they are not listed.
    """

    kind: Literal["students_found"] = "students_found"
    persons: tuple[Person, ...]
    too_many: bool = False


class Destination(Model):
    kind: Literal["destination"] = "destination"
    channel: Channel
    to: str


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
    spent: Spent | None = None
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


class CheckPin(Model):
    """The codes themselves are derived where they are compared, never carried."""

    kind: Literal["check_pin"] = "check_pin"
    reference: str
    submission_id: str
    received_at: datetime
    pin: str


class PinOutcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"


class PinChecked(Model):
    """`locked_until` is of the ledger's clock, which said `told_at`."""

    kind: Literal["pin_checked"] = "pin_checked"
    told_at: datetime | None = None
    outcome: PinOutcome
    tries_left: int = 0
    locked_until: datetime | None = None


class UnlockPin(Model):
    """Staff's word that codes may be typed again; it counts once by its `submission_id`."""

    kind: Literal["unlock_pin"] = "unlock_pin"
    reference: str
    submission_id: str


class PinUnlocked(Model):
    kind: Literal["pin_unlocked"] = "pin_unlocked"


class CountIdentityTry(Model):
    """What was answered is not carried: whoever may try compares it.

    It counts by `destination`, the contact that was proved, and by `person_keys`, all keys of the
    persons who have it. Without a submission nothing counts, and what is left is told.
    """

    kind: Literal["count_identity_try"] = "count_identity_try"
    reference: str
    submission_id: str | None
    destination: Destination | None = None
    person_keys: tuple[str, ...] = ()


class IdentityTryCounted(Model):
    """`opens_at`: no try is left, and then there is one."""

    kind: Literal["identity_try_counted"] = "identity_try_counted"
    allowed: bool
    tries_left: int
    opens_at: datetime | None = None


class AllowIdentityTries(Model):
    """Staff's word that the question may be answered again; it counts once.

    `right`: the submission was the right answer, and only its own try is given back.
    """

    kind: Literal["allow_identity_tries"] = "allow_identity_tries"
    reference: str
    submission_id: str
    destination: Destination | None = None
    person_keys: tuple[str, ...] = ()
    right: bool = False


class IdentityTriesAllowed(Model):
    kind: Literal["identity_tries_allowed"] = "identity_tries_allowed"


class ClaimPerson(Model):
    """`gone` is an activation whose account the directory has no more: it counts as none.

    `apart`: staff found that who else has the insurance number is another person.
    """

    kind: Literal["claim_person"] = "claim_person"
    reference: str
    person: Person
    language: Language
    gone: str | None = None
    apart: bool = False


class ClaimOutcome(StrEnum):
    """`number_of_another`: an account has the person's insurance number and other names."""

    CLAIMED = "claimed"
    HELD = "held"
    ALREADY_ACTIVE = "already_active"
    NUMBER_OF_ANOTHER = "number_of_another"


class Claimed(Model):
    """`holder` is the reference that holds the person.

    When the ledger says already active, `username` is the account and `activated_by` the
    activation that made it.
    """

    kind: Literal["claimed"] = "claimed"
    outcome: ClaimOutcome
    holder: str | None = None
    username: str | None = None
    activated_by: str | None = None


class CheckAccount(Model):
    """Whether the directory still has the account that the ledger calls active."""

    kind: Literal["check_account"] = "check_account"
    person: Person
    username: str


class AccountState(StrEnum):
    """What the directory has of an account; `foreign`: its name is on another person's entry."""

    ACTIVE = "active"
    NO_PASSWORD = "no_password"  # noqa: S105 - an entry that nobody can log in with
    FOREIGN = "foreign"
    GONE = "gone"


class AccountChecked(Model):
    """`username` is what the entry is called now, where there is one."""

    kind: Literal["account_checked"] = "account_checked"
    state: AccountState
    username: str | None = None


class ResolveAccount(Model):
    """`taken` are names found taken at provisioning; without the directory the ledger decides."""

    kind: Literal["resolve_account"] = "resolve_account"
    reference: str
    person: Person
    taken: tuple[str, ...] = ()
    ask_directory: bool = True


class AccountOutcome(StrEnum):
    """`conflict`: no name can be given. `cannot_tell`: an entry may be the person's."""

    USERNAME = "username"
    ALREADY_ACTIVE = "already_active"
    CONFLICT = "conflict"
    CANNOT_TELL = "cannot_tell"


class AccountResolved(Model):
    """`why` names the rules and attributes that support should look at, and nobody's data.

    `of_alike`: the entry is of somebody who may be the same human.
    """

    kind: Literal["account_resolved"] = "account_resolved"
    outcome: AccountOutcome
    username: str | None = None
    why: str | None = None
    of_alike: bool = False


class RecordInsurance(Model):
    kind: Literal["record_insurance"] = "record_insurance"
    reference: str
    person_key: str
    other_keys: tuple[str, ...] = ()
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
    """Consent and password are not carried: the activity reads their ledger rows itself.

    `password_context` has the names and numbers that the password must not contain.
    """

    kind: Literal["provision_account"] = "provision_account"
    reference: str
    person: Person
    username: str
    sealed_id: str
    language: Language
    password_context: tuple[str, ...] = ()


class ProvisionOutcome(StrEnum):
    ACTIVE = "active"
    ALREADY_ACTIVE = "already_active"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of an outcome
    USERNAME_TAKEN = "username_taken"
    CONFLICT = "conflict"
    NO_CONSENT = "no_consent"


class Provisioned(Model):
    """`refusal` is set when the password was refused or its sealed copy had expired.

    `why` names the rules and attributes of a conflict, and nobody's data. `address` is the entry's
    e-mail where it is another than the username tells; empty where the institution has none of it.
    """

    kind: Literal["provisioned"] = "provisioned"
    outcome: ProvisionOutcome
    refusal: PasswordRefusal | None = None
    why: str | None = None
    address: str | None = None


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


class CloseActivation(Model):
    """`username` is that of the account, where there is one at the end."""

    kind: Literal["close_activation"] = "close_activation"
    reference: str
    end: Step
    username: str | None = None


class Closed(Model):
    kind: Literal["closed"] = "closed"


class MailSupportRequest(Model):
    """What the student wrote is not carried: the activity reads the ledger's row of this id."""

    kind: Literal["mail_support_request"] = "mail_support_request"
    request_id: str


class MailSupportAnswer(Model):
    """What staff wrote is not carried: the activity reads the ledger's row of this id."""

    kind: Literal["mail_support_answer"] = "mail_support_answer"
    request_id: str


class ApplyWithdrawal(Model):
    """What was withdrawn is not carried: the activity reads the consent's rows itself."""

    kind: Literal["apply_withdrawal"] = "apply_withdrawal"
    reference: str


class WithdrawalApplied(Model):
    kind: Literal["withdrawal_applied"] = "withdrawal_applied"
