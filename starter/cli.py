"""The command line `activation`: one program for operators, support staff and the demo.

Packages above this one add their commands through the entry points `activation.commands`.
Errors that a person can correct end with exit code 1 and one line of text, never a traceback.
"""

import asyncio
import errno
import logging
import os
import sys
import time
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import NoReturn

import typer
from temporalio.service import RPCError

import postgres
import settings
from adapters.errors import AdapterError
from ledger import migrate
from ledger.backup import BadBackup
from ledger.migrate import NotMigrated
from ledger.restore import NotRestored
from ledger.roles import NoRoles
from postgres import SharedSessions
from security import hardening
from security.keyfiles import KeyUnavailable
from security.purposes import User
from starter import databases
from starter.client import environment, refusals
from starter.client.connect import TemporalUnavailable
from starter.client.health import PortTaken
from starter.commands import (
    accounts,
    brand,
    capacity,
    insurance,
    mail,
    registrar,
    roles,
    schedules,
    templates,
    temporal,
)
from starter.commands import backup as backups
from starter.commands import keys as key_commands
from starter.doctor import commands as doctor
from starter.output import Failed, NotWritten, UserError, tell
from starter.portal.texts import Texts
from starter.program import BY_INTERRUPT, INTERRUPTED
from starter.progress import working
from starter.startup import compare_keys, serve

_ONE_LINE_ERRORS = (
    UserError,
    TemporalUnavailable,
    KeyUnavailable,
    BadBackup,
    NotMigrated,
    NotRestored,
    NoRoles,
    SharedSessions,
    AdapterError,
    PortTaken,
)
"""Errors whose own text is one line that says why a command fails."""

app = typer.Typer(
    help="Student account activation.", no_args_is_help=True, pretty_exceptions_enable=False
)
ledger_commands = typer.Typer(help="The engine's PostgreSQL.", no_args_is_help=True)
config_commands = typer.Typer(help="The settings.", no_args_is_help=True)
app.add_typer(registrar.commands, name="registrar")
app.add_typer(accounts.commands, name="accounts")
app.add_typer(insurance.commands, name="insurance")
app.add_typer(templates.commands, name="templates")
app.add_typer(mail.commands, name="mail")
app.add_typer(brand.commands, name="brand")
app.add_typer(key_commands.commands, name="keys")
app.add_typer(ledger_commands, name="ledger")
app.add_typer(temporal.commands, name="temporal")
app.add_typer(schedules.commands, name="schedules")
app.add_typer(config_commands, name="config")
app.command("doctor")(doctor.doctor)
app.command("capacity")(capacity.command)
app.command("backup")(backups.write)
app.command("restore")(backups.bring_back)
ledger_commands.command("roles")(roles.command)


_loaded: set[str] = set()


@app.command()
def portal() -> None:
    """Serve the students' pages."""
    config = settings.load()
    Texts(config)
    environment.server(config)
    asyncio.run(compare_keys(config, User.PORTAL))
    serve(
        "starter.portal.app:create",
        config.portal,
        config.log_level,
        processes=config.portal.processes,
    )


@ledger_commands.command("migrate")
def ledger_migrate() -> None:
    """Bring the tables to the newest version."""
    config = settings.load()
    with databases.ledger_errors(), working("Tables are brought to the newest version"):
        applied = asyncio.run(
            migrate.migrate(config.ledger_dsn.get_secret_value(), prefix=config.ledger_roles)
        )
    tell(f"Applied: {', '.join(applied)}" if applied else "Up to date.")
    key_commands.compare(config)


@config_commands.command("check")
def config_check(only: doctor.Users = None) -> None:
    """Say whether settings, files, keys and texts can be used, naming each that cannot."""
    wrong = [one for one in doctor.on_disk(settings.load(), tuple(only or User)) if not one.ok]
    if wrong:
        raise Failed("; ".join(f"{one.about}: {one.mend}" for one in wrong))
    tell("The settings are complete.")


def main() -> None:
    """Run the command; whatever stops it ends with one line that says why."""
    hardening.harden("WARNING")  # Processes that serve take the level of the settings later.
    # Else asyncio logs what became of calls that Ctrl-C cut off.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        with_commands(*sys.argv[1:2])()
    except SystemExit as ended:
        if ended.code == BY_INTERRUPT:
            _say(INTERRUPTED)
        if isinstance(ended.__context__, BrokenPipeError):
            _fail(str(NotWritten(ended.__context__)))
        raise
    except settings.WRONG as error:
        _fail(f"settings missing or wrong: {settings.describe(error)}")
    except _ONE_LINE_ERRORS as error:
        _fail(str(error))
    except RPCError as error:
        _fail(f"Temporal answers {error.status.name}{_because(error)}")
    except postgres.NO_RESULT as error:
        _fail(_describe(error))
    finally:
        _close_output()
        # Exiting while Temporal's runtime still shuts down can crash the interpreter.
        time.sleep(0.3)


def with_commands(first: str = "--help") -> typer.Typer:
    """Return the application with the commands of the packages above.

    Loading is slow, so only the command named by `first` is loaded, or all for the help text.
    """
    for command in entry_points(group="activation.commands"):
        if first in ("--help", command.name) and command.name not in _loaded:
            app.add_typer(command.load(), name=command.name)
            _loaded.add(command.name)
    return app


def _describe(error: BaseException) -> str:
    """Describe an error by its file or its class; a driver's own text may quote data."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return str(NotWritten(error))
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"a system cannot be reached, or refuses ({type(error).__name__})"


def _because(error: RPCError) -> str:
    cause = refusals.why(error)
    return f": {cause}" if cause else ""


def _fail(text: str) -> NoReturn:
    _say(text)
    sys.exit(1)


def _say(text: str) -> None:
    with suppress(OSError):
        typer.echo(text, err=True)  # One line, on which scripts rely.


def _close_output() -> None:
    """Drop what cannot be written, because the interpreter would try again, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
