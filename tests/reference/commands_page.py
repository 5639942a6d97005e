"""Writes the page of the commands: arguments, options, defaults and help of each."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.main import get_command

from starter.cli import with_commands
from tests.reference.markdown import code, flat, page, table

_HEAD = """Each command of the program `activation`, as `--help` tells it. \
[Operations](../operations.md) says when to use which. A command ends with code 0, or with one \
line of explanation and code 1; 2 if it was called in a wrong way."""
_WORDS: dict[Any, str] = {int: "NUMBER", float: "NUMBER", Path: "PATH", datetime: "TIME"}


def write() -> str:
    return page("Commands", _HEAD, *(_told(path, each) for path, each in every()))


def every() -> Iterator[tuple[str, Any]]:
    """Yield the words of each command, and the command."""
    return _walk(get_command(with_commands()))


def _walk(command: Any, *before: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    for name, each in sorted((inner or {}).items()):
        yield from _walk(each, *before, name)
    if not inner:
        yield " ".join(before), command


def _told(path: str, command: Any) -> str:
    taken = [_taken(each) for each in command.params if each.param_type_name == "argument"]
    parts = [f"## {code(path)}", *_help(command)]
    if taken:
        parts.insert(1, code(" ".join(["activation", path, *taken])))
    if command.params:
        parts.append(table(["option or argument", "default", "meaning"], map(_row, command.params)))
    return "\n\n".join(parts)


def _help(command: Any) -> Iterator[str]:
    for text in (command.help or "").split("\n\n"):
        yield flat(text)


def _taken(argument: Any) -> str:
    word = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _row(each: Any) -> tuple[str, str, str]:
    values = _values(each.type_descriptor.annotation)
    if each.param_type_name == "argument":
        name = _taken(each) + (f": {values}" if "|" in values else "")
    else:
        name = f"{', '.join(each.opts)} {values}".strip()
    return code(name), _default(each), flat(each.help or "")


def _values(kind: Any) -> str:
    """Return what may be written after an option; nothing after a flag."""
    if get_origin(kind) is list:
        return _values(*get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(each.value for each in kind)
    return "" if kind is bool else _WORDS.get(kind, "TEXT")


def _default(each: Any) -> str:
    if each.required:
        return "required"
    value = getattr(each.default, "value", each.default)
    of_this_machine = isinstance(value, Path) and value.is_absolute()
    if value is None or value is False or of_this_machine:
        return ""
    return code(str(value)) if str(value) else ""
