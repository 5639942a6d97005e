"""`activation support findings | settle`: what the reconciler found, and what was settled."""

from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from starter.output import Json, local, show_json, tell
from support.commands.terminal import Reason, run, show_outcome
from support.verbs import findings
from support.verbs.finding_texts import TEXTS

commands = typer.Typer()


@commands.command("findings")
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was corrected, settled, or is gone.")
    ] = False,
    json: Json = False,
) -> None:
    """List where ledger, directory and Temporal disagree, by the last look of the reconciler."""
    seen = run(partial(findings.listed, everything=everything))
    if json:
        rows = [asdict(row) | TEXTS[row.kind]._asdict() for row in seen.rows]
        show_json({"looked_at": seen.looked_at, "findings": rows})
        return
    for row in seen.rows:
        text = TEXTS[row.kind]
        over = "corrected" if row.mended_at else "settled" if row.settled_at else "gone"
        state = f", {over}" if row.mended_at or row.settled_at or row.gone_at else ""
        about = "  ".join(filter(None, (row.reference, row.username)))
        tell(f"{local(row.first_seen)}  {row.kind}{state}  {about}  {row.subject}")
        tell(f"  {text.means} {text.moves}")
    if seen.looked_at and not seen.rows:
        tell("Nothing disagrees.")
    looked = local(seen.looked_at) if seen.looked_at else "never"
    tell(f"Last compared: {looked}.", err=True)


@commands.command()
def settle(
    kind: Annotated[str, typer.Argument(help="The kind of the finding, e.g. CONSENT_MISSING.")],
    subject: Annotated[str, typer.Argument(help="What ends its line in the list.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Record that a finding was seen to; it no longer stands, though it may still be seen."""
    run(partial(findings.settle, kind=kind, subject=subject, reason=reason))
    show_outcome({"settled": True}, "Settled.", json=json)
