"""The transition table, pair by pair."""

import itertools

import pytest

from domain.contracts.vocabulary import Step, WaitReason
from workflows import steps
from workflows.steps import CANCELLABLE, ENDS, REASONS, TRANSITIONS, ImpossibleTransition

PAIRS = list(itertools.product(Step, Step))


def some_reason(step: Step) -> WaitReason | None:
    return min(REASONS[step], key=lambda reason: reason or "")


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_step_follows_another_only_by_the_table(old: Step, new: Step) -> None:
    if new is old or new in TRANSITIONS[old]:
        steps.check(old, new, some_reason(new), parked=new)
    else:
        with pytest.raises(ImpossibleTransition, match=f"{old.value} -> {new.value}"):
            steps.check(old, new, some_reason(new), parked=new)


@pytest.mark.parametrize(("parked", "new"), PAIRS)
def test_support_gives_back_what_it_was_given_or_cancels(parked: Step, new: Step) -> None:
    here, reason = Step.NEEDS_SUPPORT, some_reason(new)
    if new in (here, Step.CANCELLED) or (new is parked and new in TRANSITIONS[here]):
        steps.check(here, new, reason, parked=parked)
    else:
        with pytest.raises(ImpossibleTransition, match=new.value):
            steps.check(here, new, reason, parked=parked)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("reason", [None, *WaitReason])
def test_a_step_waits_only_for_its_own_reasons(step: Step, reason: WaitReason | None) -> None:
    if reason in REASONS[step]:
        steps.check(step, step, reason, parked=None)
    else:
        with pytest.raises(ImpossibleTransition, match="does not wait for"):
            steps.check(step, step, reason, parked=None)


def test_the_table_knows_every_step_and_every_reason() -> None:
    assert set(TRANSITIONS) == set(REASONS) == set(Step)
    assert set().union(*REASONS.values()) == {None, *WaitReason}


def test_ends_are_final_and_every_other_step_leads_to_one() -> None:
    assert all(not TRANSITIONS[end] for end in ENDS)
    for step in set(Step) - ENDS:
        seen: set[Step] = set()
        reach = {step}
        while reach - seen:
            seen |= reach
            reach = set().union(*(TRANSITIONS[one] for one in reach))
        assert Step.ACTIVE in seen
    assert set().union(*TRANSITIONS.values()) | {Step.LOOKUP} == set(Step)


def test_nothing_follows_the_account_but_its_being_active() -> None:
    assert [step for step in Step if Step.ACTIVE in TRANSITIONS[step]] == [Step.PROVISIONING]
    # Consent comes before anything is made: provisioning is reached from the password alone,
    # or from support, who had it from there.
    before = {step for step in Step if Step.PROVISIONING in TRANSITIONS[step]}
    assert before == {Step.PASSWORD, Step.NEEDS_SUPPORT}
    assert [step for step in Step if Step.PASSWORD in TRANSITIONS[step]] == [
        Step.REVIEW,
        Step.PROVISIONING,
        Step.NEEDS_SUPPORT,
    ]


def test_the_clock_never_ends_what_the_engine_or_support_must_do() -> None:
    for step in (Step.LOOKUP, Step.PROVISIONING, Step.NEEDS_SUPPORT):
        assert Step.EXPIRED not in TRANSITIONS[step]
        assert not any(steps.deadline_runs(step, reason) for reason in REASONS[step])


@pytest.mark.parametrize(
    ("step", "reason", "runs"),
    [
        (Step.PIN, WaitReason.WAITING_PIN, True),
        (Step.PIN, WaitReason.SMS_DOWN, True),
        (Step.IDENTIFY, WaitReason.WAITING_IDENTITY, True),
        (Step.INSURANCE, WaitReason.WAITING_INSURANCE, True),
        (Step.REVIEW, WaitReason.WAITING_CONSENT, True),
        (Step.REVIEW, WaitReason.DATA_DISPUTED, False),
        (Step.REVIEW, WaitReason.LEDGER_DOWN, False),
        (Step.PASSWORD, WaitReason.WAITING_PASSWORD, True),
        (Step.NEEDS_SUPPORT, WaitReason.WAITING_IDENTITY, False),
    ],
)
def test_the_clock_runs_while_the_student_is_awaited(
    step: Step, reason: WaitReason, runs: bool
) -> None:
    assert steps.deadline_runs(step, reason) is runs
    assert not runs or Step.EXPIRED in TRANSITIONS[step]


def test_staff_may_cancel_wherever_the_table_knows_it_but_not_the_making_of_the_account() -> None:
    assert {step for step in CANCELLABLE if Step.CANCELLED not in TRANSITIONS[step]} == set()
    assert Step.PROVISIONING not in CANCELLABLE
    assert not CANCELLABLE & ENDS
