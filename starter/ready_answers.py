"""Reads an institution's own ready answers to requests for help from a folder of text files.

Each answer is a pair of files, `NAME.el.txt` and `NAME.en.txt`: the first line is the title that
staff choose it by, the rest is the text that the student reads. All are read when the console
starts, so that mistakes in them are found then.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from domain.contracts.vocabulary import Language
from settings import Settings
from starter.output import Failed

LONGEST_ANSWER = 2000
"""Characters; Greek text of this length, encoded, still fits the limit of a form's body."""
_SUFFIXES = {f".{language}.txt": language for language in Language}


class Reply(NamedTuple):
    """A ready answer: its title for staff, and its text for the student."""

    title: str
    text: str


Replies = Mapping[str, Mapping[Language, Reply]]
"""Ready answers by name, in each language."""


def own(settings: Settings) -> Replies:
    """Return the answers of `institution.replies_folder`; raises `Failed` on a mistake in them.

    A name without answers is one that is left out: its two files are empty.
    """
    folder = settings.institution.replies_folder
    if folder is None:
        return {}
    return {name: _pair(folder, name, settings) for name in sorted(set(map(_name, _files(folder))))}


def addresses(settings: Settings) -> dict[str, str]:
    """Return the addresses that ready texts may name."""
    institution = settings.institution
    return {
        "portal_url": settings.portal.public_url,
        "password_reset_url": institution.password_reset_url,
        "support_email": institution.support_email,
        "service_desk_url": institution.service_desk_url,
    }


def _files(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if not file.name.startswith(".")]
    except OSError as error:
        raise Failed(f"{folder}: {error.strerror}") from None


def _name(file: Path) -> str:
    name, dot, rest = file.name.partition(".")
    if f"{dot}{rest}" not in _SUFFIXES or not name.replace("-", "").replace("_", "").isalnum():
        raise Failed(f"{file}: a ready answer is called NAME.el.txt or NAME.en.txt")
    return name


def _pair(folder: Path, name: str, settings: Settings) -> Mapping[Language, Reply]:
    found = {
        language: _read(folder / f"{name}{suffix}", settings, language)
        for suffix, language in _SUFFIXES.items()
    }
    replies = {language: reply for language, reply in found.items() if reply}
    if replies and len(replies) < len(found):
        raise Failed(f"{folder / name}: it is empty in one language and not in the other")
    return replies


def _read(file: Path, settings: Settings, language: Language) -> Reply | None:
    """Return what a file says, with its placeholders filled in; None for an empty one."""
    values = addresses(settings) | {"institution": settings.institution.name(language)}
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    try:
        written = file.read_text("utf-8-sig").strip()
        title, _, text = environment.from_string(written).render(values).partition("\n")
    except (OSError, TemplateError, ValueError) as error:
        raise Failed(f"{file}: {error}") from None
    if not written:
        return None
    text = text.strip()
    if not text:
        raise Failed(f"{file}: the first line is the title, and no text follows it")
    if len(text) > LONGEST_ANSWER:
        raise Failed(f"{file}: the text is longer than {LONGEST_ANSWER:,} characters")
    return Reply(title.strip(), text)
