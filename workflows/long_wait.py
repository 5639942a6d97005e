"""Measures how long a student waits for the engine, and picks the notice sent at its end."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.message_io import NoticeKind


class LongWait:
    """One wait, for whatever reasons, from the student's last submission on."""

    def __init__(self, notify_after: timedelta) -> None:
        self._notify_after = notify_after
        self._since: datetime | None = None
        self._required: NoticeKind | None = None

    def begin(self, at: datetime) -> None:
        """Start a wait at the time of the student's submission."""
        self._since, self._required = at, None

    def begin_if_idle(self) -> None:
        """Start a wait now unless one is running, as when staff hold an activation."""
        self._since = self._since or workflow.now()

    def require(self, notice: NoticeKind) -> None:
        """Send this notice at the end of the wait, however short it was."""
        self._required = notice

    def end(self) -> NoticeKind | None:
        """End the wait because the student is awaited; returns the notice to send, if any."""
        notice = self._required or (NoticeKind.GO_ON if self.is_long else None)
        self._since = self._required = None
        return notice

    @property
    def is_long(self) -> bool:
        """Whether the wait has lasted long enough for a notice."""
        return self._since is not None and workflow.now() - self._since > self._notify_after
