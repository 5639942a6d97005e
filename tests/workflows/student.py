"""A student of the workflow tests: submits by update or signal and looks at progress."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.contracts.message_io import SendPin
from domain.contracts.staff import RetrySubmission
from domain.contracts.submissions import (
    ActivationResult,
    ActivationStart,
    ConsentSubmission,
    InsuranceSubmission,
    PasswordSubmission,
    PinSubmission,
    Submission,
)
from domain.contracts.views import Answer, Progress, ProgressRequest
from domain.contracts.vocabulary import WORKFLOW, Step, TaskQueue
from tests.workflows.engine import World, pin_of
from workflows.search_attributes import STEP


async def started(client: Client, start: ActivationStart) -> WorkflowHandle[Any, ActivationResult]:
    """Start an activation as the engine's client does."""
    return await client.start_workflow(
        WORKFLOW,
        start,
        id=start.reference,
        task_queue=TaskQueue.MAIN,
        result_type=ActivationResult,
        search_attributes=TypedSearchAttributes([SearchAttributePair(STEP, Step.LOOKUP.value)]),
    )


class Time(Protocol):
    """The time of a server, which may skip what is slept."""

    async def sleep(self, duration: timedelta | float) -> None: ...

    async def get_current_time(self) -> datetime: ...


class Student:
    def __init__(
        self,
        environment: Time,
        handle: WorkflowHandle[Any, ActivationResult],
        world: World,
    ) -> None:
        self.environment = environment
        self.handle = handle
        self.world = world

    async def submit(self, name: str, submission: Submission) -> Answer:
        """Hand in and await the answer, letting the test server's time pass meanwhile.

        That server skips no time while an update is awaited, and an outage holds up an answer.
        """
        answer: asyncio.Task[Answer] = asyncio.create_task(
            self.handle.execute_update(
                name, submission, id=submission.submission_id, result_type=Answer
            )
        )
        patience = 0.5
        while not (await asyncio.wait({answer}, timeout=patience))[0]:
            await self.environment.sleep(timedelta(seconds=5))
            patience = 0.1
        return answer.result()

    async def stamp(self) -> dict[str, Any]:
        """Return a fresh submission id and the ledger's time, at which the portal received it."""
        now = await self.world.clock()
        return {"submission_id": secrets.token_hex(8), "received_at": now.astimezone(UTC)}

    async def pin(self, pin: str | None = None) -> Answer:
        return await self.submit("submit_pin", await self.typed(pin))

    async def typed(self, pin: str | None = None) -> PinSubmission:
        newest = [message.code_no for message in self.world.made(SendPin)][-1:] or [1]
        return PinSubmission(pin=pin or pin_of(*newest), **await self.stamp())

    async def insurance(self, number: str = "01010500013") -> Answer:
        return await self.submit("submit_insurance", await self.insured(number))

    async def insured(self, number: str = "01010500013") -> InsuranceSubmission:
        return InsuranceSubmission(scheme="GR", number=number, **await self.stamp())

    async def consent(self, shown_hash: str | None = None) -> Answer:
        if shown_hash is None:
            review = (await self.until(lambda now: now.review is not None)).review
            assert review is not None
            shown_hash = review.shown_hash
        return await self.submit("give_consent", await self.agreed(shown_hash))

    async def agreed(self, shown_hash: str) -> ConsentSubmission:
        return ConsentSubmission(shown_hash=shown_hash, **await self.stamp())

    async def password(self) -> Answer:
        return await self.submit("submit_password", await self.sealed())

    async def sealed(self) -> PasswordSubmission:
        return PasswordSubmission(sealed_id="sealed", **await self.stamp())

    async def answer_to(self, now: Progress) -> tuple[str, Submission] | None:
        """Return the name and what the page of this step would hand in; None: nothing is asked."""
        match now.step:
            case Step.PIN:
                return "submit_pin", await self.typed()
            case Step.INSURANCE:
                return "submit_insurance", await self.insured()
            case Step.REVIEW if now.review:
                return "give_consent", await self.agreed(now.review.shown_hash)
            case Step.PASSWORD:
                return "submit_password", await self.sealed()
        return None

    async def retries(self, *, of_many: bool = False) -> Answer:
        return await self.submit("retry", RetrySubmission(**await self.stamp(), of_many=of_many))

    async def progress(self) -> Progress:
        progress: Progress = await self.handle.query(
            "progress", ProgressRequest(), result_type=Progress
        )
        return progress

    async def until(self, met: Callable[[Progress], bool]) -> Progress:
        """Look until the condition is met; bounded, and letting the test server's time pass."""
        pause = timedelta(milliseconds=50)
        for _ in range(120):
            progress = await self.progress()
            if met(progress):
                return progress
            await self.environment.sleep(pause)
            pause = min(pause * 1.1, timedelta(seconds=10))
        raise AssertionError(f"still {progress.step} {progress.wait_reason}")

    async def reaches(self, step: Step) -> Progress:
        return await self.until(lambda now: now.step is step)

    async def parks(self, kind: type, times: int) -> Progress:
        """Wait until it stands with support, once this was asked for so often."""
        return await self.until(
            lambda now: now.step is Step.NEEDS_SUPPORT and len(self.world.made(kind)) >= times
        )

    async def sent(self) -> Progress:
        """Wait until the first message was handed over."""
        return await self.until(lambda now: now.pin is not None and now.pin.expires_at is not None)

    async def agrees(self) -> None:
        """Go from the code to the password page."""
        await self.sent()
        await self.pin()
        await self.consent()

    async def finishes(self) -> Step:
        await self.agrees()
        await self.password()
        return await self.end()

    async def end(self) -> Step:
        return (await self.handle.result()).end
