"""Activities that check PINs and limit attempts, which the ledger counts before the comparison.

Codes are derived, never stored. Every code is derived and compared each time, so that the
comparison takes constant time.
"""

import hmac
from collections.abc import Sequence
from functools import partial

from temporalio import activity

from activities.errors import guarded
from activities.metrics import PINS
from activities.registered import Activities
from domain.contracts.pin_io import (
    AllowIdentityTries,
    CheckPin,
    CountIdentityTry,
    IdentityTriesAllowed,
    IdentityTryCounted,
    PinChecked,
    PinUnlocked,
    UnlockPin,
)
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import codes, identity_tries, messages, tries
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings.rules import SendBudget


class PinActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, policy: Policy, budget: SendBudget) -> None:
        self._pool = pool
        self._keys = keys
        self._policy = policy
        self._guesses = budget.guesses_per_day

    @activity.defn(name=ActivityName.CHECK_PIN)
    async def check_pin(self, request: CheckPin) -> PinChecked:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            among = partial(self._among, request)
            checked = await codes.check(self._pool, request, self._policy, self._guesses, among)
        PINS.labels(checked.outcome).inc()
        return checked

    def _among(self, request: CheckPin, code_nos: Sequence[int]) -> int | None:
        typed, found = request.pin.encode(), None
        for code_no in code_nos:
            code = self._keys.pin(request.reference, code_no).encode()
            if hmac.compare_digest(typed, code):
                found = code_no
        return found

    @activity.defn(name=ActivityName.UNLOCK_PIN)
    async def unlock_pin(self, request: UnlockPin) -> PinUnlocked:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await codes.unlock(self._pool, request.reference, request.submission_id, self._policy)
        return PinUnlocked()

    @activity.defn(name=ActivityName.COUNT_IDENTITY_TRY)
    async def count_identity_try(self, request: CountIdentityTry) -> IdentityTryCounted:
        """Count an answer to the identity question before it is compared."""
        holders, limit = self._holders(request), self._policy.identity_tries
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            if request.submission_id is None:
                counted = await identity_tries.left(self._pool, holders, limit)
            else:
                counted = await identity_tries.take(
                    self._pool, request.reference, request.submission_id, holders, limit
                )
        return IdentityTryCounted(
            allowed=counted.outcome == tries.TAKEN,
            tries_left=counted.tries_left,
            opens_at=counted.locked_until,
        )

    @activity.defn(name=ActivityName.ALLOW_IDENTITY_TRIES)
    async def allow_identity_tries(self, request: AllowIdentityTries) -> IdentityTriesAllowed:
        holders = self._holders(request)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await identity_tries.give_back(
                self._pool,
                request.reference,
                request.submission_id,
                holders,
                everything=not request.right,
            )
        return IdentityTriesAllowed()

    def _holders(self, request: CountIdentityTry | AllowIdentityTries) -> list[str]:
        """Return the keys of the attempt counter; an older run names none, so it is its own key."""
        if request.destination is None:
            return [request.reference]
        return [messages.contact_index(self._keys, request.destination), *request.person_keys]
