"""Says what an empty field is, for every column of the registrar's rows; pure.

Exports and forms that demand an entry leave a sign, a zero or a word where there is nothing.
"""

import re

from domain.text import visible

# `Na`, `Nan` and `Nil` are not among them: people are called so.
WORDS = frozenset(("null", "none", "n/a", "#n/a", "n.a.", "undefined", "unknown", "κενο", "κενό"))
_BRACKETS = "()[]<>{}\"'`\\ "


def value(raw: str | None) -> str:
    """Return a field in single spaces, without what is invisible; empty where nothing is told."""
    text = visible(raw or "")
    bare = text.strip(_BRACKETS).casefold()
    told = any(c.isalnum() for c in text) and re.search("[^0]", re.sub(r"[\W_]", "", text))
    return text if told and bare not in WORDS else ""
