"""Counts codes and tries; knows times, never a code.

A code lives ten minutes from being handed over and dies after five wrong tries; ten wrong tries
over all codes lock the activation for an hour. Two codes at most are alive: a resend with five
minutes left repeats the code, later it issues a new one and the old one lives out its time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.contracts.submissions import Policy

_LIVE_CODES = 2


@dataclass
class Code:
    number: int
    reserved: bool = False
    expires_at: datetime | None = None
    wrong: int = 0


@dataclass
class PinBook:
    policy: Policy
    codes: list[Code] = field(default_factory=list)
    send_no: int = 0
    resend_at: datetime | None = None
    locked_until: datetime | None = None
    wrong: int = 0

    def next_send(self, now: datetime) -> tuple[int, int]:
        """Return (send number, code number) for the next message, repeating a fresh code."""
        self.send_no += 1
        self.resend_at = now + self.policy.resend_after
        return self.send_no, self.fresh(len(self.codes), now)

    def fresh(self, number: int, now: datetime) -> int:
        """Return this code, or a new one when it is not worth sending (any more)."""
        if number and self._worth_repeating(self.codes[number - 1], now):
            return number
        self.codes.append(Code(len(self.codes) + 1))
        return len(self.codes)

    def _worth_repeating(self, code: Code, now: datetime) -> bool:
        if code.wrong >= self.policy.pin_tries_per_code:
            return False
        return code.expires_at is None or code.expires_at - now >= self.policy.repeat_code_if_left

    def reserved(self, number: int) -> None:
        """Let a code live: its message may be sent. One that may not is never worth a guess."""
        self.codes[number - 1].reserved = True

    def handed_over(self, number: int, now: datetime) -> None:
        """Start the life of a code; a repeated one keeps the life it has."""
        self.reserved(number)
        code = self.codes[number - 1]
        code.expires_at = code.expires_at or now + self.policy.pin_ttl
        self.resend_at = now + self.policy.resend_after

    def life_left(self, number: int, now: datetime) -> timedelta:
        """Return how long this code holds once its message is there."""
        expires_at = self.codes[number - 1].expires_at
        return expires_at - now if expires_at else self.policy.pin_ttl

    def judging_time(self, received_at: datetime, now: datetime) -> datetime:
        """Return when a code counts as typed: when received, but never before the newest message.

        A portal whose clock is wrong can then not stretch the life of a code.
        """
        newest = self.codes[-1].expires_at
        sent_at = newest - self.policy.pin_ttl if newest else now
        return min(max(received_at, sent_at), now)

    def live(self, at: datetime) -> tuple[int, ...]:
        """Return the numbers of the codes that count at this time, those on their way included."""
        return tuple(
            code.number
            for code in self.codes[-_LIVE_CODES:]
            if code.reserved
            and code.wrong < self.policy.pin_tries_per_code
            and (code.expires_at is None or at < code.expires_at)
        )

    def dead(self, at: datetime) -> tuple[int, ...]:
        live = self.live(at)
        return tuple(code.number for code in self.codes if code.number not in live)

    def expires_at(self) -> datetime | None:
        return self.codes[-1].expires_at if self.codes else None

    def is_over(self, now: datetime) -> bool:
        """Tell whether the life of the newest code has begun and ended."""
        expires_at = self.expires_at()
        return expires_at is not None and expires_at <= now

    def tries_left(self, at: datetime) -> int:
        live = self.live(at)
        of_code = max(
            (self.policy.pin_tries_per_code - self.codes[number - 1].wrong for number in live),
            default=0,
        )
        return min(of_code, self.policy.pin_tries - self.wrong)

    def wrong_try(self, at: datetime, now: datetime) -> None:
        """Count a wrong code against every live code and the activation; lock at the limit."""
        for number in self.live(at):
            self.codes[number - 1].wrong += 1
        self.wrong += 1
        if self.wrong >= self.policy.pin_tries:
            self.locked_until = now + self.policy.pin_lock
            self.wrong = 0

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def unlock(self) -> None:
        self.locked_until = None
