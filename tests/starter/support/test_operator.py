"""Accounts of the operators' file are made at the terminal, and no password is an argument."""

import os
import subprocess
from pathlib import Path

import pytest

from demo.programs import activation
from starter.support.signin import ByFile
from starter.support.staff import Role
from tests.stack import TestStack
from tests.starter.test_cli import assert_one_line

GOOD = "a long enough one"


def operator(*words: str, file: Path, password: str = GOOD) -> subprocess.CompletedProcess[str]:
    named = {"ACTIVATION_CONSOLE__OPERATORS_FILE": str(file)}
    return subprocess.run(  # noqa: S603 - our own program
        activation("support", "operator", *words),
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | named,
    )


async def test_an_account_made_at_the_terminal_can_sign_in(
    stack: TestStack, tmp_path: Path
) -> None:
    del stack
    file = tmp_path / "operators"
    for password, roles in ((GOOD, ()), (f"{GOOD}r", ("--role", "auditor", "--role", "operator"))):
        made = operator("Nikos", *roles, file=file, password=password)
        assert (made.returncode, made.stdout) == (0, "nikos can sign in.\n"), made.stderr
    assert len(file.read_text().splitlines()) == 1
    assert await ByFile(file).staff("nikos", GOOD) is None
    nikos = await ByFile(file).staff("nikos", f"{GOOD}r")
    assert nikos
    assert nikos.roles == {Role.AUDITOR, Role.OPERATOR}


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
