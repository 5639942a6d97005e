"""check_pin: compares a typed code with the activation's codes, which exist only as a derivation.

All codes are always derived and compared, so that the time taken says nothing.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity

from domain.contracts.requests import CheckPin, PinChecked, PinOutcome
from domain.contracts.vocabulary import ActivityName
from security.keys import KeyRing


class PinActivities:
    def __init__(self, *, keys: KeyRing) -> None:
        self._keys = keys

    def all(self) -> list[Callable[..., Any]]:
        return [self.check_pin]

    @activity.defn(name=ActivityName.CHECK_PIN)
    async def check_pin(self, request: CheckPin) -> PinChecked:
        right = self._is_among(request, request.live)
        expired = self._is_among(request, request.expired)
        if right:
            return PinChecked(outcome=PinOutcome.RIGHT)
        return PinChecked(outcome=PinOutcome.EXPIRED if expired else PinOutcome.WRONG)

    def _is_among(self, request: CheckPin, code_nos: Sequence[int]) -> bool:
        typed = request.pin.encode()
        codes = [self._keys.pin(request.reference, code_no).encode() for code_no in code_nos]
        return sum(hmac.compare_digest(typed, code) for code in codes) > 0
