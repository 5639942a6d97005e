"""`activation mail bounce`: reads what mail servers tell of letters that came back."""

import asyncio
import sys

import typer

import settings
from adapters.messaging import bounces
from adapters.messaging.bounces import Bounce
from ledger import receipts
from security import receipt_tokens
from security.keyfiles import KeyUnavailable
from starter import databases
from starter.output import Failed, group, tell

commands = group("Letters that came back.")

_LONGEST = 1024 * 1024
_TRY_AGAIN = 75
"""`EX_TEMPFAIL` of sysexits.h: the mail server keeps the mail and tries again later."""


@commands.command("bounce")
def take_bounce() -> None:
    """Read one mail from standard input, and record what it says of a letter of ours.

    For a pipe of the mail server, on the address `mail.sender`. Whatever is no notification
    (RFC 3464) about a letter of ours is passed over, and the command succeeds. Ends with 75 where
    settings, keys or ledger are not there now: the mail server keeps the mail and tries again.
    """
    bounce = bounces.read(sys.stdin.buffer.read(_LONGEST))
    tell(asyncio.run(_record(bounce)) if bounce else "Passed over: not about our letters.")


async def _record(bounce: Bounce) -> str:
    try:
        async with databases.ledger(settings.load()) as (ledger, keys):
            index = receipt_tokens.read(keys, bounce.token)
            if index is None:
                return "Passed over: not about our letters."
            await receipts.record(ledger, index, bounce.state)
    except (Failed, KeyUnavailable) as away:
        why = str(away)
    except settings.WRONG as wrong:
        why = f"settings missing or wrong: {settings.describe(wrong)}"
    else:
        return f"Recorded: {bounce.state}."
    tell(why, err=True)
    raise typer.Exit(_TRY_AGAIN)
