"""The transition table: which step may follow which, and for which reasons each step may wait.

The diagram in `docs/architecture.md` is checked against this table.
"""

from collections.abc import Mapping

from domain.contracts.systems import CHANNEL_OUTAGES
from domain.contracts.vocabulary import Step, WaitReason, Waker


class Ended(Exception):
    """The activation ends at `end`, before its last step; `again`: it was over before this run."""

    def __init__(self, end: Step, *, username: str | None = None, again: bool = False) -> None:
        super().__init__(end.value)
        self.end = end
        self.username = username
        self.again = again


ENDS = frozenset(
    {
        Step.ACTIVE,
        Step.ALREADY_ACTIVE,
        Step.JOINED,
        Step.NOT_FOUND,
        Step.EXPIRED,
        Step.CANCELLED,
    }
)

_AFTER_PROOF = frozenset(
    {
        Step.INSURANCE,
        Step.REVIEW,
        Step.ALREADY_ACTIVE,
        Step.JOINED,
        Step.NEEDS_SUPPORT,
        Step.EXPIRED,
        Step.CANCELLED,
    }
)

TRANSITIONS: Mapping[Step, frozenset[Step]] = {
    Step.LOOKUP: frozenset({Step.PIN, Step.NOT_FOUND, Step.NEEDS_SUPPORT, Step.CANCELLED}),
    Step.PIN: _AFTER_PROOF | {Step.IDENTIFY},
    Step.IDENTIFY: _AFTER_PROOF,
    Step.INSURANCE: _AFTER_PROOF - {Step.INSURANCE},
    Step.REVIEW: frozenset(
        {
            Step.INSURANCE,
            Step.PASSWORD,
            Step.ALREADY_ACTIVE,
            Step.NEEDS_SUPPORT,
            Step.EXPIRED,
            Step.CANCELLED,
        }
    ),
    Step.PASSWORD: frozenset(
        {
            Step.INSURANCE,
            Step.REVIEW,
            Step.PROVISIONING,
            Step.NEEDS_SUPPORT,
            Step.EXPIRED,
            Step.CANCELLED,
        }
    ),
    Step.PROVISIONING: frozenset(
        {
            Step.ACTIVE,
            Step.ALREADY_ACTIVE,
            Step.PASSWORD,
            Step.REVIEW,
            Step.NEEDS_SUPPORT,
            Step.CANCELLED,
        }
    ),
    Step.NEEDS_SUPPORT: frozenset(
        {
            Step.LOOKUP,
            Step.PIN,
            Step.IDENTIFY,
            Step.INSURANCE,
            Step.REVIEW,
            Step.PASSWORD,
            Step.PROVISIONING,
            Step.CANCELLED,
        }
    ),
} | {end: frozenset() for end in sorted(ENDS)}

_ENGINE = frozenset({WaitReason.LEDGER_DOWN, WaitReason.CONFIGURATION})

_END_REASONS: Mapping[Step, frozenset[WaitReason]] = {
    Step.NOT_FOUND: frozenset({WaitReason.SHARED_BY_MANY}),
    Step.CANCELLED: frozenset({WaitReason.NOT_ME}),
}

REASONS: Mapping[Step, frozenset[WaitReason | None]] = {
    Step.LOOKUP: _ENGINE | {None, WaitReason.REGISTRAR_DOWN},
    Step.PIN: _ENGINE
    | {
        WaitReason.WAITING_PIN,
        WaitReason.PIN_LOCKED,
        WaitReason.SEND_LIMIT,
        *CHANNEL_OUTAGES,
        WaitReason.DIRECTORY_DOWN,
    },
    Step.IDENTIFY: _ENGINE | {WaitReason.WAITING_IDENTITY, WaitReason.DIRECTORY_DOWN},
    Step.INSURANCE: _ENGINE
    | {WaitReason.WAITING_INSURANCE, WaitReason.REGISTRAR_DOWN, WaitReason.DIRECTORY_DOWN},
    Step.REVIEW: _ENGINE
    | {
        None,
        WaitReason.WAITING_CONSENT,
        WaitReason.DATA_DISPUTED,
        WaitReason.DIRECTORY_DOWN,
    },
    Step.PASSWORD: _ENGINE | {WaitReason.WAITING_PASSWORD},
    Step.PROVISIONING: _ENGINE | {None, WaitReason.DIRECTORY_DOWN},
    Step.NEEDS_SUPPORT: frozenset(
        {
            WaitReason.WAITING_IDENTITY,
            WaitReason.USERNAME_CONFLICT,
            WaitReason.INSURANCE_CONFLICT,
            WaitReason.FOREIGN_ENTRY,
            WaitReason.UNDELIVERABLE,
            WaitReason.NO_LONGER_ENROLLED,
            WaitReason.ACCOUNT_GONE,
            WaitReason.CONFIGURATION,
            WaitReason.HELD,
        }
    ),
} | {end: _ENGINE | {None} | _END_REASONS.get(end, frozenset()) for end in sorted(ENDS)}

_OF_STUDENTS = frozenset(
    {
        WaitReason.WAITING_PIN,
        WaitReason.PIN_LOCKED,
        WaitReason.SEND_LIMIT,
        WaitReason.WAITING_IDENTITY,
        WaitReason.WAITING_INSURANCE,
        WaitReason.WAITING_CONSENT,
        WaitReason.WAITING_PASSWORD,
    }
)

CANCELLABLE = frozenset(TRANSITIONS) - ENDS - {Step.PROVISIONING}
"""Steps at which staff may cancel; an account whose creation has begun is completed."""


def woken_by(step: Step, reason: WaitReason | None) -> Waker | None:
    """Return who ends this wait; None at an end, where nothing waits."""
    if step is Step.NEEDS_SUPPORT or reason is WaitReason.DATA_DISPUTED:
        return Waker.STAFF
    if reason in _OF_STUDENTS:
        return Waker.STUDENT
    return None if step in ENDS and reason not in _ENGINE else Waker.ENGINE


def deadline_runs(step: Step, reason: WaitReason | None) -> bool:
    """Tell whether the student's deadline runs: also while a code waits for a message channel."""
    if step is Step.PIN and reason in CHANNEL_OUTAGES:
        return True
    return woken_by(step, reason) is Waker.STUDENT


class ImpossibleTransition(Exception):
    """The code tried a transition that is not in the table: a bug."""


def check(old: Step, new: Step, reason: WaitReason | None, *, parked: Step | None) -> None:
    """Raise `ImpossibleTransition` unless `new` is `old` or may follow it, for this reason.

    From support it may only return to `parked`, the step that was parked, or be cancelled.
    """
    if new is not old and new not in TRANSITIONS[old]:
        raise ImpossibleTransition(f"{old} -> {new}")
    if old is Step.NEEDS_SUPPORT and new not in (old, parked, Step.CANCELLED):
        raise ImpossibleTransition(f"{parked} -> support -> {new}")
    if reason not in REASONS[new]:
        raise ImpossibleTransition(f"{new} does not wait for {reason}")
