"""Maps outages to the systems that the engine depends on, and activities to the system they use."""

from collections.abc import Mapping

from domain.contracts.vocabulary import ActivityName, FailureType, System, WaitReason

FAILED_SYSTEMS: Mapping[str, System] = {
    FailureType(f"{system.name}_DOWN"): system for system in System if system is not System.TEMPORAL
}
"""The unavailable system by failure type; `CONFIGURATION` is no outage."""
OUTAGES: Mapping[System, WaitReason] = {
    system: WaitReason(failure) for failure, system in FAILED_SYSTEMS.items()
}
"""The wait reason of each system's outage."""
CHANNEL_OUTAGES = frozenset(
    OUTAGES[system] for system in (System.SMS, System.MAIL, System.MESSAGES)
)
"""The outages of message channels, during which a code may still arrive."""
OTHER_OUTAGES = frozenset(OUTAGES.values()) - CHANNEL_OUTAGES

USED_BY: Mapping[str, System] = {
    ActivityName.FIND_STUDENT: System.REGISTRAR,
    ActivityName.RESERVE_SEND: System.LEDGER,
    ActivityName.CHECK_PIN: System.LEDGER,
    ActivityName.UNLOCK_PIN: System.LEDGER,
    ActivityName.COUNT_IDENTITY_TRY: System.LEDGER,
    ActivityName.ALLOW_IDENTITY_TRIES: System.LEDGER,
    ActivityName.CLAIM_PERSON: System.LEDGER,
    ActivityName.CHECK_ACCOUNT: System.DIRECTORY,
    ActivityName.RECORD_INSURANCE: System.LEDGER,
    ActivityName.RECORD_CONSENT: System.LEDGER,
    ActivityName.PROVISION_ACCOUNT: System.DIRECTORY,
    ActivityName.CLOSE_ACTIVATION: System.LEDGER,
    ActivityName.MAIL_SUPPORT_REQUEST: System.MAIL,
    ActivityName.MAIL_SUPPORT_ANSWER: System.MAIL,
    ActivityName.APPLY_WITHDRAWAL: System.DIRECTORY,
    ActivityName.FIND_LEFT_BEHIND: System.LEDGER,
    ActivityName.SWEEP_EXPIRED: System.LEDGER,
    ActivityName.MAIL_STUCK_REPORT: System.MAIL,
    ActivityName.COMPARE_DIRECTORY: System.DIRECTORY,
    ActivityName.COMPARE_RUNS: System.LEDGER,
    ActivityName.NEXT_INVITATIONS: System.LEDGER,
}
"""The system by activity; for activities that are missing here it depends on the request."""
