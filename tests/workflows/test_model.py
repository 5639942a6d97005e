"""Random walks over the transition table and the book of codes, and what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import DataObject, booleans, data, integers, sampled_from

from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Step, WaitReason
from workflows.pins import PinBook
from workflows.steps import (
    CANCELLABLE,
    ENDS,
    REASONS,
    TRANSITIONS,
    ImpossibleTransition,
    check,
    deadline_runs,
)

# Thousands of walks take a minute, and two on a machine that does something else as well.
pytestmark = pytest.mark.timeout(600)

POLICY = Policy()
START = datetime(2026, 9, 1, 8, tzinfo=UTC)


class Walk(RuleBasedStateMachine):
    """An activation that tries any step at any time; the table alone decides."""

    def __init__(self) -> None:
        super().__init__()
        self.step = Step.LOOKUP
        self.reason: WaitReason | None = None
        self.parked: Step | None = None
        self.seen = [Step.LOOKUP]

    def onward(self) -> frozenset[Step]:
        onward = TRANSITIONS[self.step]
        if self.step is Step.NEEDS_SUPPORT:
            onward &= {self.parked, Step.CANCELLED}
        return onward

    def move(self, step: Step, reason: WaitReason | None) -> None:
        if step is Step.NEEDS_SUPPORT and self.step is not step:
            self.parked = self.step
        self.step, self.reason = step, reason
        self.seen.append(step)

    @rule(wanted=sampled_from(Step), reason=sampled_from([None, *WaitReason]))
    def tries(self, wanted: Step, reason: WaitReason | None) -> None:
        legal = wanted is self.step or wanted in self.onward()
        try:
            check(self.step, wanted, reason, parked=self.parked)
        except ImpossibleTransition:
            assert not legal or reason not in REASONS[wanted]
            return
        assert legal
        self.move(wanted, reason)

    @precondition(lambda self: self.step not in ENDS)
    @rule(pick=data())
    def goes_on(self, pick: DataObject) -> None:
        step = pick.draw(sampled_from(sorted(self.onward())))
        self.move(step, pick.draw(sampled_from(sorted(REASONS[step], key=str))))

    @invariant()
    def no_account_without_proof_and_agreement(self) -> None:
        if self.step is Step.ACTIVE:
            path = [step for step in self.seen if step is not Step.NEEDS_SUPPORT]
            for needed in (Step.PROVISIONING, Step.PASSWORD, Step.REVIEW, Step.PIN):
                assert needed in path
                path = path[: len(path) - path[::-1].index(needed)]

    @invariant()
    def ends_are_final_and_everything_else_can_end(self) -> None:
        if self.step in ENDS:
            assert TRANSITIONS[self.step] == frozenset()
            assert self.step not in CANCELLABLE
        else:
            assert Step.CANCELLED in TRANSITIONS[self.step]

    @invariant()
    def the_clock_only_runs_while_the_student_is_awaited(self) -> None:
        if deadline_runs(self.step, self.reason):
            assert Step.EXPIRED in TRANSITIONS[self.step]
            assert self.step not in ENDS | {Step.LOOKUP, Step.PROVISIONING, Step.NEEDS_SUPPORT}


class Codes(RuleBasedStateMachine):
    """A student, or a guesser, who asks for codes and types wrong ones as fast as allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.book = PinBook(POLICY)
        self.now = START
        self.wrong_since_lock = 0
        self.born: dict[int, datetime] = {}
        self.allowed: set[int] = set()

    @rule(seconds=integers(0, 900))
    def waits(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: not self.book.locked(self.now))
    @rule(allowed=booleans(), arrives=booleans())
    def asks_for_a_message(self, allowed: bool, arrives: bool) -> None:
        before = self.book.send_no
        send_no, code_no = self.book.next_send(self.now)
        assert send_no == before + 1
        if allowed:
            self.book.reserved(code_no)
            self.allowed.add(code_no)
        if allowed and arrives:
            self.book.handed_over(code_no, self.now)
            self.born.setdefault(code_no, self.now)

    @precondition(lambda self: self.book.codes and not self.book.locked(self.now))
    @rule(late=integers(-3600, 3600))
    def types_a_wrong_code(self, late: int) -> None:
        at = self.book.judging_time(self.now + timedelta(seconds=late), self.now)
        if not self.book.live(at):
            return
        self.book.wrong_try(at, self.now)
        self.wrong_since_lock += 1
        if self.book.locked(self.now):
            assert self.wrong_since_lock == POLICY.pin_tries
            self.wrong_since_lock = 0

    @invariant()
    def few_codes_live_and_none_too_long(self) -> None:
        live = self.book.live(self.now)
        assert len(live) <= 2
        assert set(live) <= self.allowed
        assert set(live).isdisjoint(self.book.dead(self.now))
        for number in live:
            if number in self.born:
                assert self.now < self.born[number] + POLICY.pin_ttl

    @invariant()
    def tries_are_bounded(self) -> None:
        assert 0 <= self.book.tries_left(self.now) <= POLICY.pin_tries_per_code
        assert all(code.wrong <= POLICY.pin_tries_per_code for code in self.book.codes)
        assert self.wrong_since_lock < POLICY.pin_tries


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=2000, stateful_step_count=30, deadline=None)
TestCodes = Codes.TestCase
TestCodes.settings = settings(max_examples=1000, stateful_step_count=30, deadline=None)
