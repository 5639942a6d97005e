"""Decides when PIN codes expire, lock and are sent again; sees numbers and times, never a code.

A code is valid for ten minutes after delivery and for five tries; ten wrong tries over all codes
lock the activation for an hour and end its codes. At most two codes are valid: a resend with five
minutes left repeats the code, later it issues a new one and the old one stays valid until it
expires. The ledger keeps the counts, because a workflow that is reset would lose them.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.contracts.submissions import Policy

_LIVE_CODES = 2


@dataclass
class Code:
    """A code by its number; `run_id` is the run it was issued to, `ended`: used or locked."""

    number: int
    run_id: str
    handed_over_at: datetime | None = None
    tries: int = 0
    ended: bool = False


@dataclass
class CodeBook:
    """All codes of an activation, oldest first; `wrong` counts since the last lock."""

    policy: Policy
    codes: list[Code] = field(default_factory=list)
    wrong: int = 0
    locked_until: datetime | None = None

    def to_send(self, send_no: int, run_id: str, now: datetime) -> int:
        """Return the code for the next message: the newest one if this run may still repeat it.

        A new code takes the number of the message that first carries it, so numbers are unique.
        """
        newest = self.codes[-1:]
        if newest and newest[0].run_id == run_id and self.worth_sending(newest[0].number, now):
            return newest[0].number
        self.codes.append(Code(send_no, run_id))
        return send_no

    def worth_sending(self, number: int, now: datetime) -> bool:
        """Tell whether a code has enough time and tries left to be sent now."""
        code = self._code(number)
        expires_at = self.expires_at(number)
        lives = expires_at is None or expires_at - now >= self.policy.repeat_code_if_left
        return lives and self._has_tries(code)

    def expires_at(self, number: int) -> datetime | None:
        """Return when a code expires; None until it has been handed over."""
        handed_over_at = self._code(number).handed_over_at
        return handed_over_at + self.policy.pin_ttl if handed_over_at else None

    def life_left(self, number: int, now: datetime) -> timedelta:
        """Return how long this code stays valid; the full time until it has been handed over."""
        expires_at = self.expires_at(number)
        return expires_at - now if expires_at else self.policy.pin_ttl

    def judging_time(self, received_at: datetime, now: datetime) -> datetime:
        """Return the time at which a typed code is judged: reception, not before the last message.

        This keeps a portal whose clock is wrong from extending the life of a code.
        """
        sent_at = (self.codes[-1].handed_over_at if self.codes else None) or now
        return min(max(received_at, sent_at), now)

    def live(self, at: datetime) -> tuple[int, ...]:
        """Return the numbers of the codes valid at this time, undelivered ones included."""
        newest = self.codes[-_LIVE_CODES:]
        return tuple(
            code.number for code in newest if self._has_tries(code) and self._in_time(code, at)
        )

    def dead(self, at: datetime) -> tuple[int, ...]:
        live = self.live(at)
        return tuple(code.number for code in self.codes if code.number not in live)

    def tries_left(self, at: datetime) -> int:
        tries = [self._code(number).tries for number in self.live(at)]
        of_code = max((self.policy.pin_tries_per_code - tried for tried in tries), default=0)
        return min(of_code, self.policy.pin_tries - self.wrong)

    def count(self, at: datetime) -> tuple[int, ...]:
        """Count a try against every valid code and the activation; return those codes."""
        tried = self.live(at)
        for number in tried:
            self._code(number).tries += 1
        self.wrong += 1
        return tried

    def take_back(self, tried: tuple[int, ...]) -> None:
        """Undo `count` for a try that was right, or was counted before (deduplication)."""
        for number in tried:
            self._code(number).tries -= 1
        self.wrong -= 1

    def end(self, numbers: Collection[int]) -> None:
        """End codes that may not be compared any more."""
        for number in numbers:
            self._code(number).ended = True

    def use(self, number: int) -> None:
        """End a code after its single use."""
        self.end([number])

    def end_all(self) -> None:
        """End every code sent so far."""
        self.end([code.number for code in self.codes])

    def lock_if_spent(self, now: datetime) -> None:
        """Lock the activation if no tries are left, and end every code sent so far."""
        if self.wrong >= self.policy.pin_tries:
            self.locked_until = now + self.policy.pin_lock
            self.wrong = 0
            self.end_all()

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def unlock(self) -> None:
        self.locked_until = None

    def _code(self, number: int) -> Code:
        return next(code for code in self.codes if code.number == number)

    def _has_tries(self, code: Code) -> bool:
        return not code.ended and code.tries < self.policy.pin_tries_per_code

    def _in_time(self, code: Code, at: datetime) -> bool:
        return code.handed_over_at is None or at < code.handed_over_at + self.policy.pin_ttl
