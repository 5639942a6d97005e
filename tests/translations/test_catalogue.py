"""Every text people read exists in Greek, and says the same things."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from translations import translator

ROOT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
ROOMS = (
    "templates",
    "web",
    "starter",
    "support",
    "activities",
    "adapters",
    "recognition",
    "translations",
)
Text = str | tuple[str, ...]
Catalogue = dict[Text, Text]
PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w+)\}")


@cache
def used() -> frozenset[Text]:
    return frozenset(
        message
        for room in ROOMS
        for _, _, message, _, _ in extract_from_dir(
            ROOT / room, METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
        )
    )


@pytest.fixture(scope="module")
def greek() -> Catalogue:
    with (ROOT / "translations" / "el.po").open("rb") as file:
        catalogue: Iterable[Any] = read_po(file, locale="el")
    return {message.id: message.string for message in catalogue if message.id and not message.fuzzy}


def test_every_text_in_use_has_greek(
    greek: Catalogue,
) -> None:
    missing = sorted({str(message) for message in used() if not _complete(greek.get(message))})
    assert missing == []


def _complete(translation: Text | None) -> bool:
    texts = translation if isinstance(translation, tuple) else (translation,)
    return all(texts)


def test_greek_holds_the_same_placeholders(
    greek: Catalogue,
) -> None:
    for message, translation in greek.items():
        for given, told in zip(_forms(message), _forms(translation), strict=True):
            assert _names(given) == _names(told), given


def _forms(text: Text) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def _names(text: str) -> set[str]:
    return {one or other for one, other in PLACEHOLDER.findall(text)}


def test_no_greek_is_kept_for_texts_nobody_uses(
    greek: Catalogue,
) -> None:
    assert sorted(str(message) for message in set(greek) - used()) == []


@pytest.mark.parametrize(
    ("english", "label"),
    [
        ("Activate an account now!", "Ενεργοποίηση λογαριασμού τώρα!"),
        ("Activation instructions", "Οδηγίες Ενεργοποίησης"),
        ("I am a student", "Είμαι φοιτητής"),
        ("Start the activation", "Έναρξη ενεργοποίησης"),
        ("Next", "Επόμενο"),
        ("No student was found with these details", "Δεν βρέθηκε χρήστης με τα στοιχεία αυτά"),
        ("Six-digit code (pin)", "Εξαψήφιος κωδικός (pin)"),
        (
            "Social security number (AMKA)",
            "Αριθμός Μητρώου Κοινωνικής Ασφάλισης (Α.Μ.Κ.Α.)",
        ),
        (
            (
                "I want to use an insurance number of another country"
                " (or a European Health Insurance Card)"
            ),
            "Θέλω να χρησιμοποιήσω αριθμό ασφάλισης άλλης χώρας (ή Ευρωπαϊκή κάρτα Ασφάλισης)",
        ),
        ("Username", "Όνομα χρήστη (User Name)"),
        ("I agree", "Συμφωνώ"),
        ("Password", "Κωδικός πρόσβασης"),
        (
            "More about the safety of the password",
            "Περισσότερες πληροφορίες για την ασφάλεια του κωδικού",
        ),
    ],
)
def test_the_labels_of_the_instructions_are_kept_to_the_letter(english: str, label: str) -> None:
    assert translator("el").gettext(english) == label
    assert english in used()


def test_every_plural_has_both_its_forms(greek: Catalogue) -> None:
    plurals = {message: told for message, told in greek.items() if isinstance(message, tuple)}
    assert plurals
    assert all(len(message) == len(told) == 2 for message, told in plurals.items())


def test_one_thing_has_one_greek_word(greek: Catalogue) -> None:
    """Secretariat, e-mail, browser and password are told in one way."""
    told = "\n".join(form for text in greek.values() for form in _forms(text))
    assert re.findall(r"γραμματεί\w*|[Ee]-mail|φυλλομετρητ\w*|συνθηματικ\w*", told) == []


def test_an_unknown_language_reads_english() -> None:
    assert translator("fr").gettext("Next") == "Next"
