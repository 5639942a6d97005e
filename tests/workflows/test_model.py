"""Random walks over the transition table, and what always holds."""

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import DataObject, data, sampled_from

from domain.contracts.vocabulary import Step, WaitReason
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


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=400, stateful_step_count=30, deadline=None)
