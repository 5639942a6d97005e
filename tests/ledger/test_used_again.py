"""Whether what the ledger keeps under a key or a number is a person's, fact by fact."""

from datetime import date
from itertools import product
from pathlib import Path

import pytest

from domain.contracts.people import Person
from ledger import rekeyed
from security import rotation
from security.keys import KeyRing
from tests.workflows.engine import PERSON

FACTS = ("last_name", "first_name", "birth_date", "insurance_number", "email")
Values = tuple[str | None, ...]
OWN: Values = ("Βάρδα", "Μαρία", "2005-01-02", "1", "m@mail.example")
OTHER: Values = ("Λύκου", "Άννα", "2006-02-03", "2", "a@mail.example")
Told = tuple[bool | None, ...]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    folder: Path = tmp_path_factory.mktemp("keys")
    rotation.create(folder, "2026-11")
    return KeyRing(folder)


def known_by(values: Values) -> Person:
    last, first, born, number, email = values
    return PERSON.model_copy(
        update={
            "enrolments": (),
            "former": (),
            "last_name_el": last or "",
            "last_name_latin": "",
            "first_name_el": first or "",
            "first_name_latin": "",
            "birth_date": date.fromisoformat(born) if born else None,
            "insurance_scheme": "GR" if number else None,
            "insurance_number": number,
            "mobile": None,
            "email": email,
            "sms_to": None,
            "email_to": None,
        }
    )


def told_as(told: Told) -> Person:
    """Return a person of whom each fact is as in OWN, as in OTHER, or unknown."""
    values = zip(told, OWN, OTHER, strict=True)
    return known_by(tuple(None if same is None else own if same else o for same, own, o in values))


def is_of_somebody_else(told: Told) -> bool:
    """Return the rule of `contradicts`, in other words."""
    last, first, born, number, contact = told
    differ = [last, first, born, number].count(False) + (contact is False and born is None)
    agree = [last, first, born, number].count(True) + (contact is True and born is not False)
    identified = [first, born, number].count(True) > 1
    return differ > 0 and not (identified and agree > differ)


@pytest.mark.parametrize("alone", [True, False])
def test_no_username_is_told_without_a_majority_with_birth_date_or_number(
    keys: KeyRing, *, alone: bool
) -> None:
    """Each fact the same, another or unknown.

    Where anything differs, more must agree, and the birth date or the number among them with the
    first name, or both. A birth date that differs outweighs a contact.
    """
    noted = rekeyed.facts(keys, known_by(OWN), alone=alone)
    for told in product((True, False, None), repeat=len(FACTS)):
        compared = told if alone else (*told[:4], None)
        expected = is_of_somebody_else(compared)
        assert rekeyed.contradicts(keys, told_as(told), noted) is expected, told


def test_one_fact_that_is_corrected_leaves_the_rest_theirs(keys: KeyRing) -> None:
    noted = rekeyed.facts(keys, known_by(OWN))
    for corrected in range(len(FACTS)):
        told = tuple(n != corrected for n in range(len(FACTS)))
        assert not rekeyed.contradicts(keys, told_as(told), noted), FACTS[corrected]
    # Γιάννης for Ιωάννης and a number that was mistyped, at once, are for support.
    assert rekeyed.contradicts(keys, told_as((True, False, True, False, True)), noted)


def test_by_another_row_three_facts_and_the_first_name_must_agree(keys: KeyRing) -> None:
    """The number is the same, be it a parent's; a birth date that differs is a namesake's."""
    noted = rekeyed.facts(keys, known_by(OWN))
    for last, first, born, contact in product((True, False, None), repeat=4):
        told = (last, first, born, True, contact)
        agree = [last, born, contact].count(True)
        expected = first is True and born is not False and agree > 1
        assert rekeyed.agrees(keys, told_as(told), noted) is expected, told


def replaced(values: Values, **facts: str | None) -> Values:
    return tuple(facts.get(name, value) for name, value in zip(FACTS, values, strict=True))


DOUBLE = {
    ("Μαρία Ελένη", "Μαρία Χριστίνα"): False,
    ("Μαρία Ελένη", "Άννα"): False,
    ("Μαρία", "Μαριάννα"): False,
    ("Αθανασία Μαρία", "Αθανασία"): None,
    ("Μαρία", "Μαρία Ελένη"): None,
    ("Μαρία Ελένη", "Μαρία"): None,
    ("Μαρία Ελένη", "Ελένη-Μαρία"): True,
    ("Μαρία", "ΜΑΡΙΑ"): True,
    ("Yi", "Yi"): True,
    ("Yi", "Li"): False,
    ("Maria E.", "Maria"): True,
}


@pytest.mark.parametrize("names", DOUBLE)
@pytest.mark.parametrize("order", [1, -1])
def test_a_name_with_a_word_more_cannot_be_told_and_with_another_word_differs(
    keys: KeyRing, names: tuple[str, str], order: int
) -> None:
    """Twins have one birth date and a family's contact; a number of their own or a parent's."""
    one, other = names[::order]
    same, before = DOUBLE[names], replaced(OWN, first_name=one)
    noted = rekeyed.facts(keys, known_by(before))
    now = replaced(before, first_name=other)
    assert rekeyed.agrees(keys, known_by(now), noted) is (same is True)
    numbered = known_by(replaced(now, insurance_number="2"))
    assert rekeyed.contradicts(keys, numbered, noted) is (same is not True)
    unnumbered = known_by(replaced(now, insurance_number=None))
    assert rekeyed.contradicts(keys, unnumbered, noted) is (same is False)


def test_short_names_are_known_again(keys: KeyRing) -> None:
    noted = rekeyed.facts(keys, known_by(replaced(OWN, last_name="Xu", first_name="Yi")))
    for other, same in {"Xu": True, "Wu": False}.items():
        now = replaced(OWN, last_name=other, first_name="Yi", email=None)
        assert rekeyed.agrees(keys, known_by(now), noted) is same


ONE_NAME = {
    ("Μαντόνα", "Μαντόνα"): True,
    ("Μαντόνα", "Πρινς"): False,
    ("Μαντόνα Μαρία", "Μαρία Μαντόνα"): True,
}


@pytest.mark.parametrize("names", ONE_NAME)
@pytest.mark.parametrize("before", ["last_name", "first_name"])
@pytest.mark.parametrize("now", ["last_name", "first_name"])
def test_one_name_is_compared_with_the_same_one_name(
    keys: KeyRing, names: tuple[str, str], before: str, now: str
) -> None:
    """A person of one name has it in either column; it counts as their first name."""
    none: dict[str, str | None] = {"last_name": None, "first_name": None}
    was = replaced(OWN, **none | {before: names[0]})
    noted = rekeyed.facts(keys, known_by(was))
    person = replaced(was, **none | {now: names[1]})
    assert rekeyed.agrees(keys, known_by(person), noted) is ONE_NAME[names]
    corrected = known_by(replaced(person, insurance_number="2"))
    assert rekeyed.contradicts(keys, corrected, noted) is not ONE_NAME[names]
    for_support = known_by(replaced(person, email=None))
    assert not rekeyed.agrees(keys, for_support, noted)


def test_a_surname_alone_is_no_twins_name(keys: KeyRing) -> None:
    """Who had two names before may be either twin once the first name is gone from the row."""
    noted = rekeyed.facts(keys, known_by(OWN))
    assert not rekeyed.agrees(keys, known_by(replaced(OWN, first_name=None)), noted)
    alone = rekeyed.facts(keys, known_by(replaced(OWN, first_name=None)))
    assert not rekeyed.agrees(keys, known_by(replaced(OWN, first_name=OTHER[1])), alone)


def test_day_and_month_exchanged_may_be_the_same(keys: KeyRing) -> None:
    noted = rekeyed.facts(keys, known_by(OWN))
    exchanged = replaced(OWN, birth_date="2005-02-01")
    assert rekeyed.agrees(keys, known_by(exchanged), noted)
    assert not rekeyed.agrees(keys, known_by(replaced(exchanged, email=None)), noted)
    unnumbered = replaced(exchanged, insurance_number=None, email=None)
    assert not rekeyed.contradicts(keys, known_by(unnumbered), noted)


def test_names_that_the_registrar_exchanged_are_the_same(keys: KeyRing) -> None:
    noted = rekeyed.facts(keys, known_by(OWN))
    last, first, *_ = OWN
    assert not rekeyed.contradicts(
        keys, known_by(replaced(OWN, last_name=first, first_name=last)), noted
    )


def before_marks(keys: KeyRing, values: Values) -> set[str]:
    """Return what activations of before noted: neither birth dates nor of what kind a fact is."""
    person = known_by(values)
    return {*rekeyed.facts(keys, person)} - {*rekeyed.marks(keys, person)}


def test_what_was_noted_before_is_compared_as_far_as_it_tells(keys: KeyRing) -> None:
    before = before_marks(keys, OWN)
    married = replaced(OWN, last_name="Λύκου", email=None)
    assert not rekeyed.contradicts(keys, known_by(married), before)
    assert rekeyed.contradicts(keys, known_by(OTHER), before)
    assert not rekeyed.contradicts(keys, known_by(OTHER), ())
    assert rekeyed.agrees(keys, known_by(OWN), before)
    assert not rekeyed.agrees(keys, known_by(replaced(OWN, first_name="Μαρία Ελένη")), before)
    assert not rekeyed.agrees(keys, known_by(replaced(OWN, first_name=None)), before)


def test_a_number_of_another_kind_says_nothing(keys: KeyRing) -> None:
    noted = rekeyed.facts(keys, known_by(OWN))
    other = known_by(replaced(OWN, last_name="Λύκου", insurance_number="2", email=None))
    for scheme, theirs in {"GR": False, "CY": True}.items():
        asked = other.model_copy(update={"insurance_scheme": scheme})
        assert rekeyed.contradicts(keys, asked, noted) is not theirs
