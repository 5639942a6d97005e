"""Which rows are one human, and that strangers never become one."""

import random
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.students import amka
from domain.registrar.humans import humans, people
from domain.registrar.rows import Row

MARIA = {"firstnameel": "Μαρία", "lastnameel": "Παπαδοπούλου", "birthdate": "20050101"}
CHRISTOS = {"firstnameel": "Χρήστος", "lastnameel": "Μπαμπινιώτης", "birthdate": "20050101"}
FATHER = {"fatherfirstnameel": "Πέτρος"}
AMKA = {"ssn": "01010500013"}
MOBILE = {"mobilephone": "6971234567"}


def row(number: str, **columns: str | None) -> Row:
    return {"systemid": "SIS", "registrationid": number, "enrollmentstatus": "active", **columns}


def groups(*rows: Row) -> set[frozenset[str]]:
    return {
        frozenset(str(each["registrationid"]) for each in human) for human in humans(rows, "GR")
    }


ONE = {frozenset("12")}
TWO = {frozenset("1"), frozenset("2")}


NOTHING = (
    *(None, "", "-", "---", ".", "0", "NULL", "N/A", "\u200b", "000", "123", "UNKNOWN", "unknown."),
    *("ΑΓΝΩΣΤΟΣ", "Άγνωστος", "αγνώστου", "ΑΓΝΩΣΤΟ", "ΆΓNΩΣTOΣ", "(άγνωστος)", "αγν.", "ΑΓΝ"),
    *("ΠΑΤΡΟΣ ΑΓΝΩΣΤΟΥ", "Άγνωστος πατέρας", "ΑΓΝΩΣΤΟΥ ΠΑΤΡΩΝΥΜΟΥ", "Ν/Α", "ν.α.", "Ν / Α"),
    *("δεν υπάρχει", "ΔΕΝ ΕΧΕΙ", "Δεν  έχει.", "ΔEN EXEI", "δεν δηλώθηκε", "ΧΩΡΙΣ ΠΑΤΕΡΑ", "—"),
    *("ΧΧΧ", "XXX", "xx", "Χ Χ Χ", "agnostos", "AGNOSTOU PATROS", "no father", "not known"),
)
ABBREVIATED = ("Π.", "Π", "ΠΕΤ.", "Πέτρ.", "P.", "ΠΕΤΡΟΣ Ι.", "Π.Ι.", "Π/ΡΟΣ")


@pytest.mark.parametrize("nothing", [*NOTHING, *ABBREVIATED])
@pytest.mark.parametrize("column", ["fatherfirstnameel", "fatherfirstnameen"])
def test_an_unknown_father_is_no_fact(nothing: str | None, column: str) -> None:
    unknown = MARIA | {column: nothing}
    assert groups(row("1", **unknown), row("2", **unknown)) == TWO
    assert groups(row("1", **unknown), row("2", **MARIA | FATHER)) == TWO
    assert groups(row("1", **unknown | MOBILE), row("2", **unknown | MOBILE)) == ONE
    assert groups(row("1", **unknown | MOBILE), row("2", **MARIA | FATHER | MOBILE)) == ONE
    assert groups(row("1", **unknown | AMKA), row("2", **unknown | AMKA)) == ONE


@pytest.mark.parametrize(
    ("other", "result"),
    [
        ({"firstnameel": "Xρήστος", "lastnameel": "Mπαμπινιώτης"}, ONE),
        ({"firstnameel": "ΧΡΗΣΤΟΣ", "lastnameel": "ΜΠAΜΠΙΝΙΩΤHΣ"}, ONE),
        ({"firstnameel": "Χρήστος", "lastnameel": "Mπαµπινιώτης"}, ONE),
        ({"lastnameel": "Μπαμπινιώτης - "}, ONE),
        (
            {
                "firstnameel": "-",
                "lastnameel": None,
                "firstnameen": "Christos",
                "lastnameen": "BAMPINIOTIS",
            },
            ONE,
        ),
        ({"firstnameel": "Christos", "lastnameel": "Bampiniotis"}, ONE),
        ({"birthdate": "1/1/05"}, ONE),
        ({"fatherfirstnameel": "Παύλος"}, TWO),
        ({"birthdate": "2/1/2005"}, TWO),
        ({"birthdate": "-"}, TWO),
        ({"birthdate": "19000101"}, TWO),
        ({"firstnameel": "Χρίστος"}, ONE),
        ({"firstnameel": "Πέτρος"}, TWO),
        ({"firstnameel": None}, TWO),
    ],
)
def test_rows_are_compared_by_what_they_mean(
    other: dict[str, str | None], result: set[frozenset[str]]
) -> None:
    base: dict[str, str | None] = {**CHRISTOS, **FATHER}
    assert groups(row("1", **base), row("2", **base | other)) == result


def test_latin_names_alone_are_names() -> None:
    latin = {"firstnameen": "Ana", "lastnameen": "Silva", "birthdate": "20040404"}
    assert groups(row("1", **latin | MOBILE), row("2", **latin | MOBILE)) == ONE
    assert groups(row("1", **latin | FATHER), row("2", **latin | FATHER)) == ONE
    assert groups(row("1", **latin), row("2", **latin)) == TWO


def test_the_registrars_own_spelling_counts_beside_the_transcribed_one() -> None:
    one = {"lastnameel": "Αγγέλου", "lastnameen": "Agelou", "firstnameel": "Εύα"}
    other = {"lastnameen": "Agelou", "firstnameen": "Eva"}
    more = {"birthdate": "20040404", **FATHER}
    assert groups(row("1", **one | more), row("2", **other | more)) == ONE
    copied = other | {"lastnameel": "Παππά", "firstnameel": "Άννα"}
    assert groups(row("1", **one | more), row("2", **copied | more)) == TWO
    assert groups(row("1", **one | more | AMKA), row("2", **copied | more | AMKA)) == TWO


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ({"fatherfirstnameen": "Petros"}, {"fatherfirstnameen": "PETROS"}, ONE),
        ({"fatherfirstnameen": "Petros"}, {"fatherfirstnameel": "Πέτρος"}, ONE),
        ({"fatherfirstnameel": "Petros"}, {"fatherfirstnameel": "ΠΕΤΡΟΣ"}, ONE),
        ({"fatherfirstnameel": "-", "fatherfirstnameen": "Petros"}, FATHER, ONE),
        ({"fatherfirstnameel": "ΑΓΝΩΣΤΟΣ", "fatherfirstnameen": "Petros"}, FATHER, ONE),
        (FATHER | {"fatherfirstnameen": "Peter"}, {"fatherfirstnameen": "Peter"}, ONE),
        (FATHER | {"fatherfirstnameen": "UNKNOWN"}, FATHER, ONE),
        *(
            ({"fatherfirstnameel": name},) * 2 + (ONE,)
            for name in ("Ό’Κόνορ", "D'Angelo", "Ηλι\u0301ας")
        ),
        ({"fatherfirstnameel": "Η\u0301ρωνας"}, {"fatherfirstnameel": "ΗΡΩΝΑΣ"}, ONE),
        ({"fatherfirstnameen": "Petros"}, {"fatherfirstnameen": "Pavlos"}, TWO),
        ({"fatherfirstnameen": "Peter"}, FATHER, TWO),
        # The Latin may be a copy of another row's.
        (FATHER | {"fatherfirstnameen": "Peter"}, {"fatherfirstnameel": "Παύλος"}, TWO),
        (
            FATHER | {"fatherfirstnameen": "Peter"},
            {"fatherfirstnameel": "Παύλος", "fatherfirstnameen": "Peter"},
            TWO,
        ),
    ],
)
def test_a_father_is_read_in_both_alphabets(
    one: dict[str, str], other: dict[str, str], result: set[frozenset[str]]
) -> None:
    for names in (MARIA, {"firstnameen": "Ana", "lastnameen": "Silva", "birthdate": "20040404"}):
        assert groups(row("1", **names | one), row("2", **names | other)) == result


def test_a_latin_father_that_fits_two_joins_neither() -> None:
    latin = {"fatherfirstnameen": "Giorgos"}
    one, other = ({"fatherfirstnameel": name} | latin for name in ("Γιώργος", "Γεώργιος"))
    rows = [row("1", **MARIA | one), row("2", **MARIA | other), row("3", **MARIA | latin)]
    assert groups(*rows) == TWO | {frozenset("3")}
    assert groups(*rows[::2]) == {frozenset("13")}


@pytest.mark.parametrize("other", ["Γ.", "Γεώργ.", "G.", "Παύλος"])
def test_fathers_that_begin_otherwise_part_who_share_a_contact(other: str) -> None:
    rows = [row("1", **MARIA | FATHER | MOBILE)]
    rows.append(row("2", **MARIA | MOBILE | {"fatherfirstnameel": other}))
    assert groups(*rows) == TWO
    assert groups(*rows, row("3", **MARIA | MOBILE)) == TWO | {frozenset("3")}


@pytest.mark.parametrize("placeholder", ["6900000000", "6999999999"])
def test_a_placeholder_is_no_contact_in_common(placeholder: str) -> None:
    same = MARIA | {"mobilephone": placeholder}
    assert groups(row("1", **same), row("2", **same)) == TWO


@pytest.mark.parametrize(
    "mail",
    [
        *("secretary@uni.example", "a.b@sub.uni.example", "no@mail.example", "none@x.example"),
        *("no-mail@x.example", "info@x.example", "grammateia@lib.example", "xxx@x.example"),
    ],
)
def test_a_mailbox_of_the_university_or_of_nobody_is_no_contact_in_common(mail: str) -> None:
    rows = [row(n, **MARIA | {"extemail": mail}) for n in "12"]
    assert len(humans(rows, "GR", ("uni.example",))) == 2
    theirs = [{**each, "extemail": f"{mail} maria@mail.example"} for each in rows]
    assert len(humans(theirs, "GR", ("uni.example",))) == 1


@pytest.mark.parametrize(
    ("more", "joined"),
    [
        ({"firstnameel": "Ελένη"}, False),
        ({"firstnameel": None, "firstnameen": "Eleni"}, False),
        ({"lastnameel": "Άλλου", "firstnameel": "Ζωή"}, False),
        ({"birthdate": "20050102"}, False),
        ({"birthdate": "3/9/1970", "firstnameel": "Άννα", "lastnameel": "Άλλου"}, False),
        # A marriage, a name more, nothing told: the same person for all that is known.
        ({"lastnameel": "Άλλου"}, True),
        ({"firstnameel": "Μαριάννα"}, False),
        ({"firstnameel": "Μαρία Ελένη"}, True),
        ({"firstnameel": "Ελένη-Μαρία"}, True),
        ({"firstnameel": "Μ."}, True),
        ({"birthdate": None}, True),
        ({"firstnameel": None, "lastnameel": None}, True),
    ],
)
@pytest.mark.parametrize("status", ["active", "inactive"])
@pytest.mark.parametrize("contact", [MOBILE, {"extemail": "family@mail.example"}])
def test_a_contact_of_several_persons_proves_nobody(
    more: dict[str, str | None], joined: bool, status: str, contact: dict[str, str]
) -> None:
    rows = [row("1", **MARIA | contact), row("2", **MARIA | contact)]
    other = {**row("3", **MARIA), **more, **contact, "enrollmentstatus": status}
    assert groups(*rows) == ONE
    for order in ([*rows, other], [other, *rows]):
        assert any({"1", "2"} <= human for human in groups(*order)) is joined


@pytest.mark.parametrize(
    ("first", "joined"),
    [
        *((name, False) for name in ("Ελένη", "Μάριος", "Μαριάννα", "Άννα")),
        *((name, True) for name in ("Μ.", "ΜΑΡ.", "Μαρία Ελένη", "Ελένη-Μαρία", "ΜΑΡΙΑ", None)),
    ],
)
@pytest.mark.parametrize("number", ["01010500013", "15037001177"])
def test_twins_under_one_number_are_two(first: str | None, joined: bool, number: str) -> None:
    rows = [row("1", **MARIA, ssn=number), {**row("2", **MARIA, ssn=number), "firstnameel": first}]
    for order in (rows, rows[::-1]):
        assert groups(*order) == (ONE if joined else TWO)
    latin = {"firstnameel": None, "firstnameen": "Eleni"}
    assert groups(rows[0], {**rows[0], **latin, "registrationid": "2"}) == TWO


def test_a_row_of_both_first_names_does_not_join_twins() -> None:
    rows = [
        row(n, **MARIA | AMKA | {"firstnameel": first})
        for n, first in (("1", "Μαρία"), ("2", "Μαρία Ελένη"), ("3", "Ελένη"))
    ]
    assert len(humans(rows, "GR")) == 3


FOREIGN = {"ssn": "AL0012345", "ssncountry": "AL"}
AGAIN: tuple[dict[str, str | None], ...] = (
    {"lastnameel": "Άλλου"},
    {"birthdate": "20050110"},
    {"birthdate": None},
    {"lastnameel": None},
    {"firstnameel": "ΜΑΡΙΑ", "fatherfirstnameel": "Παύλος"},
)
STRANGERS: tuple[dict[str, str | None], ...] = (
    {"firstnameel": "Άννα", "lastnameel": "Ξένου", "birthdate": "3/9/1999"},
    {"firstnameel": "Άννα", "lastnameel": "Ξένου"},
    {"firstnameel": "Ελένη"},
    {"firstnameel": "Ελένη", "lastnameel": None},
    {"firstnameel": None, "lastnameel": None, "birthdate": None},
)


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("number", [AMKA, FOREIGN])
def test_a_number_on_a_strangers_row_parts_nobody(
    number: dict[str, str], again: dict[str, str | None], stranger: dict[str, str | None]
) -> None:
    """The stranger's row may be first, last, or between."""
    own = [row("1", **MARIA | number), row("2", **MARIA | number | again)]
    other = row("9", **MARIA | number | stranger)
    for order in permutations([*own, other]):
        assert groups(*order) == {frozenset("12"), frozenset("9")}


@pytest.mark.parametrize("again", AGAIN)
def test_a_number_is_left_to_whose_birth_date_it_begins_with(again: dict[str, str | None]) -> None:
    """However many rows a stranger has."""
    stranger = {"firstnameel": "Άννα", "lastnameel": "Ξένου", "birthdate": "3/9/1999"}
    own = [row("1", **MARIA | AMKA)]
    others = [row(n, **MARIA | AMKA | stranger) for n in "89"]
    for order in permutations([*own, *others]):
        found = humans(order, "GR")
        assert {"1": AMKA["ssn"], "8": None, "9": None} == {
            str(each["registrationid"]): each["ssn"] for human in found for each in human
        }
    rows = [*own, row("2", **MARIA | AMKA | again), row("3", **MARIA | AMKA | again), *others]
    assert frozenset("123") in groups(*rows)


def test_a_number_of_twins_joins_the_rows_of_each_and_is_neithers() -> None:
    rows = [
        row(n, **MARIA | AMKA | {"firstnameel": first, "lastnameel": last})
        for n, first, last in (
            *(("1", "Μαρία", "Παππά"), ("2", "Μαρία", "Άλλου")),
            *(("3", "Ελένη", "Παππά"), ("4", "Ελένη", "Άλλου")),
        )
    ]
    assert groups(*rows) == {frozenset("12"), frozenset("34")}
    assert not any(each["ssn"] for human in humans(rows, "GR") for each in human)


@pytest.mark.parametrize("others", [1, 2, 3])
def test_a_number_that_two_humans_have_parts_no_rows_of_either(others: int) -> None:
    """Whoever has it by mistake, and whether that can be told."""
    one = [row(str(n), **MARIA | FOREIGN) for n in (1, 2)]
    other = [row(str(n), **CHRISTOS | FOREIGN) for n in range(3, 3 + others)]
    for order in ([*one, *other], [*other, *one]):
        assert groups(*order) == {
            frozenset("12"),
            frozenset(str(each["registrationid"]) for each in other),
        }
    owned = {1: "12", 2: "", 3: "345"}[others]
    assert owned == "".join(
        sorted(
            str(each["registrationid"])
            for human in humans([*one, *other], "GR")
            for each in human
            if each["ssn"]
        )
    )


def test_a_row_that_fits_twins_parts_nobody() -> None:
    rows = [
        row(n, **MARIA | FOREIGN | {"firstnameel": first})
        for n, first in (("1", "Μαρία"), ("2", "Μαρία"), ("3", "Μαρία Ελένη"), ("4", "Ελένη"))
    ]
    assert frozenset("12") not in groups(*rows)  # Two of four: it is told of nobody.
    rows.append(row("5", **MARIA | FOREIGN))
    assert groups(*rows) == {frozenset("125"), frozenset("3"), frozenset("4")}


@pytest.mark.parametrize("many", [25, 250])
def test_a_number_of_many_joins_nobody(many: int) -> None:
    """It is a placeholder that happens to be a number."""
    spelled = (str(n).translate(str.maketrans("0123456789", "αβγδεζηθικ")) for n in range(many))
    others = [row(n, **AMKA, firstnameel=f"Ά{n}", lastnameel=f"Ξ{n}") for n in spelled]
    born = {"birthdate": "3/9/1999"}
    rows = [row("1", **MARIA | AMKA | born), row("2", **MARIA | AMKA | born), *others]
    assert groups(*rows) >= TWO


def test_a_number_on_a_row_of_a_mistyped_date_still_joins() -> None:
    rows = [row("1", **MARIA | AMKA), row("2", **MARIA | AMKA | {"birthdate": "20050110"})]
    assert groups(*rows) == ONE


def test_another_contact_of_ones_own_still_joins() -> None:
    own = {"extemail": "maria@mail.example"}
    rows = [row(n, **MARIA | MOBILE | own) for n in "12"]
    assert groups(*rows, row("3", **CHRISTOS | MOBILE)) == ONE | {frozenset("3")}


def test_a_row_that_fits_two_humans_joins_neither() -> None:
    pavlos = {"fatherfirstnameel": "Παύλος"}
    rows = [row("1", **MARIA | FATHER | MOBILE), row("2", **MARIA | pavlos | MOBILE)]
    assert groups(*rows, row("3", **MARIA | MOBILE)) == TWO | {frozenset("3")}
    other = {"ssn": "02010500011"}
    rows = [row("1", **MARIA | FATHER | AMKA), row("2", **MARIA | FATHER | other)]
    assert groups(*rows, row("3", **MARIA | FATHER)) == TWO | {frozenset("3")}
    rows = [row("1", **MARIA | MOBILE | AMKA), row("2", **MARIA | MOBILE | other)]
    assert groups(*rows, row("3", **MARIA | MOBILE)) == TWO | {frozenset("3")}


def test_rows_without_a_number_join_the_one_human_with_one() -> None:
    numbered = row("1", **MARIA | FATHER | AMKA)
    assert groups(numbered, row("2", **MARIA | FATHER)) == ONE
    assert groups(row("2", **MARIA | MOBILE), row("1", **MARIA | MOBILE | AMKA)) == ONE


# --- humans that are not joined and may be one ---------------------------------------------------

OTHER_AMKA = {"ssn": "01010500021"}
SURNAME = {"lastnameel": "Άλλου"}
PAVLOS = {"fatherfirstnameel": "Παύλος"}
COUSINS = (
    *(("Γεώργιος", "Γρηγόριος"), ("Νικόλαος", "Νικήτας"), ("Δημήτριος", "Δημοσθένης")),
    *(("Αναστάσιος", "Αθανάσιος"), ("Χρήστος", "Χριστόφορος"), ("Παναγιώτης", "Παντελής")),
    *(("Ευάγγελος", "Άγγελος"), ("Στέφανος", "Στέλιος"), ("Ανδρέας", "Ανδρόνικος")),
)
ONE_FATHER = (
    *(("Γεώργιος", "Γιώργος"), ("Γεώργιος", "Γεωργίου"), ("Ιωάννης", "Γιάννης")),
    *(("Κωνσταντίνος", "ΚΩΝ/ΝΟΣ"), ("Γεώργιος", "ΓΕΩΡΓ."), ("Φίλιππος", "Φίλιπος")),
    *(("Πέτρος", "Peter"), ("Γεώργιος Ιωάννης", "Γεώργιος")),
)
MISSPELT = (("Γεώργιος", "Γεώργοις"), ("Χρήστος", "Χρ."), ("Γεώργιος", "Γ."), ("Agim", "Asim"))
FORMS = (("Ιωάννης", "Γιάννης"), ("Μοχάμεντ", "Μοχάμετ"), ("Αικατερίνη", "Κατερίνα"))
PETROS = {"firstnameel": "Πέτρος"}
PETER = {"firstnameel": "Peter"}
YEAR = {"inscriptionacyear": "2023"}


def near(*rows: Row) -> set[frozenset[str]]:
    """Return which rows may be of one human by twos, though they are not joined."""
    return {
        frozenset((str(one["registrationid"]), str(other["registrationid"])))
        for human in people(rows, "GR", ("uni.example",))
        for one in human.rows
        for other in human.alike
    }


BY: dict[str, dict[str, str | None]] = {"by father": {**FATHER}, "by contact": {**MOBILE}}
NEAR: dict[str, tuple[Row, Row, bool]] = {
    "number corrected": (AMKA | FATHER, OTHER_AMKA | FATHER, True),
    "number corrected, by contact": (AMKA | MOBILE, OTHER_AMKA | MOBILE, True),
    "number of another kind": (FOREIGN | FATHER, AMKA | FATHER, True),
    "number of another kind, by contact": (FOREIGN | MOBILE, AMKA | MOBILE, True),
    "surname changed": (FATHER, AMKA | SURNAME | FATHER, True),
    "surname changed, by contact": (MOBILE, AMKA | SURNAME | MOBILE, True),
    "surname and number": (AMKA | FATHER, OTHER_AMKA | SURNAME | FATHER, False),
    "surname and number, by contact": (AMKA | MOBILE, OTHER_AMKA | SURNAME | MOBILE, True),
    "surname and kind of number": (FOREIGN | FATHER, AMKA | SURNAME | FATHER, False),
    "surname and kind of number, by contact": (FOREIGN | MOBILE, AMKA | SURNAME | MOBILE, True),
    "surname, of one year": (FATHER | YEAR, FATHER | YEAR | SURNAME, False),
    "surname, of one year, by contact": (MOBILE | YEAR, MOBILE | YEAR | SURNAME, True),
    "surname, of another year": (
        FATHER | YEAR,
        FATHER | SURNAME | {"inscriptionacyear": "2027"},
        True,
    ),
    "surname, of a year and none": (FATHER | YEAR, FATHER | SURNAME, True),
    "a man's surname": (PETROS | FATHER, PETROS | SURNAME | FATHER, False),
    "a man's surname, by contact": (PETROS | MOBILE, PETROS | SURNAME | MOBILE, True),
    "a father in another form, by contact": (
        MOBILE | {"fatherfirstnameel": "Γιάννης"},
        AMKA | MOBILE | {"fatherfirstnameel": "Ιωάννης"},
        True,
    ),
    "a father in another form": (
        {"fatherfirstnameel": "Γιάννης"},
        AMKA | {"fatherfirstnameel": "Ιωάννης"},
        True,
    ),
    "a first name in another form": (PETROS | FATHER, PETER | FATHER, True),
    "a first name in another form, by contact": (PETROS | MOBILE, PETER | MOBILE, True),
    "and another number": (AMKA | PETROS | MOBILE, OTHER_AMKA | PETER | MOBILE, True),
    "both names respelled, another kind of number": (
        FOREIGN | MOBILE | FATHER | {"firstnameel": "Έργκις", "lastnameel": "Χότζα"},
        AMKA | MOBILE | FATHER | {"firstnameel": "Ergys", "lastnameel": "Hoxha"},
        True,
    ),
    "twins of usual names, one contact": (MOBILE, MOBILE | {"firstnameel": "Μαρίνα"}, False),
    "twins of numbers of their own": (
        AMKA | FATHER | MOBILE,
        OTHER_AMKA | FATHER | MOBILE | {"firstnameel": "Μαρία Ελένη"},
        False,
    ),
    **{
        f"one foreign number, {told}, {by}": (FOREIGN | fact, FOREIGN | fact | other, may_be)
        for by, fact in BY.items()
        for told, other, may_be in (
            ("a first name respelled", {"firstnameel": "Μαρίαμ"}, True),
            ("another first name", {"firstnameel": "Ελένη"}, False),
            ("another usual name", {"firstnameel": "Μαρίνα"}, False),
        )
    },
    **{
        f"one AMKA of both, {told}, {by}": (AMKA | fact, AMKA | fact | other, True)
        for by, fact in BY.items()
        for told, other in (
            ("another first name", {"firstnameel": "Ρίτσα"}),
            ("both names respelled", {"firstnameel": "Μάιρη", "lastnameel": "Παπαδοπούλ"}),
        )
    },
    "nothing but names": (AMKA, OTHER_AMKA, False),
    "another father": (AMKA | FATHER, OTHER_AMKA | PAVLOS, False),
    "another father, one contact": (FATHER | MOBILE, SURNAME | PAVLOS | MOBILE, False),
    "a father that begins otherwise": (
        MOBILE | FATHER,
        SURNAME | MOBILE | {"fatherfirstnameel": "Γ."},
        False,
    ),
    "twins": (FATHER | MOBILE, FATHER | MOBILE | {"firstnameel": "Ελένη"}, False),
    "another birth date": (FATHER | MOBILE, FATHER | MOBILE | {"birthdate": "20050102"}, False),
    **{
        f"{told}, {by}": (
            fact | {"birthdate": "1/2/2005"},
            fact | {"birthdate": "1/2/2005"} | other,
            may_be,
        )
        for by, fact in BY.items()
        for told, other, may_be in (
            ("no birth date", {"birthdate": None}, True),
            ("a date that is none", {"birthdate": "31/2/2005"}, True),
            ("day and month exchanged", {"birthdate": "2/1/2005"}, True),
            ("another birth date", {"birthdate": "2/2/2005"}, False),
            ("no first name", {"firstnameel": None}, True),
            ("a first name more", {"firstnameel": "Μαρία Ελένη"}, True),
            ("another first name", {"firstnameel": "Μαριάννα"}, False),
            ("names exchanged", {"firstnameel": "Παπαδοπούλου", "lastnameel": "Μαρία"}, True),
            ("surname and no birth date", SURNAME | {"birthdate": None}, False),
            ("surname and date exchanged", SURNAME | {"birthdate": "2/1/2005"}, False),
            ("first name and no birth date", {"firstnameel": None, "birthdate": None}, False),
            ("number and no birth date", {"ssn": "01020500177", "birthdate": None}, True),
            ("a number of another date, no birth date", AMKA | {"birthdate": None}, False),
        )
    },
    "no birth date and nothing more": ({}, {"birthdate": None}, False),
    "no birth date, another number": (
        AMKA | FATHER,
        OTHER_AMKA | FATHER | {"birthdate": None},
        False,
    ),
    "no birth date, another number, by contact": (
        AMKA | MOBILE,
        OTHER_AMKA | MOBILE | {"birthdate": None},
        True,
    ),
    "no birth date, another father": (
        FATHER | MOBILE,
        PAVLOS | MOBILE | {"birthdate": None},
        False,
    ),
    **{
        f"father {name}": (FATHER, {"fatherfirstnameel": name}, may_be)
        for name, may_be in (
            *(("Πέτρου", True), ("ΠΕΤΡΟΥ", True), ("του Πέτρου", True), ("Petrou", True)),
            *(("Παύλου", False), ("Πετράκη", False), ("Πέτρου Ιωάννου", False), ("ΠΕΤΡ.", True)),
        )
    },
    "father in Latin letters": (FATHER, {"fatherfirstnameen": "PETROU"}, True),
    "father in the genitive twice": (FATHER, {"fatherfirstnameel": "Πέτρου", **SURNAME}, True),
    "two numbers, surname, father": (
        AMKA | FATHER,
        OTHER_AMKA | SURNAME | {"fatherfirstnameel": "Πέτρου"},
        False,
    ),
    "the university's address": (
        AMKA | {"extemail": "a@uni.example"},
        OTHER_AMKA | {"extemail": "a@uni.example"},
        False,
    ),
}


CHANGED: dict[str, tuple[Row, bool]] = {
    "surname, date exchanged": (SURNAME | {"birthdate": "2/1/2005"}, True),
    "surname, no date": (SURNAME | {"birthdate": None}, True),
    "surname, another date": (SURNAME | {"birthdate": "3/9/2004"}, True),
    "first name respelled, no date": ({"firstnameel": "Μαρίνα", "birthdate": None}, True),
    "both names, no date": (SURNAME | {"firstnameel": "Μαρίνα", "birthdate": None}, True),
    "a sister, no date": ({"firstnameel": "Ελένη", "birthdate": None}, False),
    "a sister of a like name": ({"firstnameel": "Μαρίνα", "birthdate": "3/9/2004"}, False),
}


@pytest.mark.parametrize("by", [FATHER, MOBILE])
@pytest.mark.parametrize("case", CHANGED)
def test_rows_of_one_number_of_which_more_has_changed_may_be_one_human(
    case: str, by: dict[str, str]
) -> None:
    """Where a father or a contact says so."""
    number, (changed, may_be) = {"ssn": "01020500177"}, CHANGED[case]
    born = {**MARIA, **number, "birthdate": "1/2/2005"}
    rows = [row("1", **born | by), row("2", **{**born, **by, **changed})]
    assert groups(*rows) == TWO
    assert near(*rows) == ({frozenset("12")} if may_be else set())
    assert near(*({**each, **dict.fromkeys(by)} for each in rows)) == set()


@pytest.mark.parametrize("case", NEAR)
def test_rows_that_nothing_joins_may_be_one_human_where_more_than_names_agrees(case: str) -> None:
    one, other, may_be = NEAR[case]
    rows = [row("1", **{**MARIA, **one}), row("2", **{**MARIA, **other})]
    for order in (rows, rows[::-1]):
        assert groups(*order) == TWO
        assert near(*order) == ({frozenset("12")} if may_be else set())


def test_a_contact_of_many_makes_nobody_alike() -> None:
    own = MARIA | {"extemail": "kiosk@lib.example"}
    rows = [row("1", **own | AMKA), row("2", **own | OTHER_AMKA)]
    assert near(*rows) == {frozenset("12")}
    assert near(*rows, row("3", **CHRISTOS, extemail="kiosk@lib.example")) == set()


def test_who_fits_two_humans_may_be_either() -> None:
    rows = [row("1", **MARIA | FATHER | AMKA), row("2", **MARIA | FATHER | OTHER_AMKA)]
    assert near(*rows, row("3", **MARIA | FATHER)) == {
        frozenset(each) for each in ("12", "13", "23")
    }


def test_a_namesake_under_ones_number_is_somebody_else() -> None:
    """A date may be mistyped; another father as well as another date is another person."""
    one = row("1", **MARIA | AMKA | FATHER)
    namesake = MARIA | AMKA | {"birthdate": "3/6/2003"}
    assert groups(one, row("2", **namesake | PAVLOS)) == TWO
    assert near(one, row("2", **namesake | PAVLOS)) == set()
    for father in (FATHER, {"fatherfirstnameel": "ΠΕΤΡΟΥ"}):
        assert groups(one, row("2", **namesake | father)) == ONE
    for number in (FOREIGN, {"ssn": "15037001177"}):
        assert groups({**one, **number}, row("2", **namesake | number)) == ONE


@pytest.mark.parametrize("born", ["3/6/2003", "1/1/2003", "11/1/2005", None])
def test_a_date_that_the_number_does_not_begin_with_is_support_to_ask_about(
    born: str | None,
) -> None:
    """Where no father tells more; two digits exchanged are a slip."""
    one = row("1", **MARIA | {"birthdate": "20050110", "ssn": "10010500006"})
    other = row("2", **MARIA | {"birthdate": born, "ssn": "10010500006"})
    told = {**one, **FATHER}
    for rows in ([told, other], [one, other], [other, told]):
        assert groups(*rows) == (TWO if born else ONE)
        assert near(*rows) == ({frozenset("12")} if born else set())
    assert groups(one, {**other, "birthdate": "1/10/2005"}) == ONE
    assert groups(one, {**other, "birthdate": "1/1/2005"}) == ONE


def test_a_row_whose_date_the_number_tells_joins_no_namesake() -> None:
    rows = [row("1", **MARIA | AMKA | {"birthdate": None}), row("2", **MARIA | AMKA)]
    assert groups(*rows) == ONE
    rows[1] = row("2", **MARIA | AMKA | {"birthdate": "3/6/2003"})
    assert groups(*rows) == TWO
    assert near(*rows) == {frozenset("12")}


@pytest.mark.parametrize(
    ("one", "other", "joined", "alike"),
    [
        *((one, other, False, False) for one, other in COUSINS),
        *((one, other, True, False) for one, other in ONE_FATHER),
        *((one, other, False, True) for one, other in MISSPELT),
    ],
)
def test_fathers_of_namesakes_are_brothers_and_each_has_a_name_of_his_own(
    one: str, other: str, *, joined: bool, alike: bool
) -> None:
    """Of other birth dates, under a number of one of them."""
    rows = [
        row("1", **MARIA | AMKA, fatherfirstnameel=one),
        row("2", **MARIA | AMKA | {"birthdate": "3/6/2003"}, fatherfirstnameel=other),
    ]
    for order in (rows, rows[::-1]):
        assert groups(*order) == (ONE if joined else TWO)
        assert near(*order) == ({frozenset("12")} if alike else set())


@pytest.mark.parametrize("others", [1, 5, 6])
def test_of_a_row_without_a_date_nobody_is_asked_where_it_fits_many(others: int) -> None:
    undated = row("0", **MARIA | FATHER | {"birthdate": None})
    namesakes = [
        row(str(n), **MARIA | FATHER | {"birthdate": f"1/1/200{n}"}) for n in range(1, others + 1)
    ]
    pairs = {frozenset(("0", str(n))) for n in range(1, others + 1)}
    assert near(undated, *namesakes) == (pairs if others < 6 else set())
    own = [{**undated, **MOBILE}, {**namesakes[0], **MOBILE}, *namesakes[1:]]
    assert frozenset("01") in near(*own)


def test_a_contact_of_a_family_tells_of_whom_all_but_the_father_agrees() -> None:
    sister = row("3", **MARIA | MOBILE | {"firstnameel": "Άννα", "birthdate": "3/6/2003"})
    rows = [row("1", **MARIA | MOBILE), row("2", **MARIA | AMKA | FATHER | MOBILE)]
    assert groups(*rows, sister) == TWO | {frozenset("3")}
    assert near(*rows, sister) == {frozenset("12")}
    rows[0] = row("1", **MARIA | MOBILE | OTHER_AMKA)
    assert near(*rows, sister) == set()


@pytest.mark.parametrize(
    ("first", "other"),
    [("Μαρία", "Ελένη"), ("Γεώργιος", "Νικόλαος"), ("Παναγιώτης", "Τάκης"), *FORMS],
)
@pytest.mark.parametrize("number", [AMKA, {"ssn": "15037001177"}])
def test_another_first_name_may_be_ones_own_under_a_number_of_both(
    first: str, other: str, number: dict[str, str | None]
) -> None:
    """Under a number that begins with the birth date; a parent's has another."""
    rows = [
        row(str(n), **MARIA | FATHER | number | {"firstnameel": each})
        for n, each in enumerate((first, other), 1)
    ]
    assert groups(*rows) == TWO
    may_be = number is AMKA or (first, other) in FORMS
    assert near(*rows) == ({frozenset("12")} if may_be else set())


FATHERS_ALIKE = (
    *(("Γεώργιος", "Γιώργος"), ("Ιωάννης", "Γιάννης"), ("Κωνσταντίνος", "ΚΩΝ/ΝΟΣ")),
    *(("Γεώργιος", "ΓΕΩΡΓ."), ("Ιωάννης", "Ιωάνης"), ("Γεώργιος", "Γεώργιος Ιωάννης")),
)
LESS_KNOWN: dict[str, Row] = {
    "nothing else": {},
    "a woman's surname": SURNAME,
    "day and month exchanged": {"birthdate": "20050201"},
    "no birth date": {"birthdate": None},
    "a number on one row": AMKA,
}


@pytest.mark.parametrize("case", LESS_KNOWN)
@pytest.mark.parametrize("fathers", [*FATHERS_ALIKE, *COUSINS])
def test_a_father_in_another_form_is_support_to_ask_about(
    case: str, fathers: tuple[str, str]
) -> None:
    """As if the name were the same; two names that only begin alike are two fathers."""
    one, other = ({"fatherfirstnameel": each} for each in fathers)
    born = MARIA | {"birthdate": "20050102"}
    rows = [row("1", **born | one), row("2", **{**born, **LESS_KNOWN[case], **other})]
    for order in (rows, rows[::-1]):
        assert groups(*order) == TWO
        assert near(*order) == ({frozenset("12")} if fathers in FATHERS_ALIKE else set())


def test_the_order_of_rows_does_not_decide_which_names_are_similar() -> None:
    fathers = ({"fatherfirstnameel": "Γιώργος"}, {"fatherfirstnameel": "Γεωργίου"})
    rows = [row(str(n), **MARIA | AMKA | each) for n, each in enumerate(fathers, 1)]
    rows[1] = {**rows[1], "birthdate": "20030309"}
    assert groups(*rows) == TWO
    assert near(*rows) == near(*rows[::-1]) == {frozenset("12")}


WRITTEN: dict[str, tuple[Row, Row, bool]] = {
    "a first name's form": ({"firstnameel": "Νικόλαος"}, {"firstnameel": "Νίκος"}, True),
    "a typo in a first name": ({"firstnameel": "Έργκις"}, {"firstnameel": "Έργκιζ"}, True),
    "twins of common names": ({"firstnameel": "Μαρία"}, {"firstnameel": "Μαρίνα"}, False),
    "twins of short names": ({"firstnameel": "Εύα"}, {"firstnameel": "Άβα"}, False),
    "twins of names alike": ({"firstnameel": "Θεοφανία"}, {"firstnameel": "Θεοπίστη"}, False),
    "a typo in a man's surname": (PETROS | {"lastnameel": "Παππάς"}, {"lastnameel": "Παπάς"}, True),
    "a man's second surname": (
        PETROS | {"lastnameel": "Παππάς"},
        {"lastnameel": "Παππάς-Δήμου"},
        True,
    ),
    "a man's surname missing": (PETROS, {"lastnameel": None}, True),
    "a typo in each name": (
        {"firstnameel": "Έργκις", "lastnameel": "Παππάς"},
        {"firstnameel": "Έργκιζ", "lastnameel": "Παπάς"},
        False,
    ),
    "a form and another birth date": (PETROS, PETER | {"birthdate": "20050309"}, False),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_name_in_another_form_under_one_father_is_support_to_ask_about(case: str) -> None:
    """Neither without a father, nor with another one, nor with two numbers."""
    changed, then, may_be = WRITTEN[case]
    own = {**MARIA, **changed}
    for fathers, numbers, asked in (
        ((FATHER, FATHER), ({}, {}), may_be),
        ((FATHER, FATHER), (AMKA, {}), may_be),
        ((FATHER, FATHER), (AMKA, OTHER_AMKA), False),
        ((FATHER, PAVLOS), ({}, {}), False),
        ((FATHER, {}), ({}, {}), False),
    ):
        rows = [
            row("1", **{**own, **fathers[0], **numbers[0]}),
            row("2", **{**own, **then, **fathers[1], **numbers[1]}),
        ]
        assert groups(*rows) == TWO
        assert near(*rows) == ({frozenset("12")} if asked else set())


@pytest.mark.parametrize("name", ["Άρτεμις", "Ραχήλ", "Ρουθ", "Ίρις", "Νικόλ", "Ελένη Ραχήλ"])
def test_women_whose_names_end_otherwise_may_have_changed_their_surname(name: str) -> None:
    own = MARIA | FATHER | {"firstnameel": name}
    assert near(row("1", **own), row("2", **own | SURNAME)) == {frozenset("12")}
    assert near(row("1", **own | YEAR), row("2", **own | SURNAME | YEAR)) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ssn": "J50201001A", "ssncountry": "AL"}, {"ssn": "j50201001-a"}),
        ({**AMKA, "ssncountry": "AL"}, AMKA),
        (
            {"ssn": "900101-1234567", "ssncountry": "KR"},
            {"ssn": "9001011234567", "ssncountry": "ΚΡ"},
        ),
    ],
)
def test_a_number_under_two_countries_is_support_to_ask_about(one: Row, other: Row) -> None:
    """If names and birth date agree; the number alone says nothing, nor does a short one."""
    rows = [row("1", **{**MARIA, **one}), row("2", **{**MARIA, **other})]
    assert groups(*rows) == TWO
    assert near(*rows) == {frozenset("12")}
    for column, value in (("firstnameel", "Ελένη"), ("lastnameel", "Άλλου"), ("ssn", "999")):
        assert near(rows[0], {**rows[1], column: value}) == set()
    assert near({**rows[0], "ssn": "X1"}, {**rows[1], "ssn": "X1"}) == set()


def test_rows_that_only_a_number_of_several_would_join_may_be_one_human() -> None:
    changed = {"birthdate": "20050110"}
    strangers = [
        row(n, **CHRISTOS | FOREIGN | {"firstnameel": f"Ά{n}", "lastnameel": f"Ξ{n}"})
        for n in "αβγ"
    ]
    rows = [row("1", **MARIA | FOREIGN), row("2", **MARIA | FOREIGN | changed)]
    assert groups(*rows) == ONE
    rows += strangers
    assert frozenset("12") not in groups(*rows)
    assert near(*rows) == {frozenset("12")}


# --- strangers of every kind, spelled in every way ----------------------------------------------

FIRST = ("Χρήστος", "Μαρία")
SPELLED = {
    "Χρήστος": ("Χρήστος", "ΧΡΗΣΤΟΣ", "Xρήστος", "Χρηστος "),
    "Μαρία": ("Μαρία", "ΜΑΡΙΑ", "Mαρία", "\u200bΜαρια"),
}


def written(draw: random.Random, human: int, number: str) -> Row:
    """Write one row of a human; humans differ in one thing that counts, and share all the others.

    0 and 1 in the first name, 2 in the father, 3 in the birth date, 4 in nothing but a number and
    contacts of their own: of it no father is ever known.
    """
    first = FIRST[human == 1]
    father, latin_father = {2: ("Παύλος", "Pavlos")}.get(human, ("Πέτρος", "PETROS"))
    fathers: dict[str, str | None]
    fathers = {"fatherfirstnameel": father, "fatherfirstnameen": latin_father}
    if human == 4 or (human not in {2, 3} and draw.random() < 0.2):
        fathers = dict.fromkeys(fathers, None) | {draw.choice([*fathers]): draw.choice(NOTHING)}
    elif human not in {2, 3}:
        fathers[draw.choice([*fathers])] = draw.choice((*NOTHING, *fathers.values()))
    born = "3/2/2005" if human == 3 else draw.choice(("20050101", "1/1/2005", "1-1-05"))
    # Twins and parents share a contact; who has one name, date and no father does not.
    shared = "6970000001" if human != 4 else "6970000004"
    serial = amka(date(2005, 2, 3) if human == 3 else date(2005, 1, 1), human, gender="F")
    latin = draw.random() < 0.2
    return row(
        number,
        firstnameel=None if latin else draw.choice(SPELLED[first]),
        lastnameel=None if latin else draw.choice(("Παππάς", "ΠΑΠΠΑΣ", "Παππaς")),
        firstnameen={"Χρήστος": "Christos", "Μαρία": "MARIA"}[first] if latin else None,
        lastnameen="Pappas" if latin else None,
        **fathers,
        birthdate=born,
        ssn=serial if draw.random() < 0.5 else draw.choice((None, "-", "0")),
        mobilephone=draw.choice((shared, f"+30 {shared}")) if human != 2 else None,
    )


@given(st.lists(st.integers(0, 4), max_size=9), st.randoms(use_true_random=False))
def test_strangers_are_never_joined_and_the_order_of_rows_does_not_matter(
    kinds: list[int], draw: random.Random
) -> None:
    rows = [written(draw, human, f"{human}{n}") for n, human in enumerate(kinds)]
    found = groups(*rows)
    assert all(len({number[0] for number in human}) == 1 for human in found), found
    draw.shuffle(rows)
    assert groups(*rows) == found


LATIN = {
    "firstnameel": None,
    "lastnameel": None,
    "firstnameen": "Maria",
    "lastnameen": "PAPADOPOULOU",
}
FATHERS = st.sampled_from((*NOTHING, *ABBREVIATED))


@st.composite
def fatherless(draw: st.DrawFn, number: str, mobile: str | None) -> Row:
    """Write a row of somebody of one name and birth date with others, whose father is not told."""
    capitals = MARIA | {"lastnameel": "ΠΑΠΑΔΟΠΟΥΛΟΥ"}
    names: dict[str, str] = draw(st.sampled_from((MARIA, capitals, LATIN)))
    fathers = {"fatherfirstnameel": draw(FATHERS), "fatherfirstnameen": draw(FATHERS)}
    return row(number, **names, **fathers, mobilephone=mobile)


@given(st.data())
def test_a_row_more_never_joins_two_of_whom_no_father_is_told(data: st.DataObject) -> None:
    mobiles = ("6971234567", "6971234568")
    rows = [data.draw(fatherless(str(n), mobile)) for n, mobile in enumerate(mobiles)]
    more = st.sampled_from((None, "-", *mobiles, "6971234569"))
    rows += [data.draw(fatherless(str(n), data.draw(more))) for n in range(2, 5)]
    for many in range(2, len(rows) + 1):
        found = groups(*data.draw(st.permutations(rows[:many])))
        assert not any({"0", "1"} <= human for human in found), found


@given(st.data())
def test_a_strangers_row_under_ones_number_parts_no_rows_that_agree(data: st.DataObject) -> None:
    """They agree by more than the number; and what parts or joins is not the order of rows."""
    number = data.draw(st.sampled_from((AMKA, FOREIGN)))
    more = data.draw(st.lists(st.sampled_from(({}, *AGAIN)), min_size=1, max_size=4))
    own = [row("0", **MARIA | number)]
    own += [row(str(n), **MARIA | number | each) for n, each in enumerate(more, 1)]
    one = {frozenset(str(n) for n in range(len(own)))}
    stranger = row("9", **MARIA | number | data.draw(st.sampled_from(STRANGERS)))
    assert groups(*data.draw(st.permutations(own))) == one
    assert groups(*data.draw(st.permutations([*own, stranger]))) == one | {frozenset("9")}


@given(st.lists(st.integers(0, 4), max_size=8), st.randoms(use_true_random=False))
def test_strangers_under_one_number_are_never_joined(kinds: list[int], draw: random.Random) -> None:
    """They are twins, or differ in everything, and then a row may lack any one fact."""
    firsts, lasts = ("Μαρία", "Ελένη", "Άννα", "Ζωή", "Εύα"), ("Παππά", "Παππά", "Α", "Β", "Γ")
    born = ("20050101", "20050101", "20050101", "19990903", "19800405")
    number = draw.choice((AMKA, FOREIGN))
    rows = []
    for n, human in enumerate(kinds):
        told = {
            "firstnameel": firsts[human],
            "lastnameel": lasts[human] * 3,
            "birthdate": born[human],
        }
        lacks = draw.choice((*told, None, None, None)) if human > 1 else None
        rows.append(row(f"{human}{n}", **number, **{k: told[k] for k in told if k != lacks}))
    found = groups(*rows)
    assert all(len({number[0] for number in human}) == 1 for human in found), found
    draw.shuffle(rows)
    assert groups(*rows) == found


OF_ONE_DAY = {"lastnameel": "Παπαδόπουλος", "fatherfirstnameel": "Πέτρος", "birthdate": "20050201"}
SMITH = {"lastnameen": "Smith", "fatherfirstnameen": "Peter", "birthdate": "20050201"}
PARENTS = "01027501236"


@pytest.mark.parametrize("number", [None, PARENTS])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Νικόλαος", "Nikolaos"), ("Νικήτας", "Nicholas")),
        (("Γεώργιος", "George"), ("Δημήτριος", "George")),
        (("Ιωάννης", "Ioannis"), ("Ιωαννίκιος", "John")),
    ],
)
def test_an_english_name_joins_no_brothers(
    one: tuple[str, str], other: tuple[str, str], number: str | None
) -> None:
    """Neither where one Latin column was copied, nor through a row with Latin names alone."""
    first, second = (
        row(str(at), firstnameel=greek, firstnameen=latin, ssn=number, **OF_ONE_DAY)
        for at, (greek, latin) in enumerate((one, other), 1)
    )
    assert groups(first, second) == TWO
    third = row("3", firstnameen=other[1], ssn=number, **OF_ONE_DAY)
    assert not any({"1", "2"} <= human for human in groups(first, second, third))


@pytest.mark.parametrize("names", [("James", "Jacob"), ("Anna", "An"), ("Maria", "Mari")])
def test_english_names_of_one_greek_name_are_two(names: tuple[str, str]) -> None:
    assert (
        groups(*(row(str(at), firstnameen=each, **SMITH) for at, each in enumerate(names, 1)))
        == TWO
    )
