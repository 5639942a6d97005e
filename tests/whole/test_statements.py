"""How many statements PostgreSQL gets for one journey, from portal and worker; no time counts."""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable

from tests.stack import WholeStack
from tests.whole.student import Student, until, walking

MOST = {"ledger": 70, "registrar": 9}
"""A tenth above what was reached, transactions' own statements included."""
_STATEMENT = re.compile(r"^(\S+) LOG:\s+(?:execute [^:]*|statement): (.*)$")
_BACKGROUND = re.compile(
    r"part_minute|part_last|alert|advisory_xact_lock\(\$1\)|set_config|FROM pause|advisory_unlock"
    r"|DELETE FROM sealed_password WHERE expires_at|support_request"
)
"""What is asked whether somebody comes or not."""


def _logging(stack: WholeStack, statements: str) -> None:
    """Let the server log all statements, without their parameters, or none."""
    with (stack.folder / "data/postgres/postgresql.conf").open("a") as settings:
        settings.write(f"\nlog_statement = {statements}\nlog_line_prefix = '%d '\n")
    os.kill(stack.pids["postgres"], signal.SIGHUP)


def _new_lines(stack: WholeStack) -> Callable[[], list[str]]:
    """Return a function that returns the lines of the server's log since now."""
    log = stack.folder / "logs/postgres.log"
    begun = log.stat().st_size
    return lambda: log.read_bytes()[begun:].decode("utf-8", "replace").splitlines()


def _walked(stack: WholeStack) -> Counter[str]:
    """Return how many statements of each database one student took."""
    with walking(stack.env, Student()) as walk:
        lines = _new_lines(stack)
        walk.walk()
        found = [_STATEMENT.match(line) for line in _joined(lines())]
    said = [each.groups() for each in found if each]
    return Counter(database for database, text in said if not _BACKGROUND.search(text))


def _joined(lines: list[str]) -> list[str]:
    """Return statements in one line each; the server indents what goes on."""
    return re.sub(r"\n\t", " ", "\n".join(lines)).split("\n")


def test_a_journey_takes_few_statements(whole_stack: WholeStack) -> None:
    changed = _new_lines(whole_stack)
    _logging(whole_stack, "all")
    try:
        until(lambda: any("log_statement" in line for line in changed()))
        # The fewest of three: what a page asks while it waits depends on the machine.
        walks = [_walked(whole_stack) for _ in range(3)]
    finally:
        _logging(whole_stack, "none")
    fewest = {database: min(each[database] for each in walks) for database in MOST}
    assert {name: n for name, n in fewest.items() if n > MOST[name] or n == 0} == {}
