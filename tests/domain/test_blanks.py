import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.names import MEN, SURNAMES, WOMEN
from domain import blanks


@pytest.mark.parametrize(
    "written",
    [
        *(
            None,
            "",
            " ",
            "\u00a0",
            "-",
            "--",
            "—",
            ".",
            "...",
            "'",
            "''",
            "*",
            "/",
            "?",
            "_",
            "- -",
        ),
        *("0", "00", "000000", "0.0", "0,00", "-0-", "NULL", "null", " Null ", "(null)", "<NULL>"),
        *("N/A", "n/a", "#N/A", "n.a.", "none", "None", "undefined", "UNKNOWN", "κενό", "'NULL'"),
        *("ΑΓΝΩΣΤΟΣ", "άγνωστη", "Αγνώστου", "ΑΓNΩΣTOΣ", "αγν.", "agnostos", "(Άγνωστο)", "ΚΕΝΟ"),
        *("ΠΑΤΡΟΣ ΑΓΝΩΣΤΟΥ", "άγνωστος πατέρας", "Όνομα άγνωστο", "Unknown name", "no father"),
        *("Ν/Α", "ν/α", "Ν.Α.", "N / A", "n.a", "δεν υπάρχει", "ΔΕΝ ΕΧΕΙ", "∆ΕΝ ΕΧΕΙ", "Δεν-έχει!"),
        *("ΧΧΧ", "XXX", "xxXX", "ΧX", "x x x", "X.X.X.", "---", "ΔΕΝ ΔΗΛΩΘΗΚΕ", "not available"),
        *("ΔΕΝ ΑΝΑΓΡΑΦΕΤΑΙ", "ΑΠΟΘΑΝΩΝ", "ΤΕΚΝΟ ΑΓΝΩΣΤΟΥ ΠΑΤΡΟΣ", "ΕΚΚΡΕΜΕΙ", "TEST", "NO NAME"),
        *("N U L L", "N.U.L.L.", "ΧΩΡΙΣ ΟΝΟΜΑ", "ΟΥΔΕΝ", "ΜΗ ΔΗΛΩΘΕΝ", "μη καταχωρημένο", "-//-"),
        *("ΟΜΟΙΩΣ", "ΑΑΑ", "α α α", "aaaa", "ΘΑΝΩΝ", "ΑΠΕΒΙΩΣΕ", "Δεν το γνωρίζω", "Not recorded"),
        *(
            "Ο πατέρας απεβίωσε",
            "ΑΓΝΩΣΤΩΝ ΓΟΝΕΩΝ",
            "Unknown unknown",
            "Τ Ε Σ Τ",
            "no data",
            "Test Name",
        ),
        *("ΔΕΝ", "ΜΗ ΥΠΑΡΚΤΟ", "(θανών)", "Μη διαθέσιμος"),
        *("\u200b", "\ufeff", "\u00ad", "\u202e", "\u2066-\u2069", "\u3164", "\u2800", "\ufe0f"),
    ],
)
def test_what_stands_for_nothing_is_empty(written: str | None) -> None:
    assert blanks.value(written) == ""


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Na", "Na"),
        ("Nan", "Nan"),
        ("Nullmeyer", "Nullmeyer"),
        ("00123", "00123"),
        ("0a", "0a"),
        ("  Άννα \u00a0 Μαρία\t", "Άννα Μαρία"),
        ("\ufeffΝί\u00adκος\u200e", "Νίκος"),
        ("\u202eΝίκος\u202c", "Νίκος"),
        ("Δηµήτρης", "Δηµήτρης"),
        ("Ό’Κόνορ", "Ό’Κόνορ"),
        ("李", "李"),
        *((each, each) for each in ("Χ", "X", "Αγνή", "Πατέρας", "Xx1", "Άννα", "Μη", "No", "Ναι")),
    ],
)
def test_what_is_told_stays_as_it_is_written(written: str, told: str) -> None:
    assert blanks.value(written) == told


def test_no_name_is_lost() -> None:
    names = [*MEN, *WOMEN, *(each for surname in SURNAMES for each in (surname.man, surname.woman))]
    spelled = {text for name in names for text in name}
    spelled |= {
        *(
            "Ορφανός",
            "Ορφανού",
            "Νεκρός",
            "Μακαρίτης",
            "Χήρα",
            "Άδης",
            "Θάνος",
            "Θανώ",
            "Αποστόλης",
        ),
        *(
            "Δένης",
            "Ντεν",
            "Ανώνυμου",
            "Τέστα",
            "Testa",
            "Dean",
            "Notis",
            "Noah",
            "Den Boer",
            "Na Li",
        ),
        *(
            "Μη Σου",
            "No Kim",
            "Αλλάχ Ντιν",
            "Ία",
            "Λου",
            "Bob",
            "Άννα Άννα",
            "Λι Λι",
            "Ω",
            "J R",
            "Lee",
        ),
        *("Ειρήνη του Ιωάννη", "Γεώργιος (απεβίωσε)", "Νότης", "Όμοιος", "Late", "Dead Sea"),
    }
    for name in spelled:
        for written in (name, name.upper(), name.lower()):
            assert blanks.value(written) == written


@pytest.mark.parametrize("said", ["ΟΡΦΑΝΟΣ", "Ορφανή πατρός", "ORPHAN", "Μακαρίτης", "ο μακαρίτης"])
def test_what_is_said_of_a_father_is_no_name_of_his_and_may_be_a_surname(said: str) -> None:
    assert blanks.value(said, blanks.OF_FATHERS) == ""
    assert blanks.value(said) == said


def test_what_is_longer_than_any_word_for_nothing_is_not_compared_with_them() -> None:
    assert blanks.value("-" * 500) == ""
    assert blanks.value("Ρ" * 500) == "Ρ" * 500


def test_a_university_can_add_words_of_its_own() -> None:
    words = blanks.known(("Άδηλος", "tbx"))
    for written in ("ΑΔΗΛΟΣ", "(tbx)", "TBX."):
        assert blanks.value(written) == " ".join(written.split())
        assert blanks.value(written, words) == ""
    assert blanks.value("Tbxris", words) == "Tbxris"


@given(st.text(max_size=40))
def test_a_value_is_one_visible_line_and_the_same_when_read_again(written: str) -> None:
    told = blanks.value(written)
    assert told.isprintable()
    assert told == told.strip()
    assert blanks.value(told) == told
