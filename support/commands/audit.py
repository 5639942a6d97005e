"""`activation support audit verify | cut | export`: the chain of the audit, its end, its rows."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from domain.counting import Counting
from ledger import audit_heads
from ledger.audit_chain import CannotCut, Chain
from ledger.audit_heads import SentHead
from starter import workbook
from starter.output import Failed, Json, show_json, tell, write
from starter.progress import working
from support.commands.terminal import run, show_outcome
from support.verbs import audit
from support.verbs.audit import Format, NotWhole
from support.verbs.staff import StaffContext

commands = typer.Typer(help="What staff did, and the proof of it.", no_args_is_help=True)
_Item = TypeVar("_Item")


_NO_HEAD = "this is no head: give one as `audit verify` prints it, or the line as it was sent"
Heads = Annotated[
    typer.FileText | None,
    typer.Option(
        encoding="utf-8",
        errors="replace",
        help="A file with the heads that were sent: letters, log lines, or what a webhook kept.",
    ),
]


@commands.command()
def verify(
    expect: Annotated[
        str | None, typer.Option(help="A head that was kept elsewhere: is it still in the chain?")
    ] = None,
    heads: Heads = None,
    json: Json = False,
) -> None:
    """Find a row that was changed, removed or inserted; compare with the heads that were sent."""
    wanted = None if expect is None else audit_heads.hash_of(expect)
    if wanted is None and expect is not None:
        raise typer.BadParameter(_NO_HEAD, param_hint="--expect")
    kept = _read(heads)
    with working("The audit is verified") as count:
        chain = run(partial(audit.verify, expect=wanted, heads=kept, counted=count))
    if json:
        told = asdict(chain) | {"whole": chain.whole, "heads": "ledger" if kept is None else "file"}
        told["newest"] = chain.newest and str(chain.newest)
        for name in ("missing", "early"):
            told[name] = [str(head) for head in getattr(chain, name)]
        show_json(told)
        raise typer.Exit(0 if chain.whole else 1)
    source = _source(chain, kept)
    if not chain.whole:
        raise Failed(f"{_wrong(chain)}: {chain.rows} rows in all. {source}")
    begins = f"It begins with row {chain.first}.\n" if chain.first > 1 else ""
    tell(f"{chain.rows} rows, none changed, removed or inserted.\n{begins}{source}")
    tell(f"Head: {chain.head}")


@commands.command()
def cut(
    heads: Heads = None,
    although_broken: Annotated[
        bool, typer.Option("--although-broken", help="Also if the chain is not whole.")
    ] = False,
    json: Json = False,
) -> None:
    """Delete the rows older than `retention.audit_days`, behind a head that was sent."""
    kept = _read(heads)
    try:
        with working("The audit is verified and cut") as count:
            verb = partial(audit.cut, heads=kept, although_broken=although_broken, counted=count)
            gone = run(verb)
    except NotWhole as broken:
        raise Failed(f"nothing was cut: {_wrong(broken.chain)}") from None
    except CannotCut as refused:
        raise Failed(f"nothing was cut: {refused}") from None
    show_outcome({"gone": gone}, f"Rows deleted: {gone}.", json=json)


def _read(file: typer.FileText | None) -> list[SentHead] | None:
    if file is None:
        return None
    found = audit_heads.read(file.read())
    if not found:
        raise Failed(f"{file.name} holds no head of the audit")
    return found


def _source(chain: Chain, kept: list[SentHead] | None) -> str:
    """Say which sent heads the chain was compared with."""
    whose = "of the file"
    if kept is None:
        whose = "of the ledger, which can be rewritten with the audit: give others by --heads"
    if chain.newest is None:
        return f"Compared with no head {whose}."
    return f"Compared with the heads {whose}. The newest: {chain.newest}"


def _wrong(chain: Chain) -> str:
    """Say what is wrong with a chain that is not whole."""
    if chain.bad is not None:
        return f"row {chain.bad} was changed, removed or inserted"
    if chain.loose:
        return f"the rows before row {chain.first} were not cut by `audit cut` behind a sent head"
    if chain.missing:
        head = chain.missing[-1]
        return f"row {head.id}, whose head was sent on {head.day}, is not in the chain"
    if chain.held is False:
        return "the expected head is not in the chain"
    newest = chain.early[-1]
    return f"the head of row {newest.id} is dated {newest.day}, which is in the future"


@commands.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this day on, where the institution is."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="The workbook's file, for the format xlsx.")
    ] = None,
) -> None:
    """Write the rows, the oldest first."""
    if (form is Format.XLSX) != (to is not None):
        raise Failed("the format xlsx goes with --to and a file, and no other format does")

    async def exported(ctx: StaffContext) -> None:
        zone = ctx.settings.institution.timezone
        day = since.replace(tzinfo=zone) if since else None
        if to:
            with workbook.written(to) as write_row:
                async for cells in _counting(await audit.table(ctx, day), count):
                    write_row(cells)
            return
        async for line in _counting(await audit.export(ctx, form, day), count):
            write(line)

    with working("The audit is exported", streaming=True) as count:
        run(exported, prints=True)


async def _counting(items: AsyncIterator[_Item], count: Counting) -> AsyncIterator[_Item]:
    done = 0
    async for each in items:
        yield each
        done += 1
        count(done)
