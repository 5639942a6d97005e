"""Each rule by which two rows may be one person's decides about some rows, before all below it."""

import pytest

from domain.registrar.one_person import DECISIONS, LIKENESSES, Decision, Likeness, Pair
from domain.registrar.row_facts import RowFacts
from tests.domain.registrar.test_humans import FATHER, row

MARIA = {"firstnameel": "Μαρία", "lastnameel": "Παππά", "birthdate": "2005-02-01"}
MARINA, SOPHIA, CHRISTOS = ({"firstnameel": each} for each in ("Μαρίνα", "Σοφία", "Χρήστος"))
IOANNIS, GIANNIS = ({"firstnameel": each} for each in ("Ιωάννης", "Γιάννης"))
UNNAMED: dict[str, str | None] = {"firstnameel": None}
UNBORN: dict[str, str | None] = {"birthdate": None}
SWAPPED, ANOTHER_DAY = {"birthdate": "2005-01-02"}, {"birthdate": "2004-09-13"}
SURNAME = {"lastnameel": "Άλλου"}
NUMBER, OTHER_NUMBER = {"ssn": "01020500144"}, {"ssn": "01020500243"}
FOREIGN = {"ssn": "X1234567", "ssncountry": "AL"}
MAIL = {"extemail": "m@mail.example"}

Columns = dict[str, str | None]
ALIKE: list[tuple[Columns, Columns]] = [
    ({**NUMBER}, {**NUMBER, **SURNAME, **ANOTHER_DAY}),
    ({**NUMBER}, {**NUMBER, **UNNAMED}),
    ({}, {**SURNAME}),
    ({}, {**SWAPPED}),
    ({}, {"firstnameel": "Μ."}),
    ({**NUMBER}, {**NUMBER, **MARINA, **SURNAME}),
    ({**NUMBER}, {**NUMBER, **MARINA, **SWAPPED}),
    ({**FOREIGN, **IOANNIS}, {**FOREIGN, **GIANNIS, **SURNAME}),
    ({**IOANNIS}, {**GIANNIS, **SURNAME}),
]
DECIDED: list[tuple[Columns, Columns]] = [
    ({**NUMBER}, {**OTHER_NUMBER, **SOPHIA}),
    ({**NUMBER}, {**NUMBER}),
    ({**NUMBER}, {**NUMBER, **MARINA}),
    ({}, {**SOPHIA, **SURNAME}),
    ({**MAIL}, {**MAIL}),
    ({**NUMBER}, {**NUMBER, "ssncountry": "AL"}),
    ({**FATHER, **IOANNIS}, {**FATHER, **GIANNIS}),
    ({**FATHER, **CHRISTOS}, {**FATHER, **CHRISTOS, "lastnameel": "Παππά-Άλλου"}),
    ({**IOANNIS}, {**GIANNIS, **SURNAME}),
    ({}, {}),
    ({**NUMBER, **FATHER}, {**NUMBER, **FATHER, **SURNAME, **ANOTHER_DAY}),
    ({**FATHER}, {**FATHER, **SURNAME}),
    ({**FATHER, **CHRISTOS}, {**FATHER, **CHRISTOS, **SURNAME}),
    ({**FATHER, **NUMBER}, {**FATHER, **OTHER_NUMBER, **UNBORN}),
    ({**FATHER}, {**FATHER, **UNBORN}),
    ({**FATHER, **NUMBER}, {**FATHER, **OTHER_NUMBER, **SWAPPED}),
    ({**FATHER}, {**FATHER}),
]


def pair(one: Columns, other: Columns) -> Pair:
    facts = (RowFacts(row("1", **MARIA | each), "GR", ()) for each in (one, other))
    return Pair(*facts)


@pytest.mark.parametrize(("at", "rows"), [*enumerate(ALIKE)])
def test_each_rule_of_likeness_decides_about_some_rows(
    at: int, rows: tuple[Columns, Columns]
) -> None:
    compared = pair(*rows)
    because = [each.because for each in LIKENESSES if each.holds(compared)]
    assert because[0] == LIKENESSES[at].because
    assert compared.likeness is LIKENESSES[at].then


@pytest.mark.parametrize(("at", "rows"), [*enumerate(DECIDED)])
def test_each_rule_of_decision_decides_about_some_rows(
    at: int, rows: tuple[Columns, Columns]
) -> None:
    compared = pair(*rows)
    because = [each.because for each in DECISIONS if each.holds(compared)]
    assert because[0] == DECISIONS[at].because
    assert compared.decision is DECISIONS[at].then


def test_no_rule_is_without_rows() -> None:
    assert len(ALIKE) == len(LIKENESSES)
    assert len(DECIDED) == len(DECISIONS)
    assert {each.then for each in LIKENESSES} == set(Likeness) - {Likeness.NONE}
    assert {each.then for each in DECISIONS} == set(Decision)
