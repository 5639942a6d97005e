"""Each command that a page shows exists, and is run by a test or named with a reason why not.

`tests/whole/test_shown_commands.py` runs them.
"""

import importlib.util
import re
import shlex
from functools import cache
from typing import Any

import pytest
from typer.main import get_command

from starter.cli import with_commands
from tests.documented import LANGUAGES, NOT_RUN, ROOT, Shown, blocks, calls, others, pages, shown

STANDS_FOR = {
    **dict.fromkeys(("REF", "REFERENCE"), "A-7K3F-92QD"),
    "FILE": str(ROOT / "README.md"),
    "$process": "portal",
    "TIME": "2026-11-30",
    # Else it would ask for the value.
    "-": "value",
}
EVERY = list(dict.fromkeys(each._replace(page="") for each in shown()))


@cache
def program() -> Any:
    return get_command(with_commands())


def words_of(each: Shown) -> str:
    return each.text.splitlines()[0][:60]


def leaf(words: tuple[str, ...]) -> tuple[Any, list[str]]:
    """Return the command that these words name, and the words after its name."""
    command, left = program(), list(words)
    while left and getattr(command, "commands", {}):
        command = command.commands.get(left.pop(0))
        assert command, f"there is no command {' '.join(words)}"
    return command, left


def is_named(each: Shown, given: list[str]) -> bool:
    """Whether a sentence only names a command, or an option, without what it needs."""
    return not each.language and all(word.startswith("--") for word in given)


def test_each_block_says_what_is_in_it() -> None:
    found = {(page.name, language) for page in pages() for language, _ in blocks(page)}
    assert {(page, language) for page, language in found if language not in LANGUAGES} == set()


@pytest.mark.parametrize("each", EVERY, ids=words_of)
def test_each_call_of_our_program_is_one_that_it_takes(each: Shown) -> None:
    for call in calls(each.text) if each.language in {"", "sh"} else ():
        if call.words[-1] == "...":
            continue
        command, given = leaf(tuple(STANDS_FOR.get(word, word) for word in call.words))
        if is_named(each, given):
            options = {name for param in getattr(command, "params", ()) for name in param.opts}
            assert {*given} <= options
            continue
        with command.make_context("activation", given):
            pass


@pytest.mark.parametrize("each", EVERY, ids=words_of)
def test_each_other_program_is_asked_for_what_is_there(each: Shown) -> None:
    words = shlex.split(each.text) if each.text.startswith(("make ", "python ", ".venv")) else []
    match [word.removeprefix(".venv/bin/") for word in words]:
        case ["make", target, *_]:
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert re.search(rf"^{target}:", makefile, re.MULTILINE)
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module)


def test_each_command_is_run_or_named_with_a_reason() -> None:
    """All calls of our program are run, and of others those by which test_shown_commands looks."""
    assert others("") == others("ALTER", "CREATE", "awk", "dn: ", "git grep")


def test_each_reason_is_needed() -> None:
    texts = [each.text for each in EVERY]
    unused = [each for each in NOT_RUN if not any(re.fullmatch(each, text) for text in texts)]
    assert unused == []
