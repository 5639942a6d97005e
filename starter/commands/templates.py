"""`activation templates preview`: shows every message rendered with these settings.

It reads only the settings, so no system has to run. The sample student does not exist.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

import adapters.messaging.wiring  # noqa: F401 - registers the channels
import settings
from adapters.messaging.message_templates import Word, Words
from adapters.messaging.port import WIRINGS, Preview, wirings
from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind
from domain.contracts.vocabulary import Language, Step
from domain.references import first_group
from settings import Settings
from starter.brand.samples import REFERENCE, USERNAME
from starter.output import group, write

commands = group("What students read.")

_INVITATIONS = ("invitation", "invitation_again")
_TO_STUDENTS = ("pin", *(notice.value for notice in NoticeKind))
_TO_STAFF = ("support_request", "support_answer")


@dataclass(frozen=True)
class MessagePreview:
    """A message in one language, by each channel that it may go by."""

    name: str
    language: Language
    contents: Mapping[Channel, Any]

    def shown(self) -> Iterator[tuple[Channel, Preview]]:
        """Yield the message as each channel shows it."""
        for channel, content in self.contents.items():
            yield channel, WIRINGS[channel].preview(content)


@commands.command()
def preview(
    language: Annotated[Language | None, typer.Option(help="Only this one.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Also write them here, the mails as HTML to open.")
    ] = None,
) -> None:
    """Show every message by each channel, filled in with a sample student."""
    for each in messages(settings.load()):
        if language in (None, each.language):
            write(f"{_text(each)}\n")
            if folder:
                _write(each, folder)


def messages(config: Settings) -> Iterator[MessagePreview]:
    """Render every message in each language with the sample student."""
    writers = {wiring.channel: wiring.writer(config) for wiring in wirings()}
    letter = Words(config).plain_letter
    sample = _sample(config)
    for language in Language:
        for name in _TO_STUDENTS:
            contents = {by: write(name, language, **sample) for by, write in writers.items()}
            yield MessagePreview(name, language, contents)
        for name in _INVITATIONS:
            contents = {by: write(name, language, reference=None) for by, write in writers.items()}
            yield MessagePreview(name, language, contents)
        for name in _TO_STAFF:
            written = letter(name, language, written_in=language.value, **sample)
            yield MessagePreview(name, language, {Channel.EMAIL: written})


def _sample(config: Settings) -> dict[str, Word]:
    return {
        "reference": REFERENCE,
        "group": first_group(REFERENCE),
        "code": "012345",
        "minutes": config.policy.pin_ttl // timedelta(minutes=1),
        "username": USERNAME,
        "name": "Μαρία Παπαδοπούλου",
        "reply_to": "maria@mail.example",
        "phone": "+306912345678",
        "step": Step.PIN.value,
        "text": "Δεν λαμβάνω τον κωδικό.",
    }


def _text(message: MessagePreview) -> str:
    lines = [f"=== {message.name} ({message.language})"]
    for channel, shown in message.shown():
        lines += [f"--- {channel.label}{shown.about}", shown.text]
    return "\n".join(lines)


def _write(message: MessagePreview, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for _, shown in message.shown():
        for ending, text in shown.files.items():
            (folder / f"{message.name}.{message.language}.{ending}").write_text(text, "utf-8")
