"""Whether what files in deploy/ name is there: settings by their variables, commands by words."""

import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from typer.main import get_command

from settings import Settings
from starter.cli import with_commands

_OF_OTHERS = re.compile(r"ACTIVATION_CONFIG|TEMPORAL_[A-Z_]+|PGPASSFILE")


def is_variable(name: str) -> bool:
    """Tell whether the engine, Temporal's client or PostgreSQL's reads this variable."""
    if _OF_OTHERS.fullmatch(name):
        return True
    prefix, _, setting = name.partition("_")
    return prefix == "ACTIVATION" and is_setting(setting.lower().split("__"))


def is_setting(path: Sequence[str]) -> bool:
    """Tell whether the settings have this name, given as the parts between its dots."""
    model: type[BaseModel] | None = Settings
    for name in path:
        if model is None or name not in model.model_fields:
            return False
        annotation = model.model_fields[name].annotation
        inner = [annotation, *get_args(annotation)]
        models = [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
        model = models[0] if models else None
    return bool(path)


def is_command(words: Sequence[str]) -> bool:
    """Tell whether `activation` has this command with these options."""
    command: Any = get_command(with_commands())
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    options = {name for each in command.params for name in each.opts}
    named = {word for word in rest if word.startswith("-")}
    complete = not hasattr(command, "commands") or command.invoke_without_command
    return len(rest) < len(words) and complete and named <= options
