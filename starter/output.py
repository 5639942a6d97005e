"""Output of commands: plain lines for people, JSON for scripts, one line on failure."""

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from textwrap import fill
from typing import Annotated, Any, TextIO

import typer

import settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]


class UserError(Exception):
    """An error that a person can correct; its text says in one line what is wrong."""


class Failed(UserError):
    """A command cannot do what was requested."""


class NotWritten(UserError):
    """Standard output takes no more: the program that reads it has ended, or the disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output was not written to its end: {error.strerror}")


def group(text: str) -> typer.Typer:
    """Return a group of commands, whose verb is needed even while there is only one."""
    commands = typer.Typer(help=text, no_args_is_help=True)
    commands.callback()(lambda: None)
    return commands


def show_json(value: Any) -> None:
    write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def write(text: str) -> None:
    """Write to standard output; raises `NotWritten`, which is no error of a system."""
    try:
        typer.echo(text, nl=False)
    except OSError as error:
        raise NotWritten(error) from None


def tell(text: str = "", *, err: bool = False) -> None:
    """Print text, folded between words where a terminal, or `COLUMNS`, has a width.

    What goes into a file or a pipe has one line for each, as programs read it.
    """
    if width := _width(sys.stderr if err else sys.stdout):
        text = "\n".join(_folded(line, width) for line in text.splitlines())
    if err:
        typer.echo(text, err=True)
    else:
        write(f"{text}\n")


def _width(stream: TextIO) -> int | None:
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal():
        return int(given)
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _folded(line: str, width: int) -> str:
    """Fold one line, and indent what follows by as much as it begins with, and a little more."""
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    more = indent + "  "
    return fill(
        line.strip(),
        max(width, 2 * len(more)),
        initial_indent=indent,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    )


def confirm(what: str) -> None:
    """Say what will be done, and go on only if the person at the terminal wants it."""
    typer.echo(what, err=True)
    typer.confirm("Continue?", abort=True, err=True)


def local(moment: datetime | None) -> str:
    """Format a time in the institution's zone, to the second, and name the zone."""
    if moment is None:
        return "-"
    zone = settings.load().institution.timezone
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def utc(moment: datetime | None) -> str:
    """Format a time in UTC, to the second, with its zone, for what is typed again elsewhere."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "-"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
