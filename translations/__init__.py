"""Translates the texts of pages and messages: English in the code, Greek in `el.po`.

The catalogue is compiled in memory, so that no compiled file can be out of date.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

_FOLDER = Path(__file__).parent


@cache
def translator(language: str) -> NullTranslations:
    """Return the catalogue of this language; for others, English too, one that changes no text."""
    path = _FOLDER / f"{language}.po"
    if language not in {file.stem for file in _FOLDER.glob("*.po")}:
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def N_(text: str) -> str:  # noqa: N802 - the conventional name, which the extractor looks for
    """Mark a text for translation where it is written; it is translated where it is used."""
    return text
