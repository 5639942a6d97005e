"""Makes the staff context of the command line: the OS user, who has every role."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Annotated, Any, TypeVar

import typer

import settings
from domain.references import normalise
from security import log_context
from starter import databases
from starter.client import connect
from starter.os_user import os_user, said_user
from starter.output import Failed, local, show_json, tell
from starter.progress import working
from support.verbs.staff import Staff, StaffContext, StaffRole
from web.limits import RateLimited

_Result = TypeVar("_Result")
_ASKED = "The ledger and Temporal are asked"


def _normalised(reference: str) -> str:
    known = normalise(reference)
    if known is None:
        raise Failed("that is not a reference: one looks like A-7K3F-92QD")
    log_context.about(known)
    return known


def _normalised_if_given(reference: str | None) -> str | None:
    return _normalised(reference) if reference else None


def ask(what: str) -> str:
    """Prompt for a value that must not be visible in the process list, or read it from stdin."""
    return str(typer.prompt(what)) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def unless_asked(option: typer.CallbackParam, value: str) -> str:
    """Return the option's value, or prompt for it if it is a dash."""
    return ask(str(option.name)) if value == "-" else value


Reference = Annotated[
    str, typer.Argument(callback=_normalised, help="The activation's reference, e.g. A-7K3F-92QD.")
]
MaybeReference = Annotated[
    str | None,
    typer.Argument(
        callback=_normalised_if_given, help="An activation's reference, where there is one."
    ),
]
OfCase = Annotated[
    str | None,
    typer.Option(
        "--case",
        callback=_normalised_if_given,
        help="An activation's reference, in place of its student's number.",
    ),
]
Reason = Annotated[str, typer.Option(help="Why; it is written to the audit.")]


@asynccontextmanager
async def staff_context(seconds: float = 2) -> AsyncIterator[StaffContext]:
    """Yield the staff context; raises `KeyUnavailable` if its keys differ from the ledger's.

    `seconds` is the time-out of a call of the ledger.
    Ledger and Temporal are not used for anything else before a verb needs them.
    """
    config = settings.load()
    async with databases.ledger(config, seconds=seconds) as (ledger, keys):
        client = await connect.connect(config, keys, lazy=True, identity=connect.DESK)
        staff = Staff(os_user(), frozenset(StaffRole), said=said_user())
        yield StaffContext(client, ledger, keys, config, staff)


def run(
    verb: Callable[[StaffContext], Awaitable[_Result]], *, seconds: float = 2, prints: bool = False
) -> _Result:
    """Call a verb with the staff context, and return its result.

    A verb that `prints` or prompts shows by itself that it works.
    """

    async def call() -> _Result:
        async with AsyncExitStack() as opened:
            with working(_ASKED):
                ctx = await opened.enter_async_context(staff_context(seconds))
            try:
                return await verb(ctx)
            except RateLimited as limited:
                again = local(limited.opens) if limited.opens else "never"
                raise Failed(f"this was done too often (see limits.*): again {again}") from None

    with nullcontext() if prints else working(_ASKED):
        return asyncio.run(call())


def show_outcome(outcome: dict[str, Any], text: str, *, json: bool) -> None:
    """Print what a command has done, as JSON or as a text."""
    if json:
        show_json(outcome)
    else:
        tell(text)
