"""The inbox of an activation: collects and deduplicates submissions from updates and signals.

Only handlers put submissions in; only the run takes them out.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias, TypeVar

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
    from domain.contracts.staff import StaffSubmission, UnlockSubmission
    from domain.contracts.submissions import JoinedNotice, Submission
    from domain.contracts.views import Answer

Kind = TypeVar("Kind", bound=Submission)
Given = TypeVar("Given", bound=Model)
Kinds: TypeAlias = tuple[type[Submission], ...]

TOO_MANY = "TOO_MANY_SUBMISSIONS"
"""The type of the failure that rejects an answer beyond the limit."""
_MOST = 200
"""Far more than a portal lets through; beyond it submissions are refused to limit the history."""
_UNLIMITED = (StaffSubmission, JoinedNotice)
"""Submissions of staff or of another activation; the students' limit does not apply to them."""


class Inbox:
    def __init__(self) -> None:
        self._waiting: deque[Submission] = deque()
        self._seen: set[str] = set()
        self._signalled: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._of_students = 0
        self._renewed: set[str] = set()

    def put(self, submission: Submission, *, signalled: bool = False) -> None:
        """Add a submission unless it is a duplicate, or beyond the students' limit."""
        if submission.submission_id in self._seen or self.refuses(submission):
            return
        if isinstance(submission, UnlockSubmission):
            self._renew(submission)
        self._of_students += not isinstance(submission, _UNLIMITED)
        self._seen.add(submission.submission_id)
        if signalled:
            self._signalled.add(submission.submission_id)
        self._waiting.append(submission)

    def refuses(self, submission: Submission) -> bool:
        """Whether this submission is beyond the limit and no duplicate."""
        if isinstance(submission, _UNLIMITED) or submission.submission_id in self._seen:
            return False
        return self._full

    @property
    def _full(self) -> bool:
        return self._of_students >= _MOST

    def _renew(self, unlock: UnlockSubmission) -> None:
        """Reset the limit of students' submissions."""
        if unlock.renews or self._full:
            self._renewed.add(unlock.submission_id)
        self._of_students = 0

    def renewed_by(self, submission: Submission) -> bool:
        """Whether this submission reset the limit."""
        return submission.submission_id in self._renewed

    def signalled(self, submission: Submission) -> bool:
        """Whether it came by signal first, as it does when no worker accepts an update."""
        return submission.submission_id in self._signalled

    def has(self, kinds: Kinds) -> bool:
        return any(isinstance(each, kinds) for each in self._waiting)

    def take(self, kinds: Kinds) -> Submission | None:
        """Take out the first waiting submission of these kinds, if there is one."""
        for each in self._waiting:
            if isinstance(each, kinds):
                self._waiting.remove(each)
                return each
        return None

    def take_all(self, kinds: tuple[type[Kind], ...]) -> list[Kind]:
        """Take out every waiting submission of these kinds, the newest last."""
        taken = [each for each in self._waiting if isinstance(each, kinds)]
        self._waiting = deque(each for each in self._waiting if not isinstance(each, kinds))
        return taken

    def answer(self, submission: Submission, answer: Answer) -> None:
        """Record the answer to a submission; later answers to the same one are ignored."""
        self._answers.setdefault(submission.submission_id, answer)

    async def accept(self, model: type[Submission], given: Sequence[object]) -> Answer:
        """Add the payload of an update and return the run's answer; raises as `one_payload`."""
        submission = one_payload(model, given)
        self.put(submission)
        return await self.answered(submission)

    def check(self, model: type[Submission], given: Sequence[object]) -> None:
        """Raise `ApplicationError` for an invalid payload of an update, or one beyond the limit."""
        if self.refuses(one_payload(model, given)):
            raise _too_many()

    def accept_signal(self, model: type[Submission], given: Sequence[object]) -> None:
        """Add the payload of a signal; an invalid one, or one beyond the limit, is dropped."""
        with suppress(ApplicationError):
            submission = one_payload(model, given)
            if self.refuses(submission):
                workflow.logger.warning(
                    "an answer was dropped, for too many came: %s", model.__name__
                )
            self.put(submission, signalled=True)

    async def answered(self, submission: Submission) -> Answer:
        """Wait for the run's answer to this submission and return it."""
        name = submission.submission_id
        if name not in self._seen:
            raise _too_many()
        await workflow.wait_condition(lambda: name in self._answers)
        return self._answers[name]


def _too_many() -> ApplicationError:
    return ApplicationError("too many submissions", type=TOO_MANY)


def one_payload(model: type[Given], given: Sequence[object]) -> Given:
    """Return the only payload, validated as this model.

    Raises `ApplicationError` for an invalid payload, or another number of payloads.
    """
    try:
        (payload,) = given
        return model.model_validate(payload)
    except (ValidationError, ValueError):
        raise ApplicationError(f"not one {model.__name__}") from None
