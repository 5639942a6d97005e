"""Writes the page of the settings: variable, values, default and meaning of each."""

import inspect
import json
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from domain.match_rules import Rule
from settings import PageSettings, Settings
from settings.institution import Service
from settings.section import MOST
from tests.reference.markdown import code, flat, meanings, page

_HEAD = """Each setting with its variable, the values that it takes, and its default. \
[Configuration](../configuration.md) explains where values come from, and has recipes."""
_WORDS = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}
_FORMATS = {
    "duration": "duration",
    "path": "path of a file or folder",
    "directory-path": "path of a folder",
    "file-path": "path of a file",
    "uri": "address",
    "password": "text",
}
_ENTRIES = (Rule, Service)


def write() -> str:
    return page("Settings", _HEAD, *_sections(Settings, ""))


def every(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield each setting with its dotted name; of sections that are alike, those of the first."""
    for name, field in model.model_fields.items():
        section = inner(field)
        if section and section not in _seen(model, name):
            yield from every(section, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def inner(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section behind a field, also behind one that may be left out."""
    optional = get_origin(field.annotation) in {Union, UnionType}
    kinds = get_args(field.annotation) if optional else [field.annotation]
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if models else None


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    fields = model.model_fields.items()
    ours = [each for each in model.__mro__ if each is model or issubclass(each, PageSettings)]
    told = {name: text for each in ours for name, text in meanings(each).items()}
    title = f"## {code(prefix[:-1])}" if prefix else "## Without a section"
    if prefix:
        yield "\n\n".join([title, _about(model)])
    else:
        yield title
    for name, field in fields:
        if name in told:
            yield _setting(prefix + name, field, told[name])
    for name, field in fields:
        if (section := inner(field)) and section not in _seen(model, name):
            yield from _sections(section, f"{prefix}{name}.")


def _seen(model: type[BaseModel], until: str) -> set[type[BaseModel] | None]:
    """Return the sections of the fields before this one: one like another has no more."""
    names = list(model.model_fields)
    return {inner(model.model_fields[name]) for name in names[: names.index(until)]}


def _about(model: type[BaseModel]) -> str:
    """Return what the class says of itself."""
    return "\n\n".join(map(flat, inspect.cleandoc(model.__doc__ or "").split("\n\n")))


def _setting(name: str, field: FieldInfo, meaning: str) -> str:
    variable = f"ACTIVATION_{name.replace('.', '__').upper()}"
    facts = [code(variable), values(field), default(field)]
    return f"### {code(name)}\n\n{' · '.join(filter(None, facts))}\n\n{flat(meaning)}"


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = to_jsonable_python(field.get_default(call_default_factory=True), fallback=str)
    return f"default {code(json.dumps(value, ensure_ascii=False))}"


def values(field: FieldInfo) -> str:
    """Return the values that a setting takes, in words."""
    if inner(field):
        return "a section"
    annotated: Any = field.annotation
    for each in field.metadata if get_origin(annotated) is not list else ():
        annotated = Annotated[annotated, each]
    return _kind(annotated)


def _kind(annotated: Any) -> str:
    match get_origin(annotated), get_args(annotated):
        case (origin, kinds) if origin in {Union, UnionType}:
            return " or ".join(_kind(kind) for kind in kinds if kind is not type(None))
        case (origin, (each, *_)) if origin in {list, tuple}:
            return f"list of {_plural(each)}"
        case (origin, (key, value)) if origin is dict:
            return f"table of {_plural(key)} with {_plural(value)}"
    if annotated in _ENTRIES:
        return "table"
    try:
        schema = TypeAdapter(annotated).json_schema()
    except Exception:  # noqa: BLE001 - a type of pydantic's without a schema is written as text
        return "text"
    return _of_schema(schema)


def _plural(annotated: Any) -> str:
    word = _kind(annotated)
    return {"text": "texts", "table": "tables"}.get(word, word)


def _of_schema(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    if word := _FORMATS.get(schema.get("format", "")):
        return word
    kind = schema.get("type", "string")
    word = _WORDS.get(kind, kind)
    most = schema.get("maximum")
    limits = {
        "from": schema.get("minimum"),
        "more than": schema.get("exclusiveMinimum"),
        "to": most if most != MOST else None,
        "below": schema.get("exclusiveMaximum"),
    }
    return " ".join(
        [word, *(f"{how} {many:,}" for how, many in limits.items() if many is not None)]
    )
