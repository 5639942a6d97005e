"""`activation backup` and `restore`: a snapshot of the ledger, and its return to an older one."""

import asyncio
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

import postgres
import settings
from domain.counting import Counting
from ledger import backup, erased_list, restore, roles
from ledger.backup import Manifest
from ledger.erased_list import Erased
from ledger.restore import RestoreRequest
from security.keys import KeyRing
from security.purposes import LASTING
from settings import Settings
from starter import databases
from starter.os_user import os_user
from starter.output import Failed, Json, Yes, confirm, show_json, tell, utc
from starter.progress import working

_BESIDE = """\
This is the last of one set. Each of the others has its own tools (docs/restore.md says why so):
  before  {keys}, at each `keys distribute`, kept apart from all of these
  first   Temporal's databases
  second  the directory
  last    this ledger, which records whatever the others do before they do it
  beside  settings and secret files, console.operators_file, institution.texts_folder,
          institution.replies_folder
  ever    {erasures}"""
_NEXT = """\
Open activations: {open}. Now, in this order (docs/restore.md):
  activation doctor
  start workers, then portals, console and alerts
  activation privacy erase-again --since {taken}    (Temporal's part of the erasures)
  activation accounts import                        (names that were given since)
  activation support audit verify --heads FILE      (names the missing period)"""

_UNLISTED = "the list of erasures: set erasures_file, or a restore brings back what was erased"

Folder = Annotated[Path, typer.Argument(help="A new folder, for this backup alone.")]


def write(folder: Folder, json: Json = False) -> None:
    """Write a snapshot of the ledger into a new folder; run it as the ledger's owner."""
    config = settings.load()
    ring = KeyRing(config.keys_dir)
    with working("Tables are written") as count:
        manifest = _run(_write(config, ring, folder, count))
    if json:
        show_json(_as_dict(manifest))
        return
    rows = sum(table.rows for table in manifest.tables.values())
    tell(
        f"{rows} rows of {len(manifest.tables)} tables as of {utc(manifest.taken_at)} are in"
        f" {folder}, to row {manifest.audit_row} of the audit."
    )
    listed = config.erasures_file
    erasures = f"{listed}, on another disk" if listed else _UNLISTED
    tell(_BESIDE.format(keys=config.keys_dir, erasures=erasures))


def bring_back(  # noqa: PLR0917 - options have names
    folder: Annotated[
        Path | None, typer.Argument(help="A folder that `activation backup` has written.")
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="PostgreSQL's own tools have restored the database: do only the rest.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the ledger that is there.")
    ] = False,
    erasures: Annotated[
        Path | None, typer.Option(help="The list of erasures, if not that of `erasures_file`.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a backup in the ledger's place, and end its sessions, codes and sealed passwords.

    Stop all other processes first; run it as the ledger's owner. It changes everything or nothing.
    """
    if in_place == (folder is not None):
        raise Failed("Give either the folder of a backup, or --in-place")
    if in_place and replace:
        raise Failed("--replace goes with the folder of a backup: --in-place deletes no ledger")
    config = settings.load()
    ring = KeyRing(config.keys_dir)
    with working("Ledger and backup are read"):
        here = _run(restore.state(config.ledger_dsn.get_secret_value()))
        manifest = backup.read(folder, ring) if folder else None
    _check_keys(ring, manifest.keys if manifest else here)
    if here is not None and not in_place:
        _consent(ring, here, replace=replace, yes=yes)
    erased = _erased(config, erasures, manifest)
    asked = RestoreRequest(os_user(), config.ledger_roles, erased)
    with working("Tables are brought back") as count:
        dsn = config.ledger_dsn.get_secret_value()
        if folder and manifest:
            done = _run(restore.restore(dsn, ring, folder, manifest, asked, counted=count))
        else:
            done = _run(restore.finish_in_place(dsn, ring, asked))
    if json:
        show_json(done.__dict__)
        return
    tell(
        f"The ledger is as it was at {utc(done.taken_at)}, to row {done.audit_row} of the audit."
        " All sessions, codes and sealed passwords have ended;"
        f" {done.erased} entries of the list of erasures were erased again."
    )
    taken = done.taken_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    tell(_NEXT.format(open=done.open, taken=taken))


async def _write(config: Settings, ring: KeyRing, folder: Path, count: Counting) -> Manifest:
    dsn = config.ledger_dsn.get_secret_value()
    async with await postgres.connect(dsn) as ledger:
        await postgres.refuse_shared_sessions(ledger, "ledger_dsn")
        if not await roles.is_owner(ledger):
            raise Failed("this role is not the ledger's owner: name the owner in ledger_dsn")
    ours = version("student-account-activation")
    return await backup.write(dsn, ring, folder, ours, counted=count)


def _erased(
    config: Settings, named: Path | None, manifest: Manifest | None
) -> dict[Erased, datetime]:
    """Return what was erased since the backup; without an erasure there is no file yet."""
    listed = named or config.erasures_file
    if listed is None or not (named or listed.exists()):
        return {}
    return erased_list.read(listed, manifest.taken_at if manifest else None)


def _check_keys(ring: KeyRing, wanted: Any) -> None:
    """Refuse keys that are not those of the ledger that comes back, or that lack one of its own.

    Keys of an old month may have been destroyed on purpose.
    """
    ours = ring.checks()
    lacking = sorted((wanted or {}).keys() - ours.keys())
    if needed := [name for name in lacking if name in LASTING]:
        raise Failed(
            f"keys of that ledger are not here: {', '.join(needed)}; bring back the whole folder"
            " of keys first"
        )
    if lacking:
        tell(
            f"Keys that are not here: {', '.join(lacking)}. Without them Temporal's histories of"
            " those months stay unreadable.",
            err=True,
        )
    if other := [name for name, value in (wanted or {}).items() if ours.get(name, value) != value]:
        raise Failed(
            f"these keys are not those of that ledger: {', '.join(sorted(other))}; bring back the"
            " keys of the same installation first"
        )


def _consent(ring: KeyRing, here: Any, *, replace: bool, yes: bool) -> None:
    ours = ring.checks()
    strange = any(ours.get(name, value) != value for name, value in here.items())
    whose = "of another installation" if strange else "of this installation"
    if not replace:
        raise Failed(f"there is a ledger {whose}: nothing was changed (--replace would delete it)")
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failed("nobody can be asked here whether to replace: give --yes, or use a terminal")
    confirm(f"This deletes the whole ledger {whose} that is there now.")


def _run(work: Any) -> Any:
    with databases.ledger_errors():
        return asyncio.run(work)


def _as_dict(manifest: Manifest) -> dict[str, Any]:
    return {
        "taken_at": manifest.taken_at,
        "audit_row": manifest.audit_row,
        "audit_head": manifest.audit_head,
        "tables": {name: table.rows for name, table in manifest.tables.items()},
    }
