"""The activities that count and judge codes and answers: one request and one outcome each."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Destination


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
