"""Closed vocabularies: the names of steps, reasons, failures, contacts, choices and queues."""

from enum import StrEnum

WORKFLOW = "Activation"
SUPPORT_WORKFLOW = "SupportRequest"
ANSWER_WORKFLOW = "SupportAnswer"
WITHDRAWAL_WORKFLOW = "Withdrawal"
RETRY_WORKFLOW = "RetryBatch"
OUTBOX_WORKFLOW = "Outbox"
SWEEP_WORKFLOW = "Sweep"
STUCK_REPORT_WORKFLOW = "StuckReport"
RECONCILE_WORKFLOW = "Reconcile"
CAMPAIGN_WORKFLOW = "Campaign"
STOP_CAMPAIGN = "stop_campaign"
"""The signal by which a campaign looks at once whether it is stopped."""


class ScheduleId(StrEnum):
    """Work that Temporal's schedules begin; runs have the id with the time after it."""

    SWEEP = "sweep"
    STUCK_REPORT = "stuck-report"
    RECONCILE = "reconcile"


class Step(StrEnum):
    """Steps of an activation; the last six are final."""

    LOOKUP = "lookup"
    """The registrar is asked who has the typed mobile or e-mail on file."""
    PIN = "pin"
    """A code proves that the contact is the student's."""
    IDENTIFY = "identify"
    """A question distinguishes persons who share the contact."""
    INSURANCE = "insurance"
    """The student gives the insurance number that the registrar lacks."""
    REVIEW = "review"
    """The student sees details and username, and consents."""
    PASSWORD = "password"  # noqa: S105 - the name of a step
    """The student chooses a password."""
    PROVISIONING = "provisioning"
    """The account is made in the directory, and tried by a bind."""
    NEEDS_SUPPORT = "needs_support"
    """Staff have to decide or to correct something."""
    ACTIVE = "active"
    """The account was made."""
    ALREADY_ACTIVE = "already_active"
    """The person had an account."""
    JOINED = "joined"
    """Another activation of the same person goes on."""
    NOT_FOUND = "not_found"
    """Nobody has the contact on file."""
    EXPIRED = "expired"
    """The student did not come back in time."""
    CANCELLED = "cancelled"
    """Staff or the owner of the contact ended it."""


class WaitReason(StrEnum):
    """Why an activation waits."""

    WAITING_PIN = "WAITING_PIN"
    PIN_LOCKED = "PIN_LOCKED"
    SEND_LIMIT = "SEND_LIMIT"
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
    MESSAGES_DOWN = "MESSAGES_DOWN"
    CONFIGURATION = "CONFIGURATION"
    USERNAME_CONFLICT = "USERNAME_CONFLICT"
    INSURANCE_CONFLICT = "INSURANCE_CONFLICT"
    FOREIGN_ENTRY = "FOREIGN_ENTRY"
    UNDELIVERABLE = "UNDELIVERABLE"
    NO_LONGER_ENROLLED = "NO_LONGER_ENROLLED"
    ACCOUNT_GONE = "ACCOUNT_GONE"
    SHARED_BY_MANY = "SHARED_BY_MANY"
    HELD = "HELD"
    NOT_ME = "NOT_ME"


class Waker(StrEnum):
    """Who ends a wait: the student, the engine automatically, or staff."""

    STUDENT = "student"
    ENGINE = "engine"
    STAFF = "staff"


class System(StrEnum):
    """Systems that the engine depends on; `domain.contracts.systems` maps outages to them.

    The outage of `NAME` is the `FailureType` and the `WaitReason` `NAME_DOWN`, except for Temporal:
    during its outage no activity runs, and no activation can change its wait reason.
    """

    REGISTRAR = "registrar"
    LEDGER = "ledger"
    SMS = "sms"
    MAIL = "mail"
    MESSAGES = "messages"
    DIRECTORY = "directory"
    TEMPORAL = "temporal"


class FailureType(StrEnum):
    """Types of failures of activities, one for each system; also shown as wait reasons.

    Below each stand what it means and what an operator does.
    """

    REGISTRAR_DOWN = "REGISTRAR_DOWN"
    """The view does not answer, or not in time.

    Check the registrar's PostgreSQL and the network.
    """
    LEDGER_DOWN = "LEDGER_DOWN"
    """The engine's PostgreSQL does not answer, is starting, full or overloaded; or no worker serves
    the queue `activation`.

    Check PostgreSQL and the workers of role main.
    """
    DIRECTORY_DOWN = "DIRECTORY_DOWN"
    """The directory does not answer, is busy, or no server of `directory.urls` accepts writes (LDAP
    10, 53); or no worker serves `activation-directory`.

    Check the directory and the workers of role directory.
    """
    SMS_DOWN = "SMS_DOWN"
    """The gateway does not answer, answers 5xx or 429, or its answer does not match
    `sms.ok_pattern`; or no worker serves `activation-sms`.

    Check the gateway, its credit, and the workers of role messaging.
    """
    MAIL_DOWN = "MAIL_DOWN"
    """The relay does not answer, or answers 4xx (temporary failure); or no worker serves
    `activation-mail`.

    Check the relay and the workers of role messaging.
    """
    MESSAGES_DOWN = "MESSAGES_DOWN"
    """The service of another channel does not answer or is temporarily unavailable; or no worker
    serves `activation-NAME`.

    Check that service and the workers of role messaging.
    """
    CONFIGURATION = "CONFIGURATION"
    """A system refuses the engine: wrong password, missing permission, untrusted certificate,
    missing column, a rule of the directory against one entry (LDAP 53), or a bug.

    Find the activity and the exception's class in the worker's log and correct the cause
    (`KeyUnavailable`: that process's folder lacks a key file, see [keys](operations.md#keys));
    waiting activations continue automatically, those at `needs_support` by retry.
    """


OVER = "OVER"
"""The type of an activity's failure by which a run ends: its activation is over in the ledger."""


class ContactKind(StrEnum):
    """Kinds of contact that students type and the registrar has; messages go there by a channel."""

    MOBILE = "mobile"
    EMAIL = "email"


class SpentPurse(StrEnum):
    """Whose rate limit is exhausted when no code may be sent now.

    `guesses`: too many wrong codes were typed for the contact. `closed`: whoever got a message
    there stopped the activation that had sent it.
    """

    CONTACT = "contact"
    GUESSES = "guesses"
    CLOSED = "closed"
    PERSON = "person"
    INSTITUTION = "institution"


class Purse(StrEnum):
    """The budget that a message with a code is charged to; each has rate limits of its own.

    `kept` is reserved for students who also give a second datum when `ordinary` is exhausted.
    """

    ORDINARY = "ordinary"
    KEPT = "kept"
    STAFF = "staff"


class Language(StrEnum):
    EL = "el"
    EN = "en"


class Choice(StrEnum):
    """Optional consents of the student; off by default."""

    RECOVERY_EMAIL = "recovery_email"
    RECOVERY_MOBILE = "recovery_mobile"
    DIRECTORY_LISTING = "directory_listing"


class Question(StrEnum):
    """Identity questions for a student whose contact is on file for several persons."""

    BIRTH_DATE = "birth_date"
    INSURANCE_LAST_FOUR = "insurance_last_four"
    STUDENT_NUMBER = "student_number"


class Detail(StrEnum):
    """Details that a student may report as wrong in the review."""

    NAME = "name"
    DEPARTMENT = "department"
    STUDENT_NUMBER = "student_number"
    USERNAME = "username"
    OTHER = "other"


class PasswordRefusal(StrEnum):
    """Why another password is needed: the directory or our rules refused it, or it expired."""

    TOO_SHORT = "too_short"
    USED_BEFORE = "used_before"
    POLICY = "policy"
    PERSONAL = "personal"
    EXPIRED = "expired"


class ActivityName(StrEnum):
    FIND_STUDENT = "find_student"
    RESERVE_SEND = "reserve_send"
    SEND_PIN = "send_pin"
    CHECK_PIN = "check_pin"
    UNLOCK_PIN = "unlock_pin"
    COUNT_IDENTITY_TRY = "count_identity_try"
    ALLOW_IDENTITY_TRIES = "allow_identity_tries"
    CLAIM_PERSON = "claim_person"
    CHECK_ACCOUNT = "check_account"
    RESOLVE_ACCOUNT = "resolve_account"
    RECORD_INSURANCE = "record_insurance"
    RECORD_CONSENT = "record_consent"
    PROVISION_ACCOUNT = "provision_account"
    SEND_NOTICE = "send_notice"
    CLOSE_ACTIVATION = "close_activation"
    MAIL_SUPPORT_REQUEST = "mail_support_request"
    MAIL_SUPPORT_ANSWER = "mail_support_answer"
    APPLY_WITHDRAWAL = "apply_withdrawal"
    FIND_LEFT_BEHIND = "find_left_behind"
    SWEEP_EXPIRED = "sweep_expired"
    MAIL_STUCK_REPORT = "mail_stuck_report"
    COMPARE_DIRECTORY = "compare_directory"
    COMPARE_RUNS = "compare_runs"
    NEXT_INVITATIONS = "next_invitations"
    SEND_INVITATIONS = "send_invitations"


class TaskQueue(StrEnum):
    """Task queues, one for each class of dependency, so that a hung one blocks no other's slots."""

    MAIN = "activation"
    SMS = "activation-sms"
    MAIL = "activation-mail"
    DIRECTORY = "activation-directory"


def support_workflow_id(request_id: str) -> str:
    """Return the id of the workflow that mails this request for help to support staff."""
    return f"support-{request_id}"


def answer_workflow_id(request_id: str) -> str:
    """Return the id of the workflow that mails the answer to this request for help."""
    return f"answer-{request_id}"


def withdrawal_workflow_id(reference: str, consent_id: int) -> str:
    """Return the id of the workflow that applies a withdrawal, by the consent row it made."""
    return f"withdrawal-{reference}-{consent_id}"


def campaign_workflow_id(campaign: str) -> str:
    """Return the id of the workflow that sends the invitations of this campaign."""
    return f"campaign-{campaign}"
