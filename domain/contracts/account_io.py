"""Requests and outcomes of the activities for claim, consent, account and end."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Enrolment, Person
from domain.contracts.views import ReviewView
from domain.contracts.vocabulary import Choice, Language, PasswordRefusal, Step


class ClaimPerson(Model):
    """Claim a person for an activation, so that no other activation makes the same account.

    `gone` is an earlier activation to ignore, because its account was deleted from the directory.
    `apart`: staff found that the other holder of the insurance number is another person.
    """

    kind: Literal["claim_person"] = "claim_person"
    reference: str
    person: Person
    language: Language
    gone: str | None = None
    apart: bool = False


class ClaimOutcome(StrEnum):
    """Result of a claim.

    `number_of_another`: an account has the person's insurance number but other names.
    """

    CLAIMED = "claimed"
    HELD = "held"
    ALREADY_ACTIVE = "already_active"
    NUMBER_OF_ANOTHER = "number_of_another"


class Claimed(Model):
    """Outcome of `ClaimPerson`; `holder` is the reference of the activation with the claim.

    If the outcome is already active, `username` is the account and `activated_by` the activation
    that made it.
    """

    kind: Literal["claimed"] = "claimed"
    outcome: ClaimOutcome
    holder: str | None = None
    username: str | None = None
    activated_by: str | None = None


class CheckAccount(Model):
    """Check that the directory still has an account that is active in the ledger.

    `reference` is empty in activations older than this field.
    """

    kind: Literal["check_account"] = "check_account"
    reference: str = ""
    person: Person
    username: str


class AccountState(StrEnum):
    """State of an account in the directory; `foreign`: the entry is another person's."""

    ACTIVE = "active"
    NO_PASSWORD = "no_password"  # noqa: S105 - an entry that nobody can log in with
    FOREIGN = "foreign"
    GONE = "gone"


class AccountChecked(Model):
    """Outcome of `CheckAccount`; `username` is the entry's present name, if there is an entry."""

    kind: Literal["account_checked"] = "account_checked"
    state: AccountState
    username: str | None = None


class ResolveAccount(Model):
    """Find or choose a person's username.

    `taken` are names found taken at provisioning. Without `ask_directory` only the ledger is read.
    `apart` are rows that may have been the person's; staff decided that they are another person's.
    """

    kind: Literal["resolve_account"] = "resolve_account"
    reference: str
    person: Person
    taken: tuple[str, ...] = ()
    ask_directory: bool = True
    apart: tuple[Enrolment, ...] = ()


class AccountOutcome(StrEnum):
    """Result of `ResolveAccount`.

    `conflict`: no username can be given. `cannot_tell`: an entry may be the person's. `elsewhere`:
    this worker has no access to the directory.
    """

    USERNAME = "username"
    ALREADY_ACTIVE = "already_active"
    CONFLICT = "conflict"
    CANNOT_TELL = "cannot_tell"
    ELSEWHERE = "elsewhere"


class AccountResolved(Model):
    """Outcome of `ResolveAccount`.

    `why` names rules and attributes for support staff to check, without personal data.
    `of_alike`: the entry belongs to a person who may be the same human. `person_key`: whose
    username it is, because the history does not keep the argument of a local activity.
    """

    kind: Literal["account_resolved"] = "account_resolved"
    person_key: str | None = None
    outcome: AccountOutcome
    username: str | None = None
    why: str | None = None
    of_alike: bool = False


class InsuranceAct(StrEnum):
    """What is done with a typed number: checked, stored, or deleted because it was wrong."""

    CHECK = "check"
    RECORD = "record"
    RELEASE = "release"


class RecordInsurance(Model):
    kind: Literal["record_insurance"] = "record_insurance"
    reference: str
    person_key: str
    other_keys: tuple[str, ...] = ()
    scheme: str
    number: str
    warnings: tuple[str, ...] = ()
    act: InsuranceAct = InsuranceAct.RECORD


class InsuranceOutcome(StrEnum):
    """`free`: nobody else has the number, and it was not stored, or no longer is."""

    FREE = "free"
    RECORDED = "recorded"
    BELONGS_TO_ANOTHER = "belongs_to_another"


class InsuranceRecorded(Model):
    kind: Literal["insurance_recorded"] = "insurance_recorded"
    outcome: InsuranceOutcome


class RecordConsent(Model):
    """Store a consent, and with it the insurance number that the student typed, or neither."""

    kind: Literal["record_consent"] = "record_consent"
    reference: str
    person_key: str
    shown: ReviewView
    choices: tuple[Choice, ...]
    language: Language
    accepted_at: datetime
    insurance: RecordInsurance | None = None


class ConsentRecorded(Model):
    """`insurance` is None without a number, and from a worker of an older version."""

    kind: Literal["consent_recorded"] = "consent_recorded"
    insurance: InsuranceOutcome | None = None


class ProvisionAccount(Model):
    """Create or update the account; consent and password are read from the ledger, not carried.

    `password_context` has the names and numbers that the password must not contain. `close`: record
    the end of the activation too, once the account is active.
    """

    kind: Literal["provision_account"] = "provision_account"
    reference: str
    person: Person
    username: str
    sealed_id: str
    language: Language
    password_context: tuple[str, ...] = ()
    close: bool = False


class ProvisionOutcome(StrEnum):
    ACTIVE = "active"
    ALREADY_ACTIVE = "already_active"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of an outcome
    USERNAME_TAKEN = "username_taken"
    CONFLICT = "conflict"
    NO_CONSENT = "no_consent"


class Provisioned(Model):
    """Outcome of `ProvisionAccount`.

    `refusal` is set if the password was refused or its sealed copy had expired. `why` names the
    rules and attributes of a conflict, without personal data. `address` is the entry's e-mail if
    it is not the one made of the username; empty if none of its e-mails is at the institution.
    `closed`: the end of the activation is recorded.
    """

    kind: Literal["provisioned"] = "provisioned"
    outcome: ProvisionOutcome
    refusal: PasswordRefusal | None = None
    why: str | None = None
    address: str | None = None
    closed: bool = False


class CloseActivation(Model):
    """Close an activation at its final step; `username` is that of its account, if any."""

    kind: Literal["close_activation"] = "close_activation"
    reference: str
    end: Step
    username: str | None = None


class Closed(Model):
    kind: Literal["closed"] = "closed"


class ApplyWithdrawal(Model):
    """Apply a withdrawal of consent; its details are read from the ledger, not carried."""

    kind: Literal["apply_withdrawal"] = "apply_withdrawal"
    reference: str


class WithdrawalApplied(Model):
    kind: Literal["withdrawal_applied"] = "withdrawal_applied"
