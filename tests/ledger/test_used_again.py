"""Whether what the ledger keeps under a key is somebody else's, fact by fact."""

from datetime import date
from itertools import product

import pytest

from domain.contracts.requests import Person
from ledger import rekeyed
from tests.ledger.life import person_of
from tests.stack import TestStack

FACTS = ("last_name", "first_name", "birth_date", "insurance_number", "email")


def known_by(person: Person, values: tuple[str | None, ...]) -> Person:
    last, first, born, number, email = values
    return person.model_copy(
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


OWN = ("Βάρδα", "Μαρία", "2005-01-02", "1", "m@mail.example")
OTHER = ("Λύκου", "Άννα", "2006-02-03", "2", "a@mail.example")


@pytest.mark.parametrize("alone", [True, False])
def test_a_key_is_somebody_elses_where_more_facts_differ_than_agree(
    stack: TestStack, *, alone: bool
) -> None:
    """Each fact the same, another or unknown; a contact only agrees, and a name must differ.

    A twin differs in first name and insurance number.
    """
    person = person_of(stack, "R")
    noted = rekeyed.facts(stack.keys, known_by(person, OWN), alone=alone)
    for told in product((True, False, None), repeat=len(FACTS)):
        asked = known_by(
            person,
            tuple(
                None if same is None else own if same else other
                for same, own, other in zip(told, OWN, OTHER, strict=True)
            ),
        )
        *facts, contact = told
        agree = facts.count(True) + (contact is True and alone)
        twin = facts[1] is facts[3] is False
        expected = twin or (False in facts[:2] and facts.count(False) > agree)
        assert rekeyed.contradicts(stack.keys, asked, noted) is expected, told


def test_a_number_of_another_kind_and_what_was_noted_before_say_nothing(stack: TestStack) -> None:
    """Activations of before noted neither birth dates nor of what kind a number is."""
    person = person_of(stack, "R")
    before = {*rekeyed.facts(stack.keys, known_by(person, OWN))} - {
        *rekeyed.marks(stack.keys, known_by(person, OWN))
    }
    married = known_by(person, (OTHER[0], *OWN[1:4], None))
    assert not rekeyed.contradicts(stack.keys, married, before)
    assert rekeyed.contradicts(stack.keys, known_by(person, OTHER), before)
    assert not rekeyed.contradicts(stack.keys, known_by(person, OTHER), ())
    cypriot = known_by(person, (OTHER[0], OWN[1], None, OTHER[3], None))
    noted = rekeyed.facts(stack.keys, known_by(person, OWN))
    assert rekeyed.contradicts(stack.keys, cypriot, noted)
    cypriot = cypriot.model_copy(update={"insurance_scheme": "CY"})
    assert not rekeyed.contradicts(stack.keys, cypriot, noted)


@pytest.mark.parametrize("alike", [{}, {4}, {0}, {0, 4}])
@pytest.mark.parametrize("born", [True, False, None])
def test_a_namesake_under_ones_number_is_not_known_again(
    stack: TestStack, alike: set[int], born: bool | None
) -> None:
    """Of one first name: another birth date is a correction where surname and a contact agree."""
    person = person_of(stack, "R")
    noted = rekeyed.facts(stack.keys, known_by(person, OWN))
    same = {1, 3, *alike} | ({2} if born else set())
    values: list[str | None] = [(OWN if n in same else OTHER)[n] for n in range(len(FACTS))]
    values[2] = values[2] if born is not None else None
    expected = len(alike) == 2 if born is False else bool(alike)
    assert rekeyed.agrees(stack.keys, known_by(person, tuple(values)), noted) is expected
