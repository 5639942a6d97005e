"""Normalises typed text, so that text that looks the same is equal.

Pure and total: every function accepts any text and never raises.
"""

import unicodedata

LOOK_ALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
"""Translates Greek capitals to the Latin ones that look the same."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
"""Invisible characters that are neither space nor control or format characters."""

_SEPARATORS = frozenset("./")
# Longer than any real form field; bounds the time of normalisation.
LONGEST_LINE = 400


def plain(raw: str) -> str:
    """Return one stripped line in NFKC with ASCII digits, without invisible characters."""
    if raw.isascii() and raw.isprintable():
        return raw[:LONGEST_LINE].strip()
    line = unicodedata.normalize("NFKC", raw[:LONGEST_LINE])[:LONGEST_LINE]
    return unicodedata.normalize("NFKC", _visible("".join(map(_ascii_digit, line)))).strip()


def visible(raw: str) -> str:
    """Return one line in single spaces without invisible characters, letters unchanged."""
    seen = raw if raw.isprintable() and BLANK.isdisjoint(raw) else _visible(raw)
    return " ".join(seen.split())


def note(raw: str) -> str:
    """Return stripped text with its line breaks, without invisible and control characters."""
    return _visible(raw.replace("\r\n", "\n"), kept="\n").strip()


def squash(raw: str) -> str:
    """Return the letters and digits of an identifier, without spaces, dashes, dots or slashes."""
    joined = "".join(c for c in plain(raw) if not _separates(c))
    return unicodedata.normalize("NFKC", joined)


def identifier(raw: str) -> str:
    """Return `squash` in capitals, with Greek capitals that look Latin as Latin."""
    return unicodedata.normalize("NFKC", squash(raw).upper().translate(LOOK_ALIKES))


def without_marks(text: str) -> str:
    """Return a text without accents, diaereses and other combining marks."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def student_number(raw: str) -> str:
    """Return the letters and digits of a student number, in capitals without accents.

    Typed numbers and numbers on file are compared in this form.
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


def _visible(text: str, kept: str = "") -> str:
    """Return a text with each space as a plain one, and without invisible characters but `kept`."""
    seen = [
        c if c in kept or (c.isprintable() and c not in BLANK) else " " * c.isspace() for c in text
    ]
    return "".join(seen)


def _separates(char: str) -> bool:
    return char.isspace() or char in _SEPARATORS or unicodedata.category(char) == "Pd"


def _ascii_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
