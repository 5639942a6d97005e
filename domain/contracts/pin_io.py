"""Requests and outcomes of the activities that check and count codes and identity answers."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Destination


class CheckPin(Model):
    """Check a typed code; the right codes are derived where they are compared, never carried.

    `stops`: the code was typed to stop the activation. Expired and ended codes are right too, and
    what a right one was sent to is closed.
    """

    kind: Literal["check_pin"] = "check_pin"
    reference: str
    submission_id: str
    received_at: datetime
    pin: str
    stops: bool = False


class PinOutcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"


class PinChecked(Model):
    """Outcome of `CheckPin`; `locked_until` is by the ledger's clock, which read `told_at`."""

    kind: Literal["pin_checked"] = "pin_checked"
    told_at: datetime | None = None
    outcome: PinOutcome
    tries_left: int = 0
    locked_until: datetime | None = None


class UnlockPin(Model):
    """Unlock codes for staff; idempotent by `submission_id`."""

    kind: Literal["unlock_pin"] = "unlock_pin"
    reference: str
    submission_id: str


class PinUnlocked(Model):
    kind: Literal["pin_unlocked"] = "pin_unlocked"


class CountIdentityTry(Model):
    """Count a try at the identity question; the answer is not carried, the workflow compares it.

    Tries are counted by `destination`, the contact that was proved, and by `person_keys`, all keys
    of the persons who have it. Without a submission the tries left are returned, none is counted.
    """

    kind: Literal["count_identity_try"] = "count_identity_try"
    reference: str
    submission_id: str | None
    destination: Destination | None = None
    person_keys: tuple[str, ...] = ()


class IdentityTryCounted(Model):
    """Outcome of `CountIdentityTry`; `opens_at` is when a new try is available if none is left."""

    kind: Literal["identity_try_counted"] = "identity_try_counted"
    allowed: bool
    tries_left: int
    opens_at: datetime | None = None


class AllowIdentityTries(Model):
    """Allow new tries at the identity question, for staff; idempotent.

    `right`: the submission was the right answer, so only its own try is given back.
    """

    kind: Literal["allow_identity_tries"] = "allow_identity_tries"
    reference: str
    submission_id: str
    destination: Destination | None = None
    person_keys: tuple[str, ...] = ()
    right: bool = False


class IdentityTriesAllowed(Model):
    kind: Literal["identity_tries_allowed"] = "identity_tries_allowed"
