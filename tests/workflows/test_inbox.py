"""Every submission enters once, leaves in order, and is answered once."""

from datetime import UTC, datetime

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.contracts.staff import RetrySubmission, StaffSubmission, UnlockSubmission
from domain.contracts.submissions import JoinedNotice, PinSubmission, Submission
from domain.contracts.views import Answer, Progress, Verdict
from domain.contracts.vocabulary import Step
from workflows.activation import Activation
from workflows.inbox import _MOST, Inbox, one_payload

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROGRESS = Progress(reference="A-7K3F-92QD", step=Step.PIN, wait_reason=None, since=NOW)


def typed(name: str) -> PinSubmission:
    return PinSubmission(submission_id=name, received_at=NOW, pin="000001")


def test_what_comes_by_both_doors_is_taken_out_once_and_in_order() -> None:
    inbox = Inbox()
    for name in ("first", "second", "first"):
        inbox.put(typed(name))
    assert [inbox.take((PinSubmission,)) for _ in range(2)] == [typed("first"), typed("second")]
    assert not inbox.has((Submission,))
    inbox.put(typed("first"))
    assert inbox.take((PinSubmission,)) is None


def test_all_of_a_kind_leave_together_and_the_others_stay_in_order() -> None:
    inbox = Inbox()
    retry = RetrySubmission(submission_id="retry", received_at=NOW)
    for submission in (typed("first"), retry, typed("second")):
        inbox.put(submission)
    assert [each.submission_id for each in inbox.take_all((PinSubmission,))] == ["first", "second"]
    assert inbox.take((Submission,)) is retry
    assert not inbox.has((Submission,))


def flooded() -> Inbox:
    inbox = Inbox()
    for number in range(_MOST + 1):
        inbox.put(typed(str(number)))
    assert len(inbox.take_all((PinSubmission,))) == _MOST
    return inbox


@pytest.mark.parametrize("kind", [*StaffSubmission.__subclasses__(), JoinedNotice])
def test_staff_and_whoever_joins_are_heard_however_much_came_before(kind: type[Submission]) -> None:
    inbox = flooded()
    given = {"submission_id": "other", "received_at": NOW, "channel": "sms"}
    other = kind.model_validate(given)
    assert not inbox.refuses(other)
    inbox.put(other)
    assert inbox.take((kind,)) is other


def test_what_is_not_the_students_uses_up_none_of_their_answers() -> None:
    inbox = Inbox()
    for number in range(_MOST):
        inbox.put(JoinedNotice(submission_id=f"joined {number}", received_at=NOW))
        inbox.put(RetrySubmission(submission_id=f"retry {number}", received_at=NOW))
    assert not inbox.refuses(typed("first"))


@pytest.mark.parametrize(
    ("full", "renews", "renewed"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_an_unlock_gives_new_answers_and_knows_whether_that_was_needed(
    full: bool, renews: bool, renewed: bool
) -> None:
    inbox = flooded() if full else Inbox()
    unlock = UnlockSubmission(submission_id="unlock", received_at=NOW, renews=renews)
    inbox.put(unlock)
    assert inbox.renewed_by(unlock) is renewed
    assert not inbox.refuses(typed("one more"))


async def test_the_first_answer_is_the_one_that_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "wait_condition", _holds)
    inbox = Inbox()
    inbox.put(typed("first"))
    for verdict in (Verdict.WRONG, Verdict.ACCEPTED):
        inbox.answer(typed("first"), Answer(verdict=verdict, progress=PROGRESS))
    assert (await inbox.answered(typed("first"))).verdict is Verdict.WRONG


async def _holds(condition: object) -> None:
    assert callable(condition)
    assert condition()


async def test_a_flood_is_dropped_and_its_updates_are_told() -> None:
    inbox = Inbox()
    for number in range(_MOST + 5):
        inbox.put(typed(str(number)))
    taken = 0
    while inbox.take((PinSubmission,)):
        taken += 1
    assert taken == _MOST
    with pytest.raises(ApplicationError, match="too many submissions"):
        await inbox.answered(typed(str(_MOST)))


def test_each_name_has_a_signal_and_an_update() -> None:
    declared = workflow._Definition.must_from_class(Activation)
    # What comes with the start carries nothing that a signal would have to keep.
    assert set(declared.signals) - {None} == set(declared.updates) - {"look_up"}
    assert all(update.validator for update in declared.updates.values())


@pytest.mark.parametrize("given", [(), (None,), (b"",), ("text",), ({"kind": "other"},), (1, 2)])
def test_only_one_payload_of_the_model_is_taken(given: tuple[object, ...]) -> None:
    with pytest.raises(ApplicationError, match="not one PinSubmission"):
        one_payload(PinSubmission, given)
    assert one_payload(PinSubmission, [typed("first").model_dump(mode="json")]) == typed("first")
