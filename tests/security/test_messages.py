"""No secret is reachable from what workflows, activities and their messages take and return.

Beside `test_contracts.py`, which looks into each model: here every message is made of these models,
and of the texts in them only a student's code is one that proves something.
"""

import inspect
import pkgutil
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from temporalio import activity
from temporalio.workflow import _Definition as Defined

import activities
import workflows
from activities.registered import Activities
from domain.contracts.vocabulary import ActivityName
from tests.security.test_contracts import MODELS, parts

WORKFLOWS = [
    found
    for module in pkgutil.iter_modules(workflows.__path__)
    for _, found in inspect.getmembers(import_module(f"workflows.{module.name}"), inspect.isclass)
    if Defined.from_class(found)
]
CLASSES = [
    found
    for module in pkgutil.iter_modules(activities.__path__)
    for _, found in inspect.getmembers(import_module(f"activities.{module.name}"), inspect.isclass)
    if issubclass(found, Activities) and found is not Activities
]
ACTIVITIES = {(each, name) for each in CLASSES for name in ActivityName if hasattr(each, name)}
SECRET = re.compile(r"(?:^|_)(?:password|passwd|secret|token|pin|code|otp|key)$")
PROVES = {("PinSubmission", "pin"), ("NotMeSubmission", "pin"), ("CheckPin", "pin")}
"""A code as the student typed it: encrypted, and dead after ten minutes."""
NAMES = {
    *(("RecordConsent", "person_key"), ("RecordInsurance", "person_key")),
    *(("ReserveSend", "person_key"), ("Person", "person_key"), ("Enrolment", "row_key")),
    ("AccountResolved", "person_key"),
}
"""Names of persons and rows, which open nothing."""


def of_activities() -> Iterator[tuple[str, Any]]:
    for each, name in sorted(ACTIVITIES, key=lambda found: found[1]):
        for part, annotation in typing.get_type_hints(getattr(each, name)).items():
            yield f"{each.__name__}.{name}: {part}", annotation


def of_workflows() -> Iterator[tuple[str, Any]]:
    """Handlers take anything, and read it as one of the models."""
    for each in WORKFLOWS:
        definition = Defined.must_from_class(each)
        yield f"{each.__name__}: result", definition.ret_type
        for name, update in definition.updates.items():
            yield f"{each.__name__}.{name}: answer", update.ret_type
        for query, asked in definition.queries.items():
            yield f"{each.__name__}.{query}: answer", asked.ret_type


MESSAGES = dict([*of_activities(), *of_workflows()])


def not_ours(annotation: Any) -> list[str]:
    """Return the types in a message that are no model of the contracts."""
    found = [part for part in parts(annotation, set()) if inspect.isclass(part)]
    models = [part for part in found if issubclass(part, BaseModel)]
    return [part.__name__ for part in models if part not in MODELS] + [
        part.__name__ for part in found if issubclass(part, SecretStr | bytes)
    ]


def secret_texts(models: list[type[BaseModel]]) -> set[tuple[str, str]]:
    """Return the fields that by their name and type can be a secret in clear."""
    return {
        (model.__name__, name)
        for model in models
        for name, field in model.model_fields.items()
        if SECRET.search(name) and str in (field.annotation, *typing.get_args(field.annotation))
    }


def test_the_messages_are_those_of_the_worker() -> None:
    assert {name for _, name in ACTIVITIES} == set(ActivityName)
    assert {each.__name__ for each in WORKFLOWS} >= {"Activation", "Withdrawal", "SupportRequest"}
    assert all(activity._Definition.from_callable(getattr(*found)) for found in ACTIVITIES)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_made_of_contracts_and_holds_no_secret_type(message: str) -> None:
    assert not_ours(MESSAGES[message]) == []


def test_handlers_read_what_comes_as_contracts() -> None:
    """Their models are those of `domain.contracts`: what `Handlers` imports, and nothing else."""
    handlers = import_module("workflows.handlers")
    read = [each for _, each in inspect.getmembers(handlers, inspect.isclass)]
    assert {each for each in read if issubclass(each, BaseModel)} <= set(MODELS)


def test_the_only_text_that_proves_something_is_a_code() -> None:
    assert secret_texts(MODELS) == PROVES | NAMES


def test_a_planted_secret_is_found() -> None:
    class Planted(BaseModel):
        new_password: str | None
        card: SecretStr

    assert secret_texts([Planted]) == {("Planted", "new_password")}
    assert set(not_ours(dict[str, Planted])) == {"Planted", "SecretStr"}
