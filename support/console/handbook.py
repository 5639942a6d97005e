"""Reads the handbook: what each cause means, what to tell the student, what to do.

It is `docs/support.md`, in the reader's language, and holds no personal data.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from markupsafe import Markup

from domain.contracts.vocabulary import Language
from settings.section import TREE
from web.markdown import html

FILE = TREE / "docs" / "support.md"
_IN_ORDER = (Language.EL, Language.EN)
_CLASSES = {"p": "govuk-body", "ul": "govuk-list", "ol": "govuk-list govuk-list--number"}


class HandbookSection(NamedTuple):
    """A section; `anchor` is the name of a wait reason, or of another subject of calls."""

    anchor: str
    title: str
    html: Markup


@cache
def sections(language: Language) -> tuple[HandbookSection, ...]:
    """Return the handbook in this language, in the file's order."""
    return tuple(_read(FILE.read_text("utf-8"), language))


def _read(text: str, language: Language) -> Iterator[HandbookSection]:
    """Yield the sections: the heading is the anchor, with a part for each language, Greek first."""
    _, *context = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)
    for anchor, both in zip(context[::2], context[1::2], strict=True):
        _, *told = re.split(r"^### (.+)$", both, flags=re.MULTILINE)
        at = 2 * _IN_ORDER.index(language)
        yield HandbookSection(anchor, told[at], html(told[at + 1], _CLASSES))
