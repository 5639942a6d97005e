"""Folding of what people type: one spelling for what looks the same.

Pure and total: every function takes any text and never raises.
"""

import unicodedata

LOOK_ALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
"""Greek capitals to the Latin ones that look the same."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
"""Invisible, though neither a space nor a control or format character."""

_SEPARATORS = frozenset("./")
# Longer than all that fits on a line of a form; folding a book would take its time.
_LONGEST_LINE = 400


def plain(raw: str) -> str:
    """One line: compatibility forms, ASCII digits, no invisible characters, no space around."""
    if raw.isascii() and raw.isprintable():
        return raw[:_LONGEST_LINE].strip()
    line = unicodedata.normalize("NFKC", raw[:_LONGEST_LINE])[:_LONGEST_LINE]
    return unicodedata.normalize("NFKC", "".join(_visible(_ascii_digit(c)) for c in line)).strip()


def visible(raw: str) -> str:
    """One line in single spaces, letter for letter as it was written, of visible characters."""
    seen = raw if raw.isprintable() and BLANK.isdisjoint(raw) else "".join(map(_visible, raw))
    return " ".join(seen.split())


def note(raw: str) -> str:
    """Keep what a person wrote and its line breaks, without what no keyboard types."""
    lines = raw.replace("\r\n", "\n")
    return "".join(c if c == "\n" else _visible(c) for c in lines).strip()


def squash(raw: str) -> str:
    """Return the letters and digits of an identifier, without spaces, dashes, dots or slashes."""
    joined = "".join(c for c in plain(raw) if not _separates(c))
    return unicodedata.normalize("NFKC", joined)


def identifier(raw: str) -> str:
    """Squash to capitals, with Greek capitals that look Latin read as Latin."""
    return unicodedata.normalize("NFKC", squash(raw).upper().translate(LOOK_ALIKES))


def without_marks(text: str) -> str:
    """Return a text without accents, diaereses and other combining marks."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def student_number(raw: str) -> str:
    """Return the letters and digits of a student number, in capitals without accents.

    What is typed and what is on file are compared in this form.
    """
    bare = unicodedata.normalize("NFD", identifier(raw))
    return "".join(c for c in bare if c.isalnum()).translate(LOOK_ALIKES)


def has_greek(text: str) -> bool:
    """Tell whether any letter is Greek, polytonic ones included."""
    return any(_is_greek(c) for c in text)


def is_greek_only(text: str) -> bool:
    """Tell whether every letter is Greek."""
    return all(_is_greek(c) for c in text if c.isalpha())


def _is_greek(char: str) -> bool:
    return "\u0370" <= char <= "\u03ff" or "\u1f00" <= char <= "\u1fff"


def _visible(char: str) -> str:
    if char in BLANK:
        return ""
    return char if char.isprintable() else " " * char.isspace()


def _separates(char: str) -> bool:
    return char.isspace() or char in _SEPARATORS or unicodedata.category(char) == "Pd"


def _ascii_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
