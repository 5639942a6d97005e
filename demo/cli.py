"""The commands of the demo: `activation demo ...`."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from demo import populate, walkthrough
from demo.control import PartState, ask
from demo.part import PartFailed
from demo.place import ANY_PORTS, PREFERRED_PORTS, Place
from demo.stack import Stack
from demo.supervisor import Supervisor, only_one
from demo.table import address_table
from settings.section import DEMO
from starter.output import show_json
from starter.progress import working

commands = typer.Typer(help="The embedded stack on this machine.", no_args_is_help=True)
Folder = Annotated[Path, typer.Option("--folder", help="Where the demo lives.", hidden=True)]
Name = Annotated[str, typer.Argument(metavar="NAME")]


@commands.command()
def up(
    folder: Folder = DEMO,
    any_ports: Annotated[bool, typer.Option("--any-ports", hidden=True)] = False,
) -> None:
    """Start everything and stay in the foreground; Ctrl-C stops it."""
    if not find_spec("aiosmtpd"):
        raise PartFailed("the demo needs the extra student-account-activation[demo]: install it")
    for own in ("ACTIVATION_CONFIG", "ACTIVATION_LEDGER_DSN"):
        if os.environ.pop(own, None):
            _say(f"the demo sets this itself: ignored {own}")
    stack = Stack(Place(folder, ANY_PORTS if any_ports else PREFERRED_PORTS))
    supervisor = Supervisor(stack, say=_say)
    asyncio.run(supervisor.run(when_ready=lambda: _say(address_table(stack))))
    _say("Everything is stopped.")


@commands.command()
def down(folder: Folder = DEMO) -> None:
    """Stop everything; returns when nothing is left running."""
    ask(folder, "down")
    with working("The demo stops"), only_one(folder, wait=True):
        _say("Everything is stopped.")


@commands.command()
def status(folder: Folder = DEMO, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Say which parts run."""
    parts = ask(folder, "status")["parts"]
    if as_json:
        show_json(parts)
        return
    for part in parts:
        _say(_line(part))


@commands.command()
def start(name: Name, folder: Folder = DEMO) -> None:
    """Start a part; returns when it is ready. Settings of the environment win over the file's."""
    settings = {key: value for key, value in os.environ.items() if key.startswith("ACTIVATION_")}
    if told := ask(folder, "start", name, settings)["told"]:
        _say(told)
    _say(f"{name} is ready")


@commands.command()
def stop(name: Name, folder: Folder = DEMO) -> None:
    """Stop a part in its own way; returns when it is down."""
    ask(folder, "stop", name)
    _say(f"{name} is stopped")


@commands.command()
def kill(name: Name, folder: Folder = DEMO) -> None:
    """Kill a part at once; it stays dead until it is started."""
    ask(folder, "kill", name)
    _say(f"{name} is killed")


@commands.command("walkthrough")
def walk(
    folder: Folder = DEMO,
    language: Annotated[str, typer.Option("--lang", help="el or en")] = "el",
    sample: Annotated[
        str | None, typer.Option("--as", help=f"One of: {', '.join(walkthrough.PLAYED)}.")
    ] = None,
) -> None:
    """Play one student through the portal, up to a login that works."""
    with working("A student is played"):
        walkthrough.play(folder, language, _say, sample)


@commands.command("populate")
def fill(
    folder: Folder = DEMO,
    count: Annotated[int, typer.Option(min=1, help="About how many activations.")] = populate.COUNT,
    seed: Annotated[int, typer.Option(help="Who they are.")] = populate.SEED,
) -> None:
    """Make activations in mixed states, as students would; again: others beside them."""
    populate.play(folder, count, seed, _say)


def _line(part: PartState) -> str:
    return f"{part['name']:<10} {part['state']:<8} {part['pid'] or ''}".rstrip()


def _say(text: str) -> None:
    # Flushed, because scripts wait for these lines in a pipe.
    print(text, flush=True)
