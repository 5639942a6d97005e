"""Output of commands: plain lines for people, JSON for scripts, one line on failure."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]


class UserError(Exception):
    """An error that a person can correct; its text says in one line what is wrong."""


class Failed(UserError):
    """A command cannot do what was requested."""


def group(text: str) -> typer.Typer:
    """Return a group of commands, whose verb is needed even while there is only one."""
    commands = typer.Typer(help=text, no_args_is_help=True)
    commands.callback()(lambda: None)
    return commands


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def confirm(what: str) -> None:
    """Say what will be done, and go on only if the person at the terminal wants it."""
    typer.echo(what, err=True)
    typer.confirm("Continue?", abort=True, err=True)


def utc(moment: datetime | None) -> str:
    """Format a time in UTC, to the second, with its zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "-"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
