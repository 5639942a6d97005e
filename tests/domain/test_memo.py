"""What is computed of personal data is kept for one piece of work, and no longer."""

import ast
from collections.abc import Iterator
from pathlib import Path

from domain import blanks, contacts, elot743
from domain.memo import remembered, remembering

ROOT = Path(__file__).parents[2]
ROOMS = (
    "domain",
    "security",
    "settings",
    "ledger",
    "adapters",
    "recognition",
    "activities",
    "workflows",
    "web",
    "starter",
    "support",
    "translations",
)
KEPT_FOR_EVER = {
    *("_aliases", "_blocked", "_environment", "_names", "_strange", "listed", "load"),
    *("measured_runtime", "runtime"),
    *("_waits", "sections", "static_path", "titles", "translator", "words"),
    *("_derived", "_file", "_named", "_read_key", "derive"),
    *("_alike", "_of_latin", "_translated", "_with_marks"),
}
"""Functions whose arguments and values are nobody's data: texts, settings, letters, and keys."""


def cached(tree: ast.AST) -> Iterator[str]:
    """Yield what functools keeps for as long as the process lives."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {ast.unparse(each).split("(")[0] for each in node.decorator_list}
            if any(name.endswith("cache") for name in names):
                yield node.name
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).split("(")[0].endswith("cache")
            and node.args
        ):
            yield ast.unparse(node.args[0])


def test_nothing_personal_is_kept_for_as_long_as_a_process_lives() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    files += [ROOT / name for name in ("postgres.py", "worker.py")]
    found = {
        name
        for file in files
        if file != ROOT / "domain" / "memo.py"
        for name in cached(ast.parse(file.read_text("utf-8")))
    }
    assert found == KEPT_FOR_EVER


def test_a_value_is_kept_until_the_outermost_piece_of_work_ends() -> None:
    asked: list[str] = []

    @remembered(2)
    def ask(name: str) -> str:
        asked.append(name)
        return name

    for _ in range(2):
        assert ask("Μαρία") == "Μαρία"
    assert len(asked) == 2
    with remembering():
        ask("Μαρία")
        with remembering():
            ask("Μαρία")
        ask("Μαρία")
        assert len(asked) == 3
    ask("Μαρία")
    assert len(asked) == 4


def test_what_reads_names_and_contacts_is_remembered() -> None:
    """As `accounts match` needs it, which reads each several times."""
    for function in (
        blanks.value,
        contacts.mobiles_on_file,
        contacts.emails_on_file,
        elot743.ascii_fold,
    ):
        assert hasattr(function, "__wrapped__")
        assert not hasattr(function, "cache_info")
