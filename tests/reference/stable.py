"""Names that other people's files and scripts rely on, one a line, and how to find them in code.

`stable.txt` has those of every version of this major version. docs/promises.md says what counts.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from temporalio.common import SearchAttributeKey

from domain.contracts.vocabulary import FailureType, Step, TaskQueue, WaitReason
from support.verbs.staff import Action, StaffRole
from tests.metrics import defined
from tests.reference import commands_page, settings_page
from workflows import search_attributes

FILE = Path(__file__).with_name("stable.txt")
_VOCABULARIES = (Step, WaitReason, FailureType, TaskQueue, Action, StaffRole)
_LIMITS = re.compile(r" (?:from|more than|to|below) [\d,.]+")


def of_the_code() -> set[str]:
    return {*_settings(), *_commands(), *_metrics(), *_vocabularies()}


def promised() -> set[str]:
    return {*FILE.read_text("utf-8").splitlines()}


def _settings() -> Iterator[str]:
    for name, field in settings_page.every():
        for kind in _LIMITS.sub("", settings_page.values(field)).split(", "):
            yield f"setting {name}: {kind}"


def _commands() -> Iterator[str]:
    for path, command in commands_page.every():
        yield f"command {path}"
        for each in command.params:
            names = [each.name] if each.param_type_name == "argument" else each.opts
            yield from (f"command {path} {name}" for name in names)


def _metrics() -> Iterator[str]:
    for name, (_, labels) in defined().items():
        yield f"metric {name}"
        yield from (f"metric {name} {label}" for label in labels)


def _vocabularies() -> Iterator[str]:
    for each in _VOCABULARIES:
        yield from (f"{each.__name__} {value}" for value in each)
    for found in vars(search_attributes).values():
        if isinstance(found, SearchAttributeKey):
            yield f"search attribute {found.name}: {found.indexed_value_type.name}"
