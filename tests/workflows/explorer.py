"""Runs the workflow class itself, in memory, and lets a test choose each thing that happens to it.

Whatever the workflow waits for is an open question: the outcome of an activity, a submission, a
timer, a cancellation from outside. `events` lists what may happen next, `happen` makes it so. With
the same events chosen again a run stands where it stood, so that a test can visit every state.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import exceptions, workflow
from temporalio.common import MetricMeter, RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType

from domain.contracts import Model
from domain.contracts.account_io import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    Claimed,
    ClaimOutcome,
    Closed,
    ConsentRecorded,
    InsuranceOutcome,
    InsuranceRecorded,
    Provisioned,
    ProvisionOutcome,
)
from domain.contracts.message_io import Delivery, SendReserved, Sent
from domain.contracts.people import StudentsFound
from domain.contracts.pin_io import (
    IdentityTriesAllowed,
    IdentityTryCounted,
    PinChecked,
    PinOutcome,
    PinUnlocked,
)
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import ActivityName, FailureType, PasswordRefusal, Step
from tests.handlers import MODELS
from tests.people import MARIA
from workflows.activation import Activation
from workflows.joining import _NO_SUCH_RUN

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
_CONVERTER = PydanticPayloadConverter()
_UNINSURED = MARIA.model_copy(update={"insurance_number": None, "insurance_scheme": None})
_BROTHER = MARIA.model_copy(update={"person_key": "b", "insurance_number": "02020500012"})

Outcomes = Mapping[str, Model]
OUTCOMES: Mapping[ActivityName, Outcomes] = {
    ActivityName.FIND_STUDENT: {
        "nobody": StudentsFound(persons=()),
        "insured": StudentsFound(persons=(MARIA,)),
        "uninsured": StudentsFound(persons=(_UNINSURED,)),
        "two": StudentsFound(persons=(MARIA, _BROTHER)),
    },
    ActivityName.RESERVE_SEND: {
        "allowed": SendReserved(send_no=1, code_no=1, valid_for=timedelta(minutes=10)),
        "spent": SendReserved(not_before=START + timedelta(hours=1)),
        "locked": SendReserved(locked_until=START + timedelta(hours=1)),
    },
    ActivityName.SEND_PIN: {
        Delivery.SENT: Sent(outcome=Delivery.SENT, expires_at=START + timedelta(minutes=10)),
        Delivery.UNDELIVERABLE: Sent(outcome=Delivery.UNDELIVERABLE),
        "too late": Sent(outcome=Delivery.SENT, expires_at=START),
    },
    ActivityName.CHECK_PIN: {
        each: PinChecked(
            outcome=each,
            locked_until=START + timedelta(hours=1) if each is PinOutcome.LOCKED else None,
        )
        for each in PinOutcome
    },
    ActivityName.UNLOCK_PIN: {"unlocked": PinUnlocked()},
    ActivityName.COUNT_IDENTITY_TRY: {
        "allowed": IdentityTryCounted(allowed=True, tries_left=2),
        "last": IdentityTryCounted(allowed=True, tries_left=0),
        "spent": IdentityTryCounted(allowed=False, tries_left=0),
    },
    ActivityName.ALLOW_IDENTITY_TRIES: {"allowed": IdentityTriesAllowed()},
    ActivityName.CLAIM_PERSON: {
        each: Claimed(outcome=each, holder="A-1", username="maria", activated_by="A-1")
        for each in ClaimOutcome
    },
    ActivityName.CHECK_ACCOUNT: {
        each: AccountChecked(state=each, username="maria") for each in AccountState
    },
    ActivityName.RESOLVE_ACCOUNT: {
        each: AccountResolved(outcome=each, username="maria") for each in AccountOutcome
    },
    ActivityName.RECORD_INSURANCE: {
        each: InsuranceRecorded(outcome=each) for each in InsuranceOutcome
    },
    ActivityName.RECORD_CONSENT: {
        "recorded": ConsentRecorded(),
        **{each: ConsentRecorded(insurance=each) for each in InsuranceOutcome},
    },
    ActivityName.PROVISION_ACCOUNT: {
        each: Provisioned(outcome=each, refusal=PasswordRefusal.EXPIRED)
        for each in ProvisionOutcome
    },
    ActivityName.SEND_NOTICE: {each: Sent(outcome=each) for each in Delivery},
    ActivityName.CLOSE_ACTIVATION: {"closed": Closed()},
}
_BEFORE_REVIEW = {Step.LOOKUP, Step.PIN, Step.IDENTIFY, Step.INSURANCE}
FAILURES = (
    FailureType.REGISTRAR_DOWN,
    FailureType.LEDGER_DOWN,
    FailureType.SMS_DOWN,
    "permanent",
)
"""One that few steps know, one that every step knows, and one that stops no clock."""
_SIGNALLED = {"told": None, "gone": _NO_SUCH_RUN, "deaf": "SignalCountLimitExceeded"}
HANDLERS = sorted(MODELS)


class Evicted(BaseException):
    """What the SDK raises as well when a run leaves its memory."""


class Explored:
    """One run, its clock, and what it waits for."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = START
        self.mistakes: list[str] = []
        self.asked: dict[str, asyncio.Future[Any]] = {}
        self._waits: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._timers: list[tuple[datetime, asyncio.Future[None]]] = []
        self._sent = 0
        self._over = False
        for name, fake in self._engine().items():
            patch.setattr(workflow, name, fake)
        # `asyncio.all_tasks` goes through those of earlier runs as well, which costs a tenth.
        self._tasks: list[asyncio.Task[Any]] = []
        self._loop = asyncio.get_running_loop()
        self._loop.set_task_factory(self._begin)
        self.run = Activation(ActivationStart(reference="A-0", mobile="+306912345678"))
        self.task = asyncio.ensure_future(self.run.run())

    def _begin(
        self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any
    ) -> asyncio.Task[Any]:
        self._tasks.append(asyncio.Task(work, loop=loop, **options))
        return self._tasks[-1]

    def _engine(self) -> dict[str, Any]:
        log = SimpleNamespace(error=lambda text, *words: self.mistakes.append(text % words))
        return {
            "now": lambda: self.now,
            "instance": lambda: self.run,
            "metric_meter": lambda: MetricMeter.noop,
            "info": lambda: SimpleNamespace(start_time=START, run_id="1"),
            "random": lambda: random.Random(0),  # noqa: S311 - it spreads pauses
            "logger": log,
            "payload_converter": lambda: _CONVERTER,
            "upsert_search_attributes": lambda _: None,
            "all_handlers_finished": lambda: True,
            "patched": lambda _: True,
            "wait_condition": self._wait,
            "sleep": self._sleep,
            "execute_activity": self._durable,
            "execute_local_activity": self._local,
            "get_external_workflow_handle": lambda _: SimpleNamespace(signal=self._signal),
        }

    # --- what the workflow asks of Temporal --------------------------------------------------

    async def _wait(self, met: Callable[[], bool], **limit: timedelta | None) -> None:
        if self._over:
            raise Evicted
        wait: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waits.append((met, wait))
        if timeout := limit.get("timeout"):
            self._timers.append((self.now + timeout, wait))
        await wait

    async def _sleep(self, duration: timedelta) -> None:
        if self._over:
            raise Evicted
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timers.append((self.now + duration, over))
        await over

    async def _local(self, name: str, *given: Model, **_: Any) -> Any:
        # The same activity leads elsewhere when its code was typed to stop the activation.
        stops = any(getattr(each, "stops", False) for each in given)
        return await self._try(f"{'stopping' if stops else 'local'} {name}")

    async def _durable(self, name: str, *_: Model, **__: Any) -> Any:
        outcome = await self._try(f"durable {name}")
        return RawValue(_CONVERTER.to_payload(outcome)) if outcome else None

    async def _try(self, question: str) -> Any:
        """Await an activity; the SDK turns a cancellation of that into a failure."""
        try:
            return await self._ask(question)
        except asyncio.CancelledError:
            if self._over:
                raise
        raise _activity_error(exceptions.CancelledError())

    async def _signal(self, name: str, *_: Model) -> None:
        await self._ask(f"signal {name}")

    async def _ask(self, question: str) -> Any:
        if self._over:
            raise Evicted
        answer = asyncio.get_running_loop().create_future()
        self.asked[question] = answer
        try:
            return await answer
        finally:
            if self.asked.get(question) is answer:
                del self.asked[question]

    # --- what may happen ---------------------------------------------------------------------

    def events(self) -> Iterator[tuple[str, str]]:
        """Yield everything that may happen now."""
        for question in sorted(self.asked):
            kind, name = question.split()
            if kind == "signal":
                yield from ((question, answer) for answer in _SIGNALLED)
                continue
            yield from ((question, answer) for answer in (*OUTCOMES[ActivityName(name)], *FAILURES))
        yield from (("submission", name) for name in HANDLERS)
        if any(not timer.done() for _, timer in self._timers):
            yield "time", "passes"
        yield "cancel", "from outside"

    async def happen(self, what: str, how: str) -> None:
        match what:
            case "submission":
                self.hand_in(how)
            case "time":
                self._pass_time()
            case "cancel":
                self.task.cancel()
            case "mistake":
                self._blunder(how)
            case _:
                self._answer(what, how)
        await self.accept()

    def hand_in(self, name: str) -> None:
        self._sent += 1
        shown = self.run.account.shown if self.run.account else None
        given = {
            "submission_id": str(self._sent),
            "received_at": self.now,
            "pin": "000001",
            "channel": "email" if self._sent % 2 else "sms",
            "answer": ["2026001", "1"][self._sent % 2],
            "scheme": "GR",
            "number": "01010500013",
            "shown_hash": shown.shown_hash if shown else "",
            "wrong": ["name"],
            "sealed_id": "1",
        }
        handler: Any = workflow._Definition.must_from_class(Activation).signals[name].fn
        # A handler of a signal waits for nothing.
        with pytest.raises(StopIteration):
            handler(self.run, given).send(None)

    def _pass_time(self) -> None:
        running = [(at, timer) for at, timer in self._timers if not timer.done()]
        at, first = min(running, key=lambda timer: timer[0])
        self.now = max(self.now, at)
        if any(first is wait for _, wait in self._waits):
            first.set_exception(TimeoutError())
        else:
            first.set_result(None)
        self._timers = running

    def _blunder(self, where: str) -> None:
        """Let a mistake of the programme appear where the workflow waits."""
        wait = self.asked[where] if where in self.asked else self.waiting[int(where)]
        wait.set_exception(KeyError("a mistake"))

    @property
    def waiting(self) -> list[asyncio.Future[None]]:
        return [wait for _, wait in self._waits if not wait.done()]

    def _answer(self, question: str, how: str) -> None:
        kind, name = question.split()
        answer = self.asked[question]
        if kind == "signal":
            if _SIGNALLED[how]:
                answer.set_exception(ApplicationError("", type=_SIGNALLED[how]))
            else:
                answer.set_result(None)
        elif how in FAILURES:
            answer.set_exception(_failure(kind, how))
        else:
            answer.set_result(OUTCOMES[ActivityName(name)][how])

    async def accept(self) -> None:
        """Let the run go on until it waits for something again."""
        loop: Any = asyncio.get_running_loop()
        while True:
            while loop._ready:  # noqa: ASYNC110 - it ends when nothing else is ready
                await asyncio.sleep(0)
            self._waits = [(met, wait) for met, wait in self._waits if not wait.done()]
            met = [wait for met, wait in self._waits if met()]
            if not met:
                return
            for wait in met:
                wait.set_result(None)

    # --- where it stands ---------------------------------------------------------------------

    @property
    def stands(self) -> tuple[Any, ...]:
        run = self.run
        parked = run._parked if run.step is Step.NEEDS_SUPPORT else None
        return (
            run.step,
            run.reason,
            parked,
            self._known() if (parked or run.step) in _BEFORE_REVIEW else self._typed(),
            run.deadline_at is None,
            tuple(sorted(self.asked)),
            self.task.done(),
        )

    @property
    def stands_roughly(self) -> tuple[Any, ...]:
        """Return the step, what is known of the student and what is asked of systems alone."""
        step, _, _, known, _, asked, done = self.stands
        return step, known, asked, done

    def _typed(self) -> bool:
        """Return whether there is a typed insurance number, which can be taken back."""
        taken_back = {Step.REVIEW, Step.PASSWORD}
        return self.run.step in taken_back and self.run.insurance.number is not None

    def _known(self) -> str:
        """Return what kind of student was found: it decides which steps there are."""
        if self.run.person is None:
            return "several" if self.run.proof else "nobody yet"
        return "insured" if self.run.person.insurance_number else "uninsured"

    async def end(self) -> None:
        """Let nothing of it outlive the test."""
        self._over = True
        self._loop.set_task_factory(None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _failure(kind: str, how: str) -> Exception:
    """Return how a failed try looks to the workflow."""
    permanent = how == "permanent"
    cause = ApplicationError(
        "", type="CONFIGURATION" if permanent else how, non_retryable=permanent
    )
    if kind != "durable":
        return cause
    if permanent:
        return _activity_error(cause)
    ended = exceptions.TimeoutError(
        "", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]
    )
    ended.__cause__ = cause
    return _activity_error(ended)


def _activity_error(cause: Exception) -> ActivityError:
    error = ActivityError(
        "",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    error.__cause__ = cause
    return error
