"""`activation support operator` and `sign-out`: accounts, ending sessions, second factors."""

import sys
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

import settings
from ledger import staff_sessions
from starter.output import Failed, Json, local, show_json, tell
from support.commands.terminal import Reason, run
from support.verbs import second_factor
from support.verbs.actions import ActionRefused
from support.verbs.signin import ByFile
from support.verbs.staff import PROVIDED, Action, StaffContext, StaffRole

commands = typer.Typer()


@commands.command()
def operator(
    name: Annotated[str, typer.Argument(help="One person's name; accounts are not shared.")],
    role: Annotated[list[StaffRole] | None, typer.Option(help="A role; once for each.")] = None,
) -> None:
    """Create an account in `console.operators_file`, or change its password and roles.

    Prompts for the password; a script writes it as one line to standard input.
    """
    file = settings.load().console.operators_file
    if file is None:
        raise Failed("console.operators_file names no file for these accounts")
    accounts, name = ByFile(file), name.lower()
    is_new = not accounts.knows(name)
    accounts.put(name, role or [StaffRole.OPERATOR], _password())
    until = "" if is_new else f" Open sessions go on: activation support sign-out {name} ends them."
    tell(f"{name} can sign in.{until}")


@commands.command("sign-out")
def sign_out(name: Annotated[str, typer.Argument(help="The name they sign in with.")]) -> None:
    """End all sessions of a user, which otherwise keep the roles of their sign-in."""
    name = name.lower()

    async def drop(ctx: StaffContext) -> int:
        await ctx.record(Action.OPERATE, reason=f"sign-out {name}")
        return await staff_sessions.drop_all(ctx.pool, name)

    tell(f"{name} was signed in {run(drop)} times, and is no more.")


@commands.command("second-factor-reset")
def second_factor_reset(
    name: Annotated[str, typer.Argument(help="The name they sign in with.")], reason: Reason
) -> None:
    """Delete a user's second factor and end their sessions, for a lost authenticator.

    They set up a new one when they next sign in with their password.
    """
    try:
        run(partial(second_factor.reset, name=name, reason=reason))
    except ActionRefused as refused:
        raise Failed(str(refused)) from None
    tell(f"{name.lower()} sets up a new second factor when signing in.")


@commands.command("second-factors")
def list_second_factors(json: Json = False) -> None:
    """List the accounts of staff, with or without a second factor; those of a provider too.

    Staff of the directory are listed once they have signed in.
    """
    found = run(second_factor.accounts)
    if json:
        show_json([asdict(each) for each in found])
        return
    for each in found:
        has = "with a second factor" if each.second_factor else "without a second factor"
        if PROVIDED in each.name:
            has = "signs in by the provider"
        tell(f"{each.name}: {has}, signed in last {local(each.signed_in_at)}")
    if not found:
        tell("Nobody has signed in yet.")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
