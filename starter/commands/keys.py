"""`activation keys ...`: creates, copies, distributes and activates the key files."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import postgres
import settings
from ledger import key_checks
from security import keys, rotation
from security.purposes import User
from settings import Settings
from starter.output import tell
from starter.progress import working
from starter.startup import compare_keys

commands = typer.Typer(help="The key files.", no_args_is_help=True)

_ASKED = "The ledger is asked about the keys"


@commands.command("init")
def init() -> None:
    """Make the keys that are missing, in the one folder that has all; no key is ever changed."""
    config = settings.load()
    known = asyncio.run(_known(config))
    made = rotation.create(config.keys_dir, f"{datetime.now(UTC):%Y-%m}", known or frozenset())
    tell(f"Made: {', '.join(made)}" if made else "Nothing was missing.")
    if keys.ROOT in made and known is None:
        tell(
            "The ledger did not answer, so nobody could tell whether there were keys already. If"
            " this is a second machine, remove these and copy those of the first."
        )
    compare(config)


def compare(config: Settings) -> None:
    """Check the keys against the ledger, as `compare_keys`, and show that it takes a while."""
    with working(_ASKED):
        asyncio.run(compare_keys(config))


async def _known(config: Settings) -> frozenset[str] | None:
    """Return the names of the keys that the ledger has seen; None while it is unavailable."""
    with working(_ASKED):
        async with await postgres.connect(config.ledger_dsn.get_secret_value()) as ledger:
            return await key_checks.known(ledger)


@commands.command("copy")
def copy(
    user: Annotated[list[User], typer.Argument(help="Whose keys.")],
    to: Annotated[Path, typer.Option(help="The folder to copy them to.")],
) -> None:
    """Copy the keys that these processes need, and no other, to a folder of their own."""
    copied = rotation.copy(settings.load().keys_dir, to, user)
    tell(f"Copied to {to}: {', '.join(copied)}")


@commands.command("distribute")
def distribute(
    early: Annotated[
        bool, typer.Option("--early", help="Also where an epoch after this month encrypts already.")
    ] = False,
) -> None:
    """Make the files of the next epoch, which decrypt and do not encrypt yet."""
    config = settings.load()
    if not early and rotation.is_ahead(config.keys_dir, f"{datetime.now(UTC):%Y-%m}"):
        tell(
            f"Nothing to make: {keys.active(config.keys_dir)} encrypts, and that month has not"
            " begun. Where keys were seen by others, say: activation keys distribute --early"
        )
        return
    epoch, made = _distribute(config)
    tell(f"Made: {', '.join(made)}" if made else f"The files of {epoch} are here already.")
    tell(
        f"Nothing is encrypted with them yet. Give each process its own of them, then say:"
        f" activation keys activate {epoch}"
    )


def _distribute(config: Settings) -> tuple[str, list[str]]:
    known = asyncio.run(_known(config))
    made = rotation.distribute(config.keys_dir, known or frozenset())
    compare(config)
    return made


@commands.command("activate")
def activate(
    epoch: Annotated[
        str | None, typer.Argument(help="As 2026-12; else the newest one that is here.")
    ] = None,
) -> None:
    """Let an epoch encrypt in this folder; refused while a file of it is missing or broken."""
    folder = settings.load().keys_dir
    active = rotation.activate(folder, epoch)
    tell(f"{active} encrypts. Where processes have other folders, copy {folder / 'active'}.")


@commands.command("rotate")
def rotate() -> None:
    """Distribute and activate in one step: only where all processes read this one folder."""
    config = settings.load()
    folder = config.keys_dir
    epoch, _ = _distribute(config)
    rotation.activate(folder, epoch)
    tell(
        f"{epoch} encrypts from now on. That is safe where all processes read {folder}; where they"
        " have folders of their own, use `keys distribute` and `keys activate` the next time, and"
        " copy the new files to them now, `active` last."
    )
