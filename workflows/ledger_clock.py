"""How far the ledger's clock is ahead of Temporal's, as the ledger's answers tell it."""

from datetime import datetime, timedelta

from temporalio import workflow

_THE_SAME = timedelta(seconds=1)
"""Clocks are never quite the same, and what is shown shall not change for so little."""


class LedgerClock:
    """Compares the ledger's times with its own clock alone, as a run knows it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def learn(self, told_at: datetime | None, asked_at: datetime) -> None:
        """Take from an answer what it proves: its time was told between the question and now.

        As little as that allows is changed: an answer that took long, because a part or the worker
        was away, is no difference of clocks. None: a worker of before told no time.
        """
        if told_at:
            ahead = min(max(self.ahead, told_at - workflow.now()), told_at - asked_at)
            if abs(ahead - self.ahead) > _THE_SAME:
                self.ahead = ahead

    def is_to_come(self, at: datetime | None) -> bool:
        """Tell whether a time of the ledger's is still to come."""
        return at is not None and workflow.now() + self.ahead < at
