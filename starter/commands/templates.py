"""`activation templates preview`: shows every message rendered with these settings.

It reads only the settings, so no system has to run. The sample student does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

import settings
from adapters.messaging.mail import Letter
from adapters.messaging.message_templates import Word, Words
from domain import gsm
from domain.contracts.message_io import NoticeKind
from domain.contracts.vocabulary import Language, Step
from domain.references import first_group
from settings import Settings
from starter.output import group

commands = group("What students read.")

_REFERENCE = "A-7K3F-92QD"
_TO_STUDENTS = ("pin", *(notice.value for notice in NoticeKind))
_TO_STAFF = ("support_request", "support_answer")


@dataclass(frozen=True)
class MessagePreview:
    """A message in one language; `sms` is None if it is sent by mail only."""

    name: str
    language: Language
    sms: str | None
    letter: Letter


@commands.command()
def preview(
    language: Annotated[Language | None, typer.Option(help="Only this one.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Also write them here, the mails as HTML to open.")
    ] = None,
) -> None:
    """Show every SMS with its length and every mail, filled in with a sample student."""
    for each in messages(settings.load()):
        if language in (None, each.language):
            typer.echo(_shown(each))
            if folder:
                _write(each, folder)


def messages(config: Settings) -> Iterator[MessagePreview]:
    """Render every message in each language with the sample student."""
    words = Words(config)
    sample = _sample(config)
    for language in Language:
        for name in _TO_STUDENTS:
            sms = words.sms(name, language, **sample)
            yield MessagePreview(name, language, sms, words.letter(name, language, **sample))
        for name in _TO_STAFF:
            letter = words.plain_letter(name, language, written_in=language.value, **sample)
            yield MessagePreview(name, language, None, letter)


def _sample(config: Settings) -> dict[str, Word]:
    return {
        "reference": _REFERENCE,
        "group": first_group(_REFERENCE),
        "code": "012345",
        "minutes": config.policy.pin_ttl // timedelta(minutes=1),
        "username": "mpapadopoulou",
        "name": "Μαρία Παπαδοπούλου",
        "reply_to": "maria@mail.example",
        "step": Step.PIN.value,
        "text": "Δεν λαμβάνω τον κωδικό.",
    }


def _shown(message: MessagePreview) -> str:
    lines = [f"=== {message.name} ({message.language})"]
    if message.sms is not None:
        parts = gsm.parts(message.sms)
        size = f"{gsm.places(message.sms)} places, {parts} part{'s' * (parts > 1)}"
        lines += [f"--- SMS: {size}", message.sms]
    html = "" if message.letter.html is None else ", also as HTML"
    lines += [f"--- E-mail{html}: {message.letter.subject}", message.letter.text]
    return "\n".join(lines)


def _write(message: MessagePreview, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{message.name}.{message.language}"
    written = {"sms.txt": message.sms, "txt": message.letter.text, "html": message.letter.html}
    for ending, text in written.items():
        if text is not None:
            (folder / f"{name}.{ending}").write_text(text, "utf-8")
