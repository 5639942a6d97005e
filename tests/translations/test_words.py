"""Pages, messages and the handbook use one word and one spelling for each thing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from domain.contracts.vocabulary import Language
from support.console.handbook import sections

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "templates" / "pages" / "texts"
BANNED = {
    Language.EL: {
        r"νοιχτ": "ανοικτή",
        r"ΑΜΚΑ": "Α.Μ.Κ.Α.",
        r"\b[Ππ]άλι\b": "ξανά",
        r"\b[Μμ]παίνετε": "συνδέεστε",
        r"[Κκ]ολλημέν|κολλήσει": "χρειάζονται ενέργεια",
        r"\b[Ww]orkers?\b": "διεργασία εκτέλεσης",
        r"\b[Εε]ργάτ": "διεργασία εκτέλεσης",
        r"πολύ μικρό": "πολύ σύντομο",
        r"[Μμ]ηχανή": "σύστημα ενεργοποίησης",
        r"[Γγ]υρίστε": "αλλάξτε τη γλώσσα του πληκτρολογίου",
        r"\bμόν(ος|η|ο|οι|ες|α) (του|της|τους|μας|σας)\b": "αυτόματα",
        r"[Γγ]ια τι μιλ": "θέμα",
        r"[Φφ]τιά[χξ]": "δημιουργώ",
        r"\bτμήμα|\bτμημάτων": "Τμήμα",
        r"γραμματεί": "Γραμματεία",
        r"[Σσ]ε αναμονή": "σε αναστολή",
        r"(?<!σε )περίπτωση": "υπόθεση",
        r"αρχείο ελέγχου": "ίχνος ελέγχου",
        r"ιαλέ[γξ]": "επιλέγω",
        r"μετράει": "μετρά",
        r"λάθος κωδικ": "λανθασμένος κωδικός",
        r"(χρειάζονται|χρειάζεται) άνθρωπο": "προσωπικό",
        r"ένας άνθρωπος": "η υποστήριξη",
        r"έναν από αυτούς|από τις προτάσεις": "προτεινόμενος κωδικός πρόσβασης",
        r"διακομιστή\w* αλληλογραφίας": "διακομιστής email",
        r"’": "'",
    },
    Language.EN: {
        r"What are you\b": "Are you a student?",
        r"\bat hand\b": "What you need",
        r"unwanted messages": "spam folder",
        r"\bholds until": "you can use it until",
        r"\bcarries\b": "contains",
        r"\bthe mark\b": "the reference",
        r"\bmend": "correct",
        r"\bneed not\b": "do not need to",
        r"\banew\b": "again",
        r"\bby (itself|themselves|ourselves)\b": "automatically",
        r"\b[Gg]o(es)? on\b": "continue",
        r"under way": "in progress",
        r"just now": "at the moment",
    },
}
"""Words that came back once; each with the one to use."""
CODE = re.compile(
    r"(?<!εξαψήφιο )(?<!εξαψήφιος )(?<!εξαψήφιου )(?<!εξαψήφιοι )(?<!εξαψήφιους )"
    r"\b[Κκ]ωδικ(ός|ό|ού|οί|ούς|ών)\b"
    r"(?! πρόσβασ| \(pin\)| ανάκτησης| επαλήθευσης| χώρας| σφάλματος)"
)
"""A code of which it is not said which."""
OF_THE_INSTRUCTIONS = "Περισσότερες πληροφορίες για την ασφάλεια του κωδικού"


def catalogue(language: Language) -> Iterator[str]:
    with (ROOT / "translations" / "el.po").open("rb") as file:
        for message in read_po(file, locale="el"):
            text: Any = message.string if language is Language.EL else message.id
            yield from (text,) if isinstance(text, str) else text


def texts(language: Language) -> Iterator[str]:
    yield from catalogue(language)
    yield from (section.html.unescape() for section in sections(language))
    yield from (page.read_text("utf-8") for page in PAGES.glob(f"*/*.{language.value}.md"))


@pytest.mark.parametrize(
    ("language", "banned"),
    [(language, word) for language, words in BANNED.items() for word in words],
)
def test_a_word_that_was_replaced_does_not_come_back(language: Language, banned: str) -> None:
    found = [text[:200] for text in texts(language) if re.search(banned, text)]
    assert found == [], BANNED[language][banned]


def test_each_code_is_named_by_what_it_is_for() -> None:
    found = [text[:200] for text in texts(Language.EL) if CODE.search(text)]
    assert found == [OF_THE_INSTRUCTIONS]
