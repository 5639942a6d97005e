"""What every model that crosses a boundary must be, so that no secret travels and none is quoted.

A `SecretStr` would arrive as ten asterisks, silently, as everybody's password.
"""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr, TypeAdapter, ValidationError

from domain import contracts
from domain.contracts import staff, submissions

MODULES = [
    import_module(f"{contracts.__name__}.{found.name}")
    for found in pkgutil.iter_modules(contracts.__path__)
]
MODELS = [
    model
    for module in (contracts, *MODULES)
    for _, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, BaseModel) and model.__module__ == module.__name__
]
# The roots the others grow from; neither crosses a boundary itself.
ROOTS = (contracts.Model, submissions.Submission, staff.StaffSubmission)


def parts(annotation: Any, seen: set[Any]) -> Iterator[Any]:
    """Yield every type an annotation is made of, the fields of models included."""
    if annotation in seen or get_origin(annotation) is Literal:
        return
    seen.add(annotation)
    yield annotation
    inner = list(get_args(annotation))
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        inner += [field.annotation for field in annotation.model_fields.values()]
    for one in inner:
        yield from parts(one, seen)


def secrets_in(model: type[BaseModel]) -> list[Any]:
    kinds = (SecretStr, SecretBytes)
    found = parts(model, set())
    return [one for one in found if inspect.isclass(one) and issubclass(one, kinds)]


@pytest.mark.parametrize("model", MODELS)
def test_no_secret_is_reachable(model: type[BaseModel]) -> None:
    assert secrets_in(model) == []


@pytest.mark.parametrize("model", MODELS)
def test_a_model_hides_what_it_was_given_and_meets_older_and_newer_code(
    model: type[BaseModel],
) -> None:
    assert model.model_config.get("hide_input_in_errors") is True
    assert model.model_config.get("extra") != "forbid"
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_python("6912345678")
    assert "6912345678" not in str(refused.value)


@pytest.mark.parametrize("model", [model for model in MODELS if model not in ROOTS])
def test_a_model_says_what_it_is(model: type[BaseModel]) -> None:
    kind = model.model_fields["kind"]
    assert get_origin(kind.annotation) is Literal
    assert get_args(kind.annotation) == (kind.default,)


def test_no_two_models_are_of_one_kind() -> None:
    kinds = [model.model_fields["kind"].default for model in MODELS if model not in ROOTS]
    assert len(kinds) > 30
    assert len(set(kinds)) == len(kinds)


def test_a_hidden_secret_would_be_found() -> None:
    class Inner(BaseModel):
        several: dict[str, tuple[SecretStr | None, ...]]

    class Outer(BaseModel):
        inner: list[Inner]

    assert secrets_in(Outer) == [SecretStr]
