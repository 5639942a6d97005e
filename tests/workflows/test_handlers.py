"""Each kind of submission has its handlers: they put it in, or drop and refuse what it is not."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.contracts.submissions import Submission
from domain.contracts.views import Answer, Progress, Verdict
from domain.contracts.vocabulary import Step
from tests.handlers import MODELS
from workflows.activation import Activation
from workflows.handlers import Handlers
from workflows.inbox import Inbox

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIELDS = {
    "submission_id": "first",
    "received_at": NOW,
    "pin": "000001",
    "channel": "sms",
    "answer": "01011990",
    "scheme": "GR",
    "number": "01010500013",
    "shown_hash": "0",
    "wrong": ["name"],
    "sealed_id": "1",
}
ANSWER = Answer(
    verdict=Verdict.ACCEPTED,
    progress=Progress(reference="A-7K3F-92QD", step=Step.PIN, wait_reason=None, since=NOW),
)
DECLARED = workflow._Definition.must_from_class(Activation)


class Answering(Inbox):
    async def answered(self, submission: Submission) -> Answer:
        assert self.take((type(submission),)) == submission
        return ANSWER


def handlers() -> Handlers:
    made = Handlers()
    made.inbox = Answering()
    return made


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_submission_comes_in_by_update_and_by_signal(name: str) -> None:
    payload = MODELS[name].model_validate(FIELDS).model_dump(mode="json")
    update, signal = DECLARED.updates[name], DECLARED.signals[name]
    validator: Any = update.validator
    by_update, by_signal = handlers(), handlers()
    validator(by_update, payload)
    assert asyncio.run(cast("Coroutine[Any, Any, Answer]", update.fn(by_update, payload))) is ANSWER
    asyncio.run(cast("Coroutine[Any, Any, None]", signal.fn(by_signal, payload)))
    assert by_signal.inbox.has((MODELS[name],))


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("given", [(), ({"kind": "other"},), (1, 2)])
def test_anything_else_is_refused_or_dropped(name: str, given: tuple[object, ...]) -> None:
    validator: Any = DECLARED.updates[name].validator
    with pytest.raises(ApplicationError):
        validator(handlers(), *given)
    signalled = handlers()
    asyncio.run(cast("Coroutine[Any, Any, None]", DECLARED.signals[name].fn(signalled, *given)))
    assert not signalled.inbox.has((Submission,))
