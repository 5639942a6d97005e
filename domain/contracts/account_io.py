"""The activities of claim, consent, account and end: one request and one outcome each."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Person
from domain.contracts.views import ReviewView
from domain.contracts.vocabulary import Choice, Language, PasswordRefusal, Step


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


class CloseActivation(Model):
    """`username` is that of the account, where there is one at the end."""

    kind: Literal["close_activation"] = "close_activation"
    reference: str
    end: Step
    username: str | None = None


class Closed(Model):
    kind: Literal["closed"] = "closed"


class ApplyWithdrawal(Model):
    """What was withdrawn is not carried: the activity reads the consent's rows itself."""

    kind: Literal["apply_withdrawal"] = "apply_withdrawal"
    reference: str


class WithdrawalApplied(Model):
    kind: Literal["withdrawal_applied"] = "withdrawal_applied"
