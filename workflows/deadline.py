"""The deadline clock of an activation, which runs only while the student is awaited."""

from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.submissions import Policy
    from domain.daytime import in_daytime


class Awaiting(Protocol):
    """Waits for a student until `deadline_at`, which is None while it does not wait."""

    deadline_at: datetime | None
    mistake: BaseException | None

    def remind(self) -> bool: ...


class DeadlineClock:
    """Reminds once, by day, and wakes the run at the deadline, so that its condition is checked."""

    def __init__(self, waiting: Awaiting, policy: Policy, utc_offset: timedelta | None) -> None:
        self._waiting = waiting
        self._utc_offset = utc_offset
        self._deadline = policy.deadline
        self._remind_after = policy.remind_after or policy.deadline

    async def run(self) -> None:
        """Run until cancelled; after an error, run again once the error is cleared by a retry."""
        while True:
            try:
                await self._run()
            except Exception as error:  # noqa: BLE001 - raised again by the run that waits
                self._waiting.mistake = error
                await workflow.wait_condition(lambda: self._waiting.mistake is None)

    async def _run(self) -> None:
        remind_after = self._remind_after
        remind_from = workflow.now()
        while True:
            await workflow.wait_condition(lambda: self._waiting.deadline_at is not None)
            due = self._waiting.deadline_at
            assert due is not None  # noqa: S101 - the condition just held
            remind_at = max(due - self._deadline + remind_after, remind_from)
            rings_at = min(due, in_daytime(remind_at, self._utc_offset))
            await workflow.sleep(max(rings_at - workflow.now(), timedelta()))
            if self._moved_on(due):
                continue
            if due <= workflow.now():
                await workflow.wait_condition(partial(self._moved_on, due))
            elif self._waiting.remind():
                remind_after = self._deadline
            else:
                remind_from = workflow.now() + remind_after

    def _moved_on(self, due: datetime) -> bool:
        return self._waiting.deadline_at != due
