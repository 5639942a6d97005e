"""An entry is recognised by what any row of a person tells, whichever row that is; pure."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.directory.entries import identity
from domain.accounts import Outcome, Password, judge
from domain.identities import Identity
from domain.match_rules import Rule
from domain.registrar.humans import humans
from domain.registrar.rows import Row
from domain.registrar.students import ContactQuery, person
from settings.systems import DirectorySettings

DOMAIN = "uni.example"
NOBODY = ContactQuery(None, None, "GR")
NUMBERS = ("02010500011", "02010500029", "02010500037")
DEFAULT = DirectorySettings.model_fields["match_rules"].default
RULES: tuple[Rule, ...] = (
    *DEFAULT,
    Rule(attributes={"mail": "{login_name}@{domain}"}, certain=True),
    Rule(attributes={"employeeNumber": "{system}-{number}"}, certain=True),
    Rule(attributes={"amka": "{insurance_number}"}, certain=True),
    Rule(attributes={"employeeNumber": "{number}", "birth": "{birth_date}", "sn": "{last_name}"}),
    Rule(attributes={"mail": "{email}", "givenName": "{first_name}"}),
)
ROWS: Mapping[str, Row] = {
    "newest": {"enrollmentstatus": "active", "inscriptionacyear": "2026"},
    "older live": {"enrollmentstatus": "active", "inscriptionacyear": "2023"},
    "former": {"enrollmentstatus": "graduated", "inscriptionacyear": "2015"},
}


class Values(NamedTuple):
    """What one row tells; the other rows tell something else."""

    loginname: str
    extemail: str
    lastnameen: str
    ssn: str | None = None


class Entry(NamedTuple):
    attributes: Mapping[str, Sequence[str]]
    password: Password = Password.NONE


def row(at: int, **more: str | None) -> Row:
    return {
        "systemid": f"S{at}",
        "registrationid": f"N{at}",
        "firstnameel": "Μαρία",
        "lastnameel": "Βάρδα",
        "fatherfirstnameel": "Πέτρος",
        "birthdate": "2005-01-02",
        "loginname": f"login{at}",
        "extemail": f"one{at}@mail.example; two{at}@mail.example",
        "firstnameen": f"Maria{'a' * at}",
        "lastnameen": f"Varda{'a' * at}",
        **more,
    }


def rows(number_on: int | None = None) -> list[Row]:
    return [
        row(at, **kind, ssn=NUMBERS[0] if at == number_on else None)
        for at, kind in enumerate(ROWS.values())
    ]


def outcome(group: Sequence[Row], *entries: Entry, rules: Sequence[Rule] = RULES) -> Outcome:
    (human,) = humans(group, "GR")
    return judge(identity(person(human, NOBODY, str), DOMAIN), rules, entries).outcome


@cache
def told_by(*order: int) -> Identity:
    """Return what these rows tell, in this order."""
    every = rows()
    (human,) = humans([every[at] for at in order], "GR")
    return identity(person(human, NOBODY, str), DOMAIN)


def entry_of(rule: Rule, at: int, email: str = "two") -> Entry:
    """Return an entry that holds what row `at` tells."""
    values = {
        "system": f"S{at}",
        "number": f"N{at}",
        "login_name": f"Login{at}",
        "email": f"{email}{at}@mail.example",
        "first_name": f"Maria{'a' * at}",
        "last_name": f"Varda{'a' * at}",
        "birth_date": "20050102",
        "insurance_number": NUMBERS[0],
        "domain": DOMAIN,
    }
    held = {name.lower(): [text.format_map(values)] for name, text in rule.attributes.items()}
    return Entry(held)


@pytest.mark.parametrize("at", range(len(ROWS)), ids=ROWS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "+".join(rule.attributes.values()))
def test_a_value_counts_on_whichever_row_it_stands(rule: Rule, at: int) -> None:
    """Whatever the order of the rows, and for entries with and without a password."""
    found = Outcome.RESERVED_BY_SAME if rule.certain else Outcome.CANNOT_TELL
    entry = entry_of(rule, at)
    group = rows(number_on=at)
    for ordered in (group, group[::-1]):
        assert outcome(ordered, entry, rules=[rule]) is found
    if rule.certain:
        owned = Entry(entry.attributes, Password.HIDDEN)
        assert outcome(group, owned, rules=[rule]) is Outcome.OWNED_BY_SAME


@pytest.mark.parametrize("at", range(len(ROWS)), ids=ROWS)
def test_every_mail_of_a_row_counts(at: int) -> None:
    for email in ("one", "two"):
        entry = entry_of(DEFAULT[2], at, email)
        assert outcome(rows(), entry, rules=DEFAULT) is Outcome.CANNOT_TELL


@pytest.mark.parametrize("at", range(len(ROWS)), ids=ROWS)
def test_a_birth_date_of_any_row_is_no_contradiction(at: int) -> None:
    group = rows(number_on=at)
    group = [{**each, "ssn": NUMBERS[0]} for each in group]
    group[at] = {**group[at], "birthdate": "1/12/1999"}
    entry = Entry({"uid": ["login0"], "schacdateofbirth": ["19991201"]})
    assert outcome(group, entry, rules=DEFAULT) is Outcome.RESERVED_BY_SAME


_values = [
    *(f"{word}{at}" for word in ("login", "N") for at in range(3)),
    *(f"two{at}@mail.example" for at in range(3)),
    *("S0-N0", "S1-N0", "Vardaaa", "20050102", "20040304", NUMBERS[0], NUMBERS[1]),
]
_names = ["uid", "mail", "employeenumber", "amka", "birth", "sn", "schacdateofbirth"]
_entries = st.lists(
    st.builds(
        Entry,
        st.dictionaries(
            st.sampled_from(_names),
            st.lists(st.sampled_from(_values), min_size=1, max_size=2),
            max_size=4,
        ),
        st.sampled_from(Password),
    ),
    min_size=1,
    max_size=3,
)


@given(_entries, st.permutations(range(3)))
def test_a_row_that_is_added_never_leaves_somebody_free_for_a_second_account(
    entries: list[Entry], order: list[int]
) -> None:
    """Neither does the order of rows or entries matter."""
    ended = [judge(told_by(*order[:many]), RULES, entries).outcome for many in (1, 2, 3)]
    for before, after in pairwise(ended):
        assert before in (Outcome.FREE, Outcome.ANOTHERS) or after is not Outcome.FREE
    assert judge(told_by(*order[::-1]), RULES, entries[::-1]).outcome is ended[-1]
