"""`activation support registrar` and `caller`: what the registrar has on file for a student.

`registrar` shows what the engine sees; `caller` only says whether a caller's data are right.
"""

import secrets
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from domain.contracts.vocabulary import Language
from domain.registrar.caller import Said
from domain.registrar.diagnosis import Diagnosis, Human, TypedContacts
from starter.output import Failed, Json, local, show_json, tell
from support.commands.terminal import (
    MaybeReference,
    OfCase,
    Reason,
    run,
    show_outcome,
    unless_asked,
)
from support.verbs import caller, objections, registrar
from support.verbs import registrar_texts as texts
from support.verbs.caller import ANSWERS, CallerAnswer, CallerQuestion
from support.verbs.registrar import Check, RegistrarQuestion

commands = typer.Typer()
_SECOND = timedelta(seconds=1)
_asked = partial(typer.Option, callback=unless_asked)


@commands.command("registrar")
def check(  # noqa: PLR0917 - options have names
    number: Annotated[str, _asked(help="Student number, or SYSTEM/NUMBER.")] = "",
    name: Annotated[str, _asked(help="How the surname begins: three letters or more.")] = "",
    insurance: Annotated[str, _asked(help="AMKA, or another insurance number.")] = "",
    mobile: Annotated[str, _asked(help="The mobile the student says they typed.")] = "",
    email: Annotated[str, _asked(help="The e-mail the student says they typed.")] = "",
    case: OfCase = None,
    json: Json = False,
) -> None:
    """Show what the engine sees of a student, and the sentence to tell them.

    For a dash as value, prompts or reads a line from standard input, because others can see a
    command line.
    """
    if case and number:
        raise Failed("give --case or --number, not both")
    question = RegistrarQuestion(number, name, insurance, TypedContacts(mobile, email), case)
    found = run(partial(registrar.check, question=question))
    if found.outcome is Diagnosis.REGISTRAR_AWAY:
        raise Failed(texts.OUTCOMES[found.outcome])
    if json:
        show_json(asdict(found) | {"sentence": texts.sentences(found) or None})
    else:
        _tell(found, typed=bool(mobile or email))


def _tell(found: Check, *, typed: bool) -> None:
    """Print the result in English, and the sentence for the student in both languages.

    `typed`: with a contact that the student says they typed.
    """
    for human in found.people:
        _tell_human(human)
    if found.elsewhere:
        tell(f"Another department's rows: {found.elsewhere}")
    for missed in found.misses:
        tell(texts.miss(missed, Language.EN))
    if found.missed:
        times, last = found.missed.times, local(found.missed.last_at)
        tell(f"Look-ups with this contact that found nobody: {times}, the last one at {last}")
    elif typed:
        tell("Look-ups with this contact that found nobody: none")
    if found.outcome is None:
        more = " There are more; type more of the surname." if found.more else ""
        tell(f"Several students fit: ask again by one's number.{more}")
        return
    if found.people:
        tell(texts.ACCOUNTS[found.account])
        least = "at least " if found.by_many else ""
        tell(f"Others on the same contact: {least}{found.shared_with}")
        tell(f"Username: {found.username or '-'}")
        tell(f"Rule of the directory's entry: {found.why or '-'}")
        if found.same_login:
            tell(f"Others' rows with this loginname: {', '.join(found.same_login)}")
        tell(f"Activation in progress: {found.reference or '-'}")
        since = found.uninvited_since
        tell(f"Wants no invitations, since: {local(since) if since else '-'}")
    for sentence in texts.sentences(found).values():
        tell(f"\n{sentence}")


def _tell_human(human: Human) -> None:
    tell(f"{human.last_name} {human.first_name}".strip() or "(no name)")
    for row in human.rows:
        counts = "counts" if row.live else "does not count: only active and interim do"
        status = row.status or "no status"
        tell(f"  {row.number}  {row.department_id} {row.department_en}  {status}  {counts}")
        for on_file in row.on_file:
            tell(f"    {texts.contact(on_file, Language.EN)}")
        for lack in texts.lacks(row, Language.EN):
            tell(f"    {lack}")
    if human.apart:
        tell(f"  not joined: {', '.join(human.apart)}")
    if human.elsewhere:
        tell(f"  other departments' rows: {human.elsewhere}")


@commands.command()
def uninvite(
    number: Annotated[str, _asked(help="Student number, or SYSTEM/NUMBER.")],
    reason: Reason,
    undo: Annotated[bool, typer.Option("--undo", help="Let campaigns invite them again.")] = False,
    json: Json = False,
) -> None:
    """Note that a student wants no invitations: no campaign invites them.

    For a dash as number, prompts or reads a line from standard input.
    """
    if undo:
        gone = run(partial(objections.take_back, number=number, reason=reason))
        text = "Campaigns may invite this student again." if gone else "Nothing was noted."
        show_outcome({"undone": gone}, text, json=json)
        return
    run(partial(objections.note, number=number, reason=reason))
    text = "No campaign invites this student from now on."
    show_outcome({"uninvited": True}, text, json=json)


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
    """Say whether all data from a caller, at least two, are on file for one student.

    A case or a contact says who they claim to be; without them the student number does. For a dash
    as value, prompts or reads a line from standard input.
    """
    if reference and (mobile or email):
        raise Failed("a case says who the caller claims to be: --mobile and --email go without one")
    said = Said(birth_date, number, father)
    question = CallerQuestion(said, TypedContacts(mobile, email), reference)
    told = run(partial(caller.ask, question=question, submission_id=secrets.token_hex(16)))
    if told.answer is CallerAnswer.AWAY:
        raise Failed(ANSWERS[told.answer])
    if json:
        show_json(asdict(told))
        return
    tell(ANSWERS[told.answer])
    left = f"Questions left about this student: {told.left}"
    # Whole seconds, and never one too early.
    tell(f"The next one from {local(told.opens + _SECOND)} on" if told.opens else left)
