"""Estimates how far the ledger's clock is ahead of Temporal's, from the ledger's answers."""

from datetime import datetime, timedelta

from temporalio import workflow

_THE_SAME = timedelta(seconds=1)
"""Smaller differences are ignored, so that the times shown do not change."""


class LedgerClock:
    """Compares the ledger's times with the ledger's clock, as this run estimates it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def learn(self, told_at: datetime | None, asked_at: datetime) -> None:
        """Correct the estimate by an answer whose time lies between the question and now.

        The correction is the smallest that this allows: an answer delayed by an unavailable system
        or worker is no difference of clocks. `told_at` is None from workers of earlier versions.
        """
        if told_at:
            ahead = min(max(self.ahead, told_at - workflow.now()), told_at - asked_at)
            if abs(ahead - self.ahead) > _THE_SAME:
                self.ahead = ahead

    def is_future(self, at: datetime | None) -> bool:
        """Tell whether a time of the ledger's clock is in the future."""
        return at is not None and workflow.now() + self.ahead < at
