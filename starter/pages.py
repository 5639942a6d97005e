"""Maps each step to its page of the portal; used by the portal and shown to staff."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.contracts.systems import OTHER_OUTAGES
from domain.contracts.vocabulary import Step, WaitReason

PATHS: Mapping[Step, str] = MappingProxyType(
    {
        Step.LOOKUP: "/progress",
        Step.PIN: "/pin",
        Step.IDENTIFY: "/identify",
        Step.INSURANCE: "/insurance",
        Step.REVIEW: "/review",
        Step.PASSWORD: "/password",
        Step.PROVISIONING: "/progress",
        Step.NEEDS_SUPPORT: "/progress",
        Step.ACTIVE: "/done",
        Step.ALREADY_ACTIVE: "/ended",
        Step.JOINED: "/progress",
        Step.NOT_FOUND: "/contact",
        Step.EXPIRED: "/ended",
        Step.CANCELLED: "/ended",
    }
)
END_PATHS = ("/done", "/ended", "/contact")
_OURS = OTHER_OUTAGES | {WaitReason.CONFIGURATION}
"""While the engine waits for one of these, the student sees the waiting page instead of a form."""
_UNDELIVERED = (Step.NEEDS_SUPPORT, WaitReason.UNDELIVERABLE)
_ONLY_ON_FILE = (Step.NEEDS_SUPPORT, Step.CANCELLED, Step.EXPIRED)
_PROVED = (Step.PIN, WaitReason.DIRECTORY_DOWN)
"""The directory is asked only after a code has proved the contact."""


def path(step: Step, reason: WaitReason | None) -> str:
    """Return the page of this step and reason, assuming that a worker answers."""
    if reason in _OURS and PATHS[step] not in END_PATHS:
        return "/progress"
    return PATHS[step]


def concealed(step: Step | None, reason: WaitReason | None, *, proved: bool) -> bool:
    """Tell whether enumeration protection shows this step and reason as waiting for a code.

    `proved`: whether a code has proved the contact. Before that, actions of staff and failures
    would reveal a contact that is on file.
    """
    if not proved and step in _ONLY_ON_FILE:
        return True
    if (step, reason) == _PROVED:
        return False
    return step in (Step.PIN, Step.NOT_FOUND) or (step, reason) == _UNDELIVERED


AFTER_PROOF = frozenset(
    {
        Step.IDENTIFY,
        Step.INSURANCE,
        Step.REVIEW,
        Step.PASSWORD,
        Step.PROVISIONING,
        Step.ACTIVE,
        Step.ALREADY_ACTIVE,
        Step.JOINED,
    }
)


def proved(step: Step | None, reason: WaitReason | None) -> bool:
    """Tell whether an activation reaches this step only after a code proved the contact."""
    held = step is Step.NEEDS_SUPPORT and (step, reason) != _UNDELIVERED
    return held or step in AFTER_PROOF
