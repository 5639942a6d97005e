"""The command line `activation`: one program for operators, support staff and the demo.

Rooms above this one add their commands through the entry points `activation.commands`.
Whatever a person can mend ends with exit code 1 and one line in words, never with a traceback.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from temporalio.service import RPCError

import postgres
import settings
from ledger import key_checks, migrate, pooler
from ledger.migrate import NotMigrated
from ledger.pooler import SharedSessions
from security import keys, redaction, rotation
from security.keyfiles import KeyUnavailable
from security.purposes import User
from settings import Settings
from starter import accounts, connect, databases, insurance, registrar, templates
from starter.connect import TemporalUnavailable
from starter.doctor import commands as doctor
from starter.output import Failed
from starter.portal.texts import Texts
from starter.support import commands as support
from starter.support import operations_commands, operator_commands
from starter.support.actions import Refused
from starter.support.cases import UnknownReference

_TOLD = (Failed, Refused, TemporalUnavailable, KeyUnavailable, NotMigrated, SharedSessions)
"""What says in one line why a command ends."""

app = typer.Typer(
    help="Student account activation.", no_args_is_help=True, pretty_exceptions_enable=False
)
key_commands = typer.Typer(help="The key files.", no_args_is_help=True)
ledger_commands = typer.Typer(help="The engine's PostgreSQL.", no_args_is_help=True)
temporal_commands = typer.Typer(help="The Temporal namespace.", no_args_is_help=True)
config_commands = typer.Typer(help="The settings.", no_args_is_help=True)
support.commands.add_typer(operator_commands.commands)
support.commands.add_typer(operations_commands.commands)
app.add_typer(support.commands, name="support")
app.add_typer(registrar.commands, name="registrar")
app.add_typer(accounts.commands, name="accounts")
app.add_typer(insurance.commands, name="insurance")
app.add_typer(templates.commands, name="templates")
app.add_typer(key_commands, name="keys")
app.add_typer(ledger_commands, name="ledger")
app.add_typer(temporal_commands, name="temporal")
app.add_typer(config_commands, name="config")
app.command("doctor")(doctor.doctor)


@app.command()
def portal() -> None:
    """Serve the students' pages."""
    config = settings.load()
    Texts(config)
    connect.server(config)
    asyncio.run(_compare_keys(config, User.PORTAL))
    _serve("starter.portal.app:create", config.portal, config.log_level)


@support.commands.command()
def serve() -> None:
    """Serve the console, where staff see and move activations."""
    config = settings.load()
    connect.server(config)
    asyncio.run(_compare_keys(config, User.CONSOLE))
    _serve("starter.console.app:create", config.console, config.log_level)


def _serve(app: str, place: settings.Portal | settings.Console, log_level: str) -> None:
    import uvicorn  # noqa: PLC0415 - half the start-up time of every other command

    from starter.web import serving  # noqa: PLC0415 - as above

    redaction.configure(log_level)
    uvicorn.run(
        app,
        factory=True,
        host=place.host,
        port=place.port,
        forwarded_allow_ips=place.trusted_proxies,
        log_config=None,
        server_header=False,
        access_log=False,
        http=serving.PromptProtocol,
        timeout_graceful_shutdown=serving.STOP_WITHIN,
    )


@key_commands.command("init")
def keys_init() -> None:
    """Make the keys that are missing, in the one folder that has all; no key is ever changed."""
    config = settings.load()
    known = asyncio.run(_known(config))
    made = rotation.create(config.keys_dir, f"{datetime.now(UTC):%Y-%m}", known or frozenset())
    typer.echo(f"Made: {', '.join(made)}" if made else "Nothing was missing.")
    if keys.ROOT in made and known is None:
        typer.echo(
            "The ledger did not answer, so nobody could tell whether there were keys already. If"
            " this is a second machine, remove these and copy those of the first."
        )
    asyncio.run(_compare_keys(config))


async def _known(config: Settings) -> frozenset[str] | None:
    """Return the names of the keys that exist somewhere; None while the ledger is away."""
    async with await postgres.connect(config.ledger_dsn.get_secret_value()) as ledger:
        return await key_checks.known(ledger)


async def _compare_keys(config: Settings, *users: User) -> None:
    """Raise `KeyUnavailable` where the keys are not complete, or not the other processes'.

    Raises `SharedSessions` where a pooler keeps the ledger's sessions from being ours.
    """
    ring = keys.KeyRing(config.keys_dir)
    ring.require(*users)
    async with await postgres.connect(config.ledger_dsn.get_secret_value()) as ledger:
        await key_checks.compare(ledger, ring.checks())
        await pooler.refuse(ledger, "ledger_dsn")


@key_commands.command("copy")
def keys_copy(
    user: Annotated[list[User], typer.Argument(help="Whose keys.")],
    to: Annotated[Path, typer.Option(help="The folder to copy them to.")],
) -> None:
    """Copy the keys that these processes need, and no other, to a folder of their own."""
    copied = rotation.copy(settings.load().keys_dir, to, user)
    typer.echo(f"Copied to {to}: {', '.join(copied)}")


@key_commands.command("distribute")
def keys_distribute(
    early: Annotated[
        bool, typer.Option("--early", help="Also where an epoch after this month encrypts already.")
    ] = False,
) -> None:
    """Make the files of the next epoch, which decrypt and do not encrypt yet."""
    config = settings.load()
    if not early and rotation.is_ahead(config.keys_dir, f"{datetime.now(UTC):%Y-%m}"):
        typer.echo(
            f"Nothing to make: {keys.active(config.keys_dir)} encrypts, and that month has not"
            " begun. Where keys were seen by others, say: activation keys distribute --early"
        )
        return
    epoch, made = _distribute(config)
    typer.echo(f"Made: {', '.join(made)}" if made else f"The files of {epoch} are here already.")
    typer.echo(
        f"Nothing is encrypted with them yet. Give each process its own of them, then say:"
        f" activation keys activate {epoch}"
    )


def _distribute(config: Settings) -> tuple[str, list[str]]:
    known = asyncio.run(_known(config))
    made = rotation.distribute(config.keys_dir, known or frozenset())
    asyncio.run(_compare_keys(config))
    return made


@key_commands.command("activate")
def keys_activate(
    epoch: Annotated[
        str | None, typer.Argument(help="As 2026-12; else the newest one that is here.")
    ] = None,
) -> None:
    """Let an epoch encrypt in this folder; refused while a file of it is missing or broken."""
    folder = settings.load().keys_dir
    active = rotation.activate(folder, epoch)
    typer.echo(f"{active} encrypts. Where processes have other folders, copy {folder / 'active'}.")


@key_commands.command("rotate")
def keys_rotate() -> None:
    """Distribute and activate in one step: only where all processes read this one folder."""
    config = settings.load()
    folder = config.keys_dir
    epoch, _ = _distribute(config)
    rotation.activate(folder, epoch)
    typer.echo(
        f"{epoch} encrypts from now on. That is safe where all processes read {folder}; where they"
        " have folders of their own, use `keys distribute` and `keys activate` the next time, and"
        " copy the new files to them now, `active` last."
    )


@ledger_commands.command("migrate")
def ledger_migrate() -> None:
    """Bring the tables to the newest version."""
    config = settings.load()
    with databases.ledger():
        applied = asyncio.run(migrate.migrate(config.ledger_dsn.get_secret_value()))
    typer.echo(f"Applied: {', '.join(applied)}" if applied else "Up to date.")
    asyncio.run(_compare_keys(config))


@temporal_commands.command("init")
def temporal_init() -> None:
    """Register the search attributes and the retention."""
    added = asyncio.run(_prepare_namespace())
    typer.echo(f"Added: {', '.join(added)}" if added else "Up to date.")


async def _prepare_namespace() -> list[str]:
    config = settings.load()
    client = await connect.connect(config, keys.KeyRing(config.keys_dir))
    with connect.asking():
        return await connect.prepare_namespace(client)


@config_commands.command("check")
def config_check(only: doctor.Users = None) -> None:
    """Say whether settings, files, keys and texts can be used, naming each that cannot."""
    wrong = [one for one in doctor.on_disk(settings.load(), tuple(only or User)) if not one.ok]
    if wrong:
        raise Failed("; ".join(f"{one.about}: {one.mend}" for one in wrong))
    typer.echo("The settings are complete.")


def main() -> None:
    _add_commands_from_above(sys.argv[1:2])
    try:
        app()
    except UnknownReference:
        _fail("no activation has this reference")
    except settings.WRONG as error:
        _fail(f"settings missing or wrong: {settings.told(error)}")
    except _TOLD as error:
        _fail(str(error))
    except RPCError as error:
        _fail(f"Temporal answers {error.status.name}")
    except postgres.NO_RESULT as error:
        _fail(_why(error))
    finally:
        # Leaving while Temporal's runtime still winds down can crash the interpreter.
        time.sleep(0.3)


def _add_commands_from_above(first: list[str]) -> None:
    """Load the command that is asked for; all of them only for the help that lists them."""
    others = entry_points(group="activation.commands")
    named = [command for command in others if command.name in first]
    for command in named or (others if first in ([], ["--help"]) else []):
        app.add_typer(command.load(), name=command.name)


def _why(error: BaseException) -> str:
    """Name the file, where it is one; what else a driver says may quote what it had."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"a system cannot be reached, or refuses ({type(error).__name__})"


def _fail(text: str) -> None:
    typer.echo(text, err=True)
    sys.exit(1)
