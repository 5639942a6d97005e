import pytest

from domain import surnames


@pytest.mark.parametrize(
    ("typed", "surname", "latin", "found"),
    [
        ("παπ", "ΠΑΠΑΔΟΠΟΎΛΟΥ", "", True),
        ("Παπαδοπούλος ", "Παπαδόπουλος", "", True),
        ("ευα", "Ευαγγέλου", "EVANGELOU", True),
        ("evan", "Ευαγγέλου", "", True),
        ("evan", "Ευαγγέλου", "EVAGGELOU", True),
        ("Pap", "Παπάς", "PAPAS", True),
        ("mpa", "Μπάρκας", "MPARKAS", True),
        ("bar", "Μπάρκας", "", True),
        ("müll", "", "Müller", True),
        ("mull", "", "Müller", True),
        ("πας", "Πασχάλης", "", True),
        ("παπ", "Μπάρκας", "BARKAS", False),
        ("ива", "Παπάς", "PAPAS", False),
        ("ива", "", "Иванов", True),
    ],
)
def test_a_surname_is_found_by_how_it_begins(
    typed: str, surname: str, latin: str, found: bool
) -> None:
    read = surnames.prefix(typed)
    assert read
    assert bool(surnames.begins((surname, latin), read)) is found


@pytest.mark.parametrize("typed", ["", "πα", "p a", "12345", "%%%", "___"])
def test_less_than_three_letters_find_nobody(typed: str) -> None:
    assert surnames.prefix(typed) is None
