"""Names where an activation stands, as the console and letters to support say it.

Steps have short names; a wait reason has the title of its section in the handbook.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from domain.contracts.vocabulary import Language, Step
from translations import N_, translator

HANDBOOK = Path(__file__).parents[1] / "docs" / "support.md"
STEPS: Mapping[Step, str] = {
    Step.LOOKUP: N_("Look-up"),
    Step.PIN: N_("Six-digit code (pin)"),
    Step.IDENTIFY: N_("Who of several"),
    Step.INSURANCE: N_("Insurance number"),
    Step.REVIEW: N_("Details"),
    Step.PASSWORD: N_("Password"),
    Step.PROVISIONING: N_("Creation of the account"),
    Step.NEEDS_SUPPORT: N_("With support"),
    Step.ACTIVE: N_("Account active"),
    Step.ALREADY_ACTIVE: N_("Was already active"),
    Step.JOINED: N_("Continues elsewhere"),
    Step.NOT_FOUND: N_("Not found"),
    Step.EXPIRED: N_("Expired"),
    Step.CANCELLED: N_("Cancelled"),
}
LANGUAGES: Mapping[Language, str] = {Language.EL: "Ελληνικά", Language.EN: "English"}
_IN_ORDER = (Language.EL, Language.EN)


class HandbookText(NamedTuple):
    """A section of the handbook in one language, in Markdown; `anchor` may be a wait reason."""

    anchor: str
    title: str
    text: str


def handbook(language: Language) -> Iterator[HandbookText]:
    """Yield the sections in the file's order: the heading is the anchor, Greek comes first."""
    text = HANDBOOK.read_text("utf-8")
    _, *context = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)
    at = 2 * _IN_ORDER.index(language)
    for anchor, both in zip(context[::2], context[1::2], strict=True):
        _, *told = re.split(r"^### (.+)$", both, flags=re.MULTILINE)
        yield HandbookText(anchor, told[at], told[at + 1])


@cache
def titles(language: Language) -> Mapping[str, str]:
    """Return the titles of the handbook's sections by anchor."""
    return {each.anchor: each.title for each in handbook(language)}


def standing(stands: str, language: Language) -> str:
    """Name a step, and the wait reason where one follows; other words stay as they are."""
    named = titles(language)
    return " - ".join(named.get(word) or _step(word, language) for word in stands.split())


def _step(word: str, language: Language) -> str:
    return translator(language).gettext(STEPS[Step(word)]) if word in list(Step) else word
