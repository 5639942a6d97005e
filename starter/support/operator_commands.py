"""`activation support operator`: the accounts that get in while the directory is away."""

import sys
from typing import Annotated

import typer

import settings
from starter.output import Failed
from starter.support.signin import ByFile
from starter.support.staff import Role

commands = typer.Typer()


@commands.command()
def operator(
    name: Annotated[str, typer.Argument(help="One person's name; accounts are not shared.")],
    role: Annotated[list[Role] | None, typer.Option(help="A role; once for each.")] = None,
) -> None:
    """Make an account in `console.operators_file`, or give it another password and roles.

    The password is asked for; a script writes it, one line, to the standard input.
    """
    file = settings.load().console.operators_file
    if file is None:
        raise Failed("console.operators_file names no file for these accounts")
    ByFile(file).put(name, role or [Role.OPERATOR], _password())
    typer.echo(f"{name.lower()} can sign in.")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
