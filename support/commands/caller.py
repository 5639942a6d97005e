"""`activation support caller`: whether a caller is who they claim to be."""

import asyncio
import secrets
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from domain.registrar.caller import Said
from domain.registrar.diagnosis import TypedContacts
from starter.output import Failed, show_json, utc
from support.commands.terminal import Json, MaybeReference, staff_context, unless_asked
from support.verbs import caller
from support.verbs.caller import CallerAnswer, CallerQuestion, Told
from support.verbs.caller_texts import ANSWERS

commands = typer.Typer()
_SECOND = timedelta(seconds=1)
_asked = partial(typer.Option, callback=unless_asked)


@commands.command("caller")
def ask(  # noqa: PLR0917 - options have names
    reference: MaybeReference = None,
    mobile: Annotated[str, _asked(help="A mobile that the caller says is theirs.")] = "",
    email: Annotated[str, _asked(help="An e-mail that the caller says is theirs.")] = "",
    birth_date: Annotated[str, _asked(help="The date of birth the caller says.")] = "",
    number: Annotated[str, _asked(help="The student number the caller says.")] = "",
    father: Annotated[
        str, _asked(help="The father's name the caller says, as in Δημήτριος or Δημητρίου.")
    ] = "",
    json: Json = False,
) -> None:
    """Say whether all that a caller says is on file for one student, two data at least.

    A case or a contact says whom they claim to be; without them the student number does. What is
    given as a dash is asked for, or read from standard input, a line each.
    """
    said = Said(birth_date, number, father)
    told = asyncio.run(_ask(CallerQuestion(said, TypedContacts(mobile, email), reference)))
    if told.answer is CallerAnswer.AWAY:
        raise Failed(ANSWERS[told.answer])
    if json:
        show_json(asdict(told))
        return
    typer.echo(ANSWERS[told.answer])
    left = f"Questions left about this student: {told.left}"
    # Whole seconds, and never one too early.
    typer.echo(f"The next one from {utc(told.opens + _SECOND)} on" if told.opens else left)


async def _ask(question: CallerQuestion) -> Told:
    async with staff_context() as opened:
        return await caller.ask(opened, question, secrets.token_hex(16))
