"""Accounts of the operators' file are made at the terminal, and no password is an argument."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest

import postgres
from ledger import audit, staff_sessions
from ledger.staff_sessions import SignedIn
from support.verbs.signin import ByFile
from support.verbs.staff import Action, StaffRole
from tests.commandline import run
from tests.stack import TestStack
from tests.starter.test_cli import assert_one_line

GOOD = "a long enough one"


def operator(*words: str, file: Path, password: str = GOOD) -> subprocess.CompletedProcess[str]:
    named = {"ACTIVATION_CONSOLE__OPERATORS_FILE": str(file)}
    words = ("support", "operator", *words)
    return run(*words, environ=os.environ | named, given=f"{password}\n")


def sign_out(name: str) -> str:
    ended = run("support", "sign-out", name)
    ended.check_returncode()
    return ended.stdout


async def test_an_account_made_at_the_terminal_can_sign_in(
    stack: TestStack, tmp_path: Path
) -> None:
    del stack
    file = tmp_path / "operators"
    until = " Open sessions go on: activation support sign-out nikos ends them."
    both = ("--role", "auditor", "--role", "operator")
    for password, roles, told in ((GOOD, (), ""), (f"{GOOD}r", both, until)):
        made = operator("Nikos", *roles, file=file, password=password)
        assert (made.returncode, made.stdout) == (0, f"nikos can sign in.{told}\n"), made.stderr
    assert len(file.read_text().splitlines()) == 1
    assert await ByFile(file).staff("nikos", GOOD) is None
    nikos = await ByFile(file).staff("nikos", f"{GOOD}r")
    assert nikos
    assert nikos.roles == {StaffRole.AUDITOR, StaffRole.OPERATOR}


async def test_who_is_signed_out_has_to_sign_in_again_everywhere(stack: TestStack) -> None:
    tokens = [token_hex(32) for _ in range(3)]
    nikos = f"nikos{token_hex(4)}"
    long = timedelta(hours=1)
    async with await postgres.connect(stack.ledger_dsn) as ledger:
        for token, name in zip(tokens, (nikos, nikos, "anna"), strict=True):
            await staff_sessions.create(
                ledger, stack.keys, token, SignedIn(name, ("operator",), None)
            )
        assert sign_out(nikos.title()) == f"{nikos} was signed in 2 times, and is no more.\n"
        found = [
            await staff_sessions.find(ledger, stack.keys, token, idle=long, absolute=long)
            for token in tokens
        ]
        (row,) = await audit.page(ledger, stack.keys, action=Action.OPERATE, limit=1)
    assert [who and who.name for who in found] == [None, None, "anna"]
    assert row.reason == f"sign-out {nikos}"


async def test_a_renamed_account_of_the_provider_is_signed_out_by_any_of_its_names(
    stack: TestStack,
) -> None:
    digest, long = token_hex(8), timedelta(hours=1)
    tokens = {name: token_hex(32) for name in (f"anna~{digest}", f"eva~{digest}", "anna")}
    async with await postgres.connect(stack.ledger_dsn) as ledger:
        for name, token in tokens.items():
            await staff_sessions.create(
                ledger, stack.keys, token, SignedIn(name, ("operator",), None)
            )
        assert "was signed in 2 times" in sign_out(f"anna~{digest}")
        token = tokens["anna"]
        assert await staff_sessions.find(ledger, stack.keys, token, idle=long, absolute=long)


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("nikos", "short", "12 to 256"),
        ("ni:kos", GOOD, "letters"),
    ],
)
def test_what_would_not_work_makes_no_account(
    stack: TestStack, tmp_path: Path, name: str, password: str, says: str
) -> None:
    del stack
    file = tmp_path / "operators"
    assert_one_line(operator(name, file=file, password=password), says=says)
    assert not file.exists()
    assert not list(tmp_path.iterdir())
