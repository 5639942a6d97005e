"""Since when a student waits for the engine, and what they are written when their turn comes."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.message_io import NoticeKind


class LongWait:
    """One wait, whatever its reasons were, from the student's last answer on."""

    def __init__(self, notify_after: timedelta) -> None:
        self._notify_after = notify_after
        self._since: datetime | None = None
        self._owed: NoticeKind | None = None

    def begin(self, at: datetime) -> None:
        """Note when the student answered."""
        self._since, self._owed = at, None

    def go_on(self) -> None:
        """Note that the engine is waited for, as when staff hold an activation."""
        self._since = self._since or workflow.now()

    def owe(self, notice: NoticeKind) -> None:
        """Send this notice when the student's turn comes, however short the wait was."""
        self._owed = notice

    def end(self) -> NoticeKind | None:
        """End the wait, for it is the student's turn; returns what to write, if anything."""
        notice = self._owed or (NoticeKind.GO_ON if self.is_long else None)
        self._since = self._owed = None
        return notice

    @property
    def is_long(self) -> bool:
        """Whether it has lasted long enough for the student to be written to."""
        return self._since is not None and workflow.now() - self._since > self._notify_after
