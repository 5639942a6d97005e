"""Whose an entry of the directory is, rule by rule."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.accounts import NUMBER_USED_AGAIN, Outcome, Password, judge
from domain.contracts.people import Enrolment, Person, SharedLogin
from domain.entry_values import BIRTH_DATE, CODES
from domain.identities import Identity
from domain.match_rules import Rule
from domain.postings import Postings
from domain.reasons import Reason

DOMAIN = "uni.example"
TODAY = date(2026, 11, 28)
SCOPE = f"urn:schac:personalUniqueCode:gr:{DOMAIN}:"
LOGIN = Rule(attributes={"uid": "{login_name}"}, certain=True)
NUMBER = Rule(attributes={"employeeNumber": "{number}"})
MAIL = Rule(attributes={"mail": "{email}"})
AMKA, OTHER_AMKA = "02010500011", "02010500029"
INSURANCE = Rule(attributes={"amka": "{insurance_number}"}, certain=True)
RULES = (LOGIN, NUMBER, MAIL)


@dataclass(frozen=True)
class Entry:
    attributes: Mapping[str, Sequence[str]]
    password: Password = field(default=Password.NONE)


def enrolment(number: str, system: str = "SIS") -> Enrolment:
    return Enrolment(
        system_id=system,
        registration_id=number,
        department_id="1",
        department_el="",
        department_en="",
    )


PERSON = Person(
    person_key="k",
    enrolments=(enrolment("A 1"),),
    former=(enrolment("B2", "OLD"),),
    first_name_el="Μαρία",
    last_name_el="Βάρδα",
    first_name_latin="Maria",
    last_name_latin="Varda",
    birth_date=date(2005, 1, 2),
    citizenship=None,
    login_name="mvarda",
    insurance_scheme="GR",
    insurance_number=AMKA,
    mobile=None,
    email="maria@mail.example",
    sms_to=None,
    email_to=None,
)
OWN_CODES = (f"{SCOPE}SIS:A%201", f"{SCOPE}OLD:B2")


def identity(**changes: object) -> Identity:
    return Identity.of(PERSON.model_copy(update=changes), OWN_CODES, DOMAIN, TODAY)


def beside(**changes: object) -> Identity:
    """Return the person, and somebody who may be the same: another number and no login name."""
    nothing = {"login_name": None, "email": None, "insurance_number": None, "former": ()}
    others = PERSON.model_copy(update={"enrolments": (enrolment("Q7"),), **nothing})
    alike = Identity.of(others, (f"{SCOPE}SIS:Q7",), DOMAIN, TODAY)
    return replace(identity(**changes), alike=alike)


def entry(*held: Mapping[str, str], password: Password = Password.NONE, **more: str) -> Entry:
    attributes = {name: value for each in (*held, more) for name, value in each.items()}
    return Entry({name.lower(): [value] for name, value in attributes.items()}, password)


MINE = {CODES: OWN_CODES[1].upper()}
ANOTHERS = {CODES: f"{SCOPE}SIS:Z9"}
OLDER = {BIRTH_DATE: "1970-05-06"}
CASES = {
    "nobody": ([], Outcome.FREE, None),
    "no rule matches": ([entry(uid="other", mail="x@y.example")], Outcome.FREE, None),
    "own code": ([entry(MINE)], Outcome.RESERVED_BY_SAME, CODES),
    "own code, not encoded": ([entry({CODES: f"{SCOPE}sis:a 1"})], Outcome.RESERVED_BY_SAME, CODES),
    "own number without a system": (
        [entry({CODES: f"{SCOPE}A%201"}, uid="other")],
        Outcome.CANNOT_TELL,
        f"not certain: {CODES} of another form",
    ),
    "own number, not encoded, without a system": (
        [entry({CODES: f"{SCOPE}a 1"}, uid="other")],
        Outcome.CANNOT_TELL,
        f"not certain: {CODES} of another form",
    ),
    "own number of another system beside a rule": (
        [entry({CODES: f"{SCOPE}XF:A%201"}, employeeNumber="A 1")],
        Outcome.CANNOT_TELL,
        f"not certain: {CODES} of another form",
    ),
    "own number of another system under the login name": (
        [entry({CODES: f"{SCOPE}XF:A%201"}, uid="mvarda")],
        Outcome.CANNOT_TELL,
        f"not certain: {CODES} of another form",
    ),
    "own number of another system and nothing else": (
        [entry({CODES: f"{SCOPE}XF:A%201"}, uid="other")],
        Outcome.FREE,
        None,
    ),
    "own number of another system, another birth date": (
        [entry({CODES: f"{SCOPE}XF:A%201"}, OLDER, employeeNumber="A 1")],
        Outcome.FREE,
        None,
    ),
    "own code, another birth date": ([entry(MINE, OLDER)], Outcome.RESERVED_BY_SAME, CODES),
    "login": ([entry(uid="MVarda")], Outcome.RESERVED_BY_SAME, "uid"),
    "login, same birth date": (
        [entry({BIRTH_DATE: "20050102"}, uid="mvarda")],
        Outcome.RESERVED_BY_SAME,
        "uid",
    ),
    "login, a code of another kind": (
        [entry({CODES: "urn:schac:personalUniqueCode:int:esi:7"}, uid="mvarda")],
        Outcome.RESERVED_BY_SAME,
        "uid",
    ),
    "login, another's code": (
        [entry(ANOTHERS, uid="mvarda")],
        Outcome.ANOTHERS,
        f"another person's: uid contradicted by {CODES}",
    ),
    "login, another birth date": (
        [entry(OLDER, uid="mvarda")],
        Outcome.ANOTHERS,
        f"another person's: uid contradicted by {BIRTH_DATE}",
    ),
    "mail": ([entry(mail="Maria@Mail.example")], Outcome.CANNOT_TELL, "not certain: mail"),
    "mail of another": ([entry(ANOTHERS, mail="maria@mail.example")], Outcome.FREE, None),
    "a number without its system": (
        [entry(employeeNumber="a  1")],
        Outcome.CANNOT_TELL,
        "not certain: employeeNumber",
    ),
    "a former number, and a mail elsewhere": (
        [entry(employeeNumber="B2"), entry(mail="maria@mail.example")],
        Outcome.CANNOT_TELL,
        "not certain: employeeNumber, mail",
    ),
    "certain before not certain": (
        [entry(mail="maria@mail.example"), entry(uid="mvarda", employeeNumber="A 1")],
        Outcome.RESERVED_BY_SAME,
        "uid",
    ),
    "two certain": (
        [entry(MINE), entry(uid="mvarda")],
        Outcome.CANNOT_TELL,
        f"several entries: {CODES}, uid",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_whose_an_entry_is(case: str) -> None:
    entries, outcome, why = CASES[case]
    for order in (entries, entries[::-1]):
        found = judge(identity(), RULES, order)
        assert (found.outcome, words(found.why)) == (outcome, words(why))


def words(why: str | None) -> list[str]:
    return sorted(re.findall(r"[^:, ]+", why or ""))


URN, OLD_URN = "urn:schac:personalUniqueCode:", "urn:mace:terena.org:schac:personalUniqueCode:"
BY_CODE = {
    "no rule": ({}, Outcome.FREE),
    "mail": ({"mail": "maria@mail.example"}, Outcome.CANNOT_TELL),
    "number": ({"employeeNumber": "A 1"}, Outcome.CANNOT_TELL),
    "login name": ({"uid": "mvarda"}, Outcome.RESERVED_BY_SAME),
}
"""What comes of an entry that such a rule matches and no code speaks of."""
WITHOUT_CODE = {rule: outcome for rule, (_, outcome) in BY_CODE.items()}
OWN = dict.fromkeys(BY_CODE, Outcome.RESERVED_BY_SAME)
MEANT = WITHOUT_CODE | {"no rule": Outcome.CANNOT_TELL}
UNLIKE = {
    "no rule": Outcome.FREE,
    "mail": Outcome.FREE,
    "number": Outcome.CANNOT_TELL,
    "login name": Outcome.ANOTHERS,
}
"""As another birth date: an ESI need not be a number of the registrar's."""
FORMS = {
    f"gr:{DOMAIN}:SIS:A%201": OWN,
    f"gr:{DOMAIN}:old:b2": OWN,
    f"gr:{DOMAIN}:SIS:Z9": UNLIKE | {"number": Outcome.FREE},
    f"int:esi:{DOMAIN}:A%201": MEANT,
    f"int:ESI:{DOMAIN}:a 1": MEANT,
    f"GR:ESI:{DOMAIN}:B2": MEANT,
    f"int:esi:gr:{DOMAIN}:B2": MEANT,
    "int:esi:gr:B2": MEANT,
    "int:studentID:gr:B2": MEANT,
    f"int:esi:{DOMAIN}:Z9": UNLIKE,
    f"gr:ESI:{DOMAIN}:Z9": UNLIKE,
    f"int:esi:gr:{DOMAIN}:Z9": UNLIKE,
    **dict.fromkeys(
        ("int:esi:gr:Z9", "int:studentID:gr:Z9", "int:esi:elsewhere.example:Z9"), WITHOUT_CODE
    ),
    **dict.fromkeys(
        ("int:esi:elsewhere.example:B2", "gr:elsewhere.example:SIS:Z9", "int:esi:de:B2"),
        WITHOUT_CODE,
    ),
}


@pytest.mark.parametrize("urn", [URN, OLD_URN, URN.upper(), OLD_URN.upper()])
@pytest.mark.parametrize("form", FORMS)
def test_a_code_counts_in_every_form_that_tools_write(urn: str, form: str) -> None:
    for rule, (marks, _) in BY_CODE.items():
        other = entry({CODES: urn + form}, marks)
        found = judge(identity(), RULES, Postings(RULES, [other]).of(identity()))
        assert found.outcome is FORMS[form][rule], rule


@pytest.mark.parametrize("form", [form for form in FORMS if FORMS[form] is MEANT])
def test_a_code_of_another_form_is_not_theirs_beside_another_birth_date(form: str) -> None:
    other = entry({CODES: URN + form}, OLDER)
    assert judge(identity(), RULES, [other]).outcome is Outcome.FREE


def test_the_esi_of_a_row_that_is_gone_is_meant() -> None:
    old = entry({CODES: f"{URN}int:esi:{DOMAIN}:77"}, uid="mvarda")
    assert judge(identity(), RULES, [old]).outcome is Outcome.ANOTHERS
    known = identity().with_codes([f"{SCOPE}OLD:77"])
    assert judge(known, RULES, [old]).outcome is Outcome.RESERVED_BY_SAME


OTHERWISE = ("D4 1", "d4/1", "D41", "D-4-1")
MARIA = {"sn": "Βάρδα", "givenName": "Mairi"}
BESIDE = {
    "nothing": ({}, Outcome.CANNOT_TELL),
    "the birth date": ({BIRTH_DATE: "2/1/2005"}, Outcome.CANNOT_TELL),
    "names": ({"cn": "Marina Vardas"}, Outcome.CANNOT_TELL),
    "the surname in Greek": (MARIA, Outcome.CANNOT_TELL),
    "initials": ({"cn": "X"}, Outcome.CANNOT_TELL),
    "another birth date": (OLDER, Outcome.FREE),
    "other names": ({"cn": "Giorgos Pappas"}, Outcome.FREE),
    "another insurance number": ({"amka": OTHER_AMKA}, Outcome.FREE),
}
BESIDE_NUMBER = {
    "the number under another system": ({CODES: f"{SCOPE}OLD:D4%201"}, Outcome.CANNOT_TELL),
    "another's code": (ANOTHERS, Outcome.FREE),
    "another's ESI": ({CODES: f"{URN}int:esi:{DOMAIN}:Z9"}, Outcome.FREE),
    "the login name": ({"uid": "mvarda"}, Outcome.RESERVED_BY_SAME),
}


@pytest.mark.parametrize("number", OTHERWISE)
@pytest.mark.parametrize(
    ("held", "beside"),
    [
        *(("employeeNumber", each) for each in (BESIDE | BESIDE_NUMBER).values()),
        *((CODES, each) for each in BESIDE.values()),
    ],
)
def test_a_number_that_is_written_otherwise_is_for_support(
    held: str, number: str, beside: tuple[Mapping[str, str], Outcome]
) -> None:
    person = PERSON.model_copy(update={"enrolments": (enrolment("D4-1"),), "former": ()})
    known = Identity.of(person, (f"{SCOPE}SIS:D4-1",), DOMAIN, TODAY)
    rules = (*RULES, INSURANCE)
    marks, outcome = beside
    other = entry({held: f"{SCOPE}SIS:{number}" if held == CODES else number}, marks)
    found = judge(known, rules, Postings(rules, [other]).of(known))
    assert found.outcome is outcome
    if outcome is Outcome.CANNOT_TELL:
        assert "of another form" in str(found.why)


def test_a_rule_of_many_attributes_reads_a_number_that_is_written_otherwise() -> None:
    rule = Rule(
        attributes={"employeeNumber": "{system}:{number}", "sn": "{last_name}"}, certain=True
    )
    other = entry(employeeNumber="SIS:A-1", sn="Varda")
    found = judge(identity(), (rule,), Postings((rule,), [other]).of(identity()))
    assert found.why == "not certain: employeeNumber+sn of another form"
    exactly = entry(employeeNumber="SIS:A 1", sn="Varda")
    assert judge(identity(), (rule,), [other, exactly]).own == (exactly,)


@pytest.mark.parametrize("password", [Password.SET, Password.HIDDEN])
@pytest.mark.parametrize("known", [MINE, {"uid": "mvarda"}])
def test_a_password_that_is_there_or_cannot_be_seen_makes_it_owned(
    password: Password, known: Mapping[str, str]
) -> None:
    found = judge(identity(), RULES, [entry(known, password=password)])
    assert found.outcome is Outcome.OWNED_BY_SAME


def test_another_insurance_number_contradicts_and_an_unknown_one_does_not() -> None:
    rules = (*RULES, INSURANCE)
    other = entry(uid="mvarda", amka=OTHER_AMKA)
    found = judge(identity(), rules, [other])
    assert (found.outcome, found.why) == (
        Outcome.ANOTHERS,
        "another person's: uid contradicted by amka",
    )
    unknown = identity(insurance_scheme=None, insurance_number=None)
    assert judge(unknown, rules, [other]).outcome is Outcome.RESERVED_BY_SAME
    same = entry(amka=AMKA)
    assert judge(identity(), rules, [same]).outcome is Outcome.RESERVED_BY_SAME
    assert judge(identity(), rules, [entry(uid="mvarda")]).outcome is Outcome.RESERVED_BY_SAME


NAMED = Rule(attributes={"mail": "{email}", "sn": "{last_name}"})
MATCHED = {
    "login name": entry(uid="mvarda"),
    "number": entry(employeeNumber="A 1"),
    "number and mail": entry(employeeNumber="A 1", mail="maria@mail.example"),
    "mail": entry(mail="maria@mail.example"),
    "mail and name": entry(mail="maria@mail.example", sn="Varda"),
    "former login name": entry(uid="oldname"),
}
CONTRADICTED: Mapping[str, tuple[Outcome, Outcome]] = {
    "login name": (Outcome.ANOTHERS, Outcome.ANOTHERS),
    "number": (Outcome.FREE, Outcome.CANNOT_TELL),
    "number and mail": (Outcome.FREE, Outcome.CANNOT_TELL),
    "mail": (Outcome.FREE, Outcome.FREE),
    "mail and name": (Outcome.FREE, Outcome.FREE),
    "former login name": (Outcome.FREE, Outcome.CANNOT_TELL),
}
"""What comes of a match that another's code contradicts, and of one that a datum does."""
BY_DATUM = {"birth date": OLDER, "insurance number": {"amka": OTHER_AMKA}}
_ONCE = enrolment("B2", "OLD").model_copy(update={"login_name": "oldname"})


@pytest.mark.parametrize("matched", MATCHED)
@pytest.mark.parametrize("against", ["code", *BY_DATUM])
@pytest.mark.parametrize("order", [1, -1])
def test_what_comes_of_a_match_that_is_contradicted(matched: str, against: str, order: int) -> None:
    """The table of docs/accounts.md, whatever the order of the rules."""
    rules = (*RULES, NAMED, INSURANCE)[::order]
    known = MATCHED[matched].attributes
    spoken = {name: value for name, (value,) in known.items()}
    by_code, by_datum = CONTRADICTED[matched]
    other = entry(ANOTHERS if against == "code" else BY_DATUM[against], spoken)
    found = judge(identity(former=(_ONCE,)), rules, [other])
    assert found.outcome is (by_code if against == "code" else by_datum)
    uncontradicted = judge(identity(former=(_ONCE,)), rules, [MATCHED[matched]])
    assert uncontradicted.outcome not in (Outcome.FREE, Outcome.ANOTHERS)


@pytest.mark.parametrize("rules", [(INSURANCE,), (*RULES, INSURANCE)])
@pytest.mark.parametrize("said", [{}, ANOTHERS, *BY_DATUM.values()])
def test_an_entry_of_a_name_that_the_ledger_knows_is_theirs_or_for_support(
    rules: Sequence[Rule], said: Mapping[str, str]
) -> None:
    """Whatever the rules look for."""
    person = identity(former=(_ONCE,)).with_names(["Kept.Name"])
    own = entry(said, uid="kept.name")
    assert Postings(rules, [own]).of(person) == [own]
    found = judge(person, rules, [own, entry(uid="somebody")])
    assert found.outcome is (Outcome.CANNOT_TELL if said else Outcome.RESERVED_BY_SAME)


@pytest.mark.parametrize("matched", MATCHED)
@pytest.mark.parametrize(
    "said",
    [
        *({BIRTH_DATE: born} for born in ("2005-01-02", "02/01/2005", "2.1.2005", "02012005")),
        *({BIRTH_DATE: f"20050102{time}"} for time in ("", "000000Z", "0000Z", "00Z", "12+0200")),
        *({BIRTH_DATE: f"20050101{time}"} for time in ("220000Z", "220000.0Z")),
        *({BIRTH_DATE: born} for born in ("unknown", "00000000", "19000101", "-")),
        *({"amka": each} for each in ("123456783", "AB123456C", "0201 0500-011", "-", "0" * 11)),
        {"id": "urn:schac:personalUniqueID:gr:TIN:123456783"},
        {"id": f"urn:schac:personalUniqueID:gr:AMKA:{AMKA}"},
    ],
    ids=lambda said: ",".join(said.values()),
)
def test_another_form_or_kind_of_a_datum_is_no_contradiction(
    matched: str, said: Mapping[str, str]
) -> None:
    known = {name: value for name, (value,) in MATCHED[matched].attributes.items()}
    urn = Rule(attributes={"id": "urn:schac:personalUniqueID:gr:AMKA:{insurance_number}"})
    found = judge(identity(former=(_ONCE,)), (*RULES, INSURANCE, urn), [entry(said, known)])
    assert found.outcome not in (Outcome.FREE, Outcome.ANOTHERS)
    assert "contradicted" not in str(found.why)


@pytest.mark.parametrize("scheme", ["GR", "PL", "DE", "EHIC"])
@pytest.mark.parametrize("held", [AMKA, "44051401359", "12345678A123", "80300123456789012345"])
def test_numbers_of_two_kinds_are_never_compared(scheme: str, held: str) -> None:
    """A person insured in one country and an entry that holds another country's number."""
    numbers = {
        "GR": OTHER_AMKA,
        "PL": "02070803628",
        "DE": "65170839J003",
        "EHIC": "80300000000000000001",
    }
    person = identity(insurance_scheme=scheme, insurance_number=numbers[scheme])
    own = [entry(uid="mvarda", amka=held)]
    same = {"GR": AMKA, "PL": "44051401359", "EHIC": "80300123456789012345"}.get(scheme) == held
    assert judge(person, (LOGIN, INSURANCE), own).outcome is (
        Outcome.ANOTHERS if same else Outcome.RESERVED_BY_SAME
    )


@pytest.mark.parametrize(
    "born", ["19850201", "1985-02-01", "01/02/1985", "19850201000000Z", "20050103220000Z"]
)
def test_another_birth_date_contradicts_in_every_form(born: str) -> None:
    found = judge(identity(), RULES, [entry({BIRTH_DATE: born}, uid="mvarda")])
    assert found.outcome is Outcome.ANOTHERS


def test_what_the_registrar_lacks_matches_nothing() -> None:
    nobody = identity(login_name=None, email=None, birth_date=None)
    entries = [entry(OLDER, uid="mvarda"), entry(mail="maria@mail.example")]
    assert judge(nobody, RULES, entries).outcome is Outcome.FREE
    assert nobody.values(LOGIN) == nobody.values(MAIL) == []
    assert nobody.values(NUMBER) == [{"employeeNumber": "A 1"}, {"employeeNumber": "B2"}]
    assert identity(enrolments=(enrolment(""),), former=()).values(NUMBER) == []
    unborn = identity(birth_date=None)
    assert judge(unborn, RULES, [entry(OLDER, uid="mvarda")]).own


def test_all_attributes_of_a_rule_must_match_for_one_enrolment() -> None:
    rule = Rule(attributes={"employeeNumber": "{number}", "ou": "{system}"}, certain=True)
    pairs = [entry(employeeNumber="A 1", ou="SIS"), entry(employeeNumber="B2", ou="SIS")]
    found = judge(identity(), (rule,), pairs)
    assert (found.own, found.why) == ((pairs[0],), "employeeNumber+ou")


def test_a_code_of_a_row_that_is_gone_counts_where_it_is_known() -> None:
    old = entry({CODES: f"{SCOPE}OLD:77"}, uid="mvarda")
    assert judge(identity(), RULES, [old]).outcome is Outcome.ANOTHERS
    known = identity().with_codes([f"{SCOPE}OLD:77"])
    assert judge(known, RULES, [old]).outcome is Outcome.RESERVED_BY_SAME


def test_values_with_options_count() -> None:
    rule = Rule(
        attributes={"sn": "{last_name}", "employeeNumber": "{system}:{number}"}, certain=True
    )
    tagged = Entry({"sn;lang-en": ["Varda"], "employeenumber": ["SIS:A 1"]})
    assert judge(identity(), (rule,), [tagged]).own == (tagged,)


@pytest.mark.parametrize(
    ("attributes", "fine"),
    [
        ({"uid": "{login_name}"}, True),
        ({"x": "{system}/{number}"}, True),
        ({"x": "{system}", "y": "{number}"}, True),
        ({"x": "{insurance_number}"}, True),
        ({"x": "{number}", "y": "{birth_date}", "sn": "{last_name}"}, True),
        ({"x": "{number}", "y": "{birth_date}"}, False),
        ({"x": "{number}", "y": "{last_name}"}, False),
        ({"x": "{number}", "mail": "{email}"}, False),
        ({"mail": "{email}", "sn": "{last_name}"}, False),
        ({"mail": "{email}", "sn": "{last_name}", "y": "{birth_date}"}, False),
        ({"mail": "{email}"}, False),
        ({"x": "{number}@{domain}"}, False),
        ({"x": "{number}"}, False),
        ({"x": "{email}", "y": "{email}"}, False),
        ({"x": "{first_name}", "y": "{last_name}", "z": "{birth_date}"}, False),
    ],
)
def test_what_two_persons_may_have_in_common_is_never_certain(
    attributes: dict[str, str], fine: bool
) -> None:
    Rule(attributes=attributes)
    if fine:
        Rule(attributes=attributes, certain=True)
        return
    with pytest.raises(ValidationError, match="this is never certain"):
        Rule(attributes=attributes, certain=True)


@pytest.mark.parametrize(
    "attributes",
    [
        *({}, {"u d": "{number}"}, {"uid": "fixed"}, {"uid": "{domain}"}, {"uid": "{nothing}"}),
        *({"uid": "{number:5}"}, {"uid": "{number!r}"}, {"uid": "{number"}),
        *({"o": "{system}"}, {"schacDateOfBirth": "{birth_date}"}, {"sn": "{last_name}"}),
        {"cn": "{first_name} {last_name}", "mail": "{last_name}@{domain}"},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(attributes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Rule(attributes=attributes)


_values = st.sampled_from(
    ["mvarda", "maria@mail.example", "A 1", "other", *OWN_CODES, f"{SCOPE}SIS:Z"]
)
_entries = st.lists(
    st.builds(
        Entry,
        st.dictionaries(
            st.sampled_from(["uid", "mail", "employeenumber", CODES.lower()]),
            st.lists(_values, min_size=1, max_size=2),
        ),
        st.sampled_from(Password),
    ),
    max_size=4,
)


@given(_entries)
def test_order_does_not_matter_and_nothing_of_anybody_is_told(entries: list[Entry]) -> None:
    found, turned = (judge(identity(), RULES, each) for each in (entries, entries[::-1]))
    assert found.outcome is turned.outcome
    assert len(found.own) <= 1 or found.outcome is Outcome.CANNOT_TELL
    for value in ("mvarda", "maria", "A 1", "Z", *OWN_CODES):
        assert value not in (found.why or "")
    free = found.outcome is Outcome.FREE
    held = [each for each in entries if identity().owns(each.attributes)]
    assert not (free and held)


_HELD = st.fixed_dictionaries(
    {},
    optional={
        "uid": st.lists(st.sampled_from(["mvarda", "MVarda", "other"]), max_size=2),
        CODES.lower(): st.lists(st.sampled_from([*OWN_CODES, f"{SCOPE}SIS:X"]), max_size=2),
        "employeenumber": st.lists(st.sampled_from(["A 1", "a  1", "B2", "7"]), max_size=2),
        "mail": st.lists(st.sampled_from(["maria@mail.example", "x@mail.example"]), max_size=2),
        BIRTH_DATE.lower(): st.lists(st.sampled_from(["20050102", "19500101"]), max_size=1),
    },
)


@given(st.lists(_HELD, max_size=6))
def test_what_is_looked_up_in_memory_is_judged_as_every_entry_would_be(
    held: list[dict[str, list[str]]],
) -> None:
    entries = [Entry(each) for each in held]
    identity = Identity.of(PERSON, OWN_CODES, DOMAIN, TODAY)
    near = Postings(RULES, entries).of(identity)
    assert judge(identity, RULES, near) == judge(identity, RULES, entries)


# --- all that may speak for an entry, and against it ----------------------------------------

SYSTEM = Rule(attributes={"departmentNumber": "{system}", "employeeNumber": "{number}"})
CERTAIN_SYSTEM = SYSTEM.model_copy(update={"certain": True})
SYSTEM_MARKS = {"departmentNumber": "SIS", "employeeNumber": "A 1"}
FREE, DOUBT, OURS, IN_THE_WAY = (
    *(Outcome.FREE, Outcome.CANNOT_TELL, Outcome.RESERVED_BY_SAME, Outcome.ANOTHERS),
)
AGAINST = ("nothing", "form of code", "names", "datum", "datum and names", "code")
SPEAKING: Mapping[str, tuple[Mapping[str, str], Sequence[Rule], Sequence[Outcome]]] = {
    "login name": (
        {"uid": "mvarda"},
        RULES,
        (OURS, DOUBT, OURS, IN_THE_WAY, IN_THE_WAY, IN_THE_WAY),
    ),
    "former login name": ({"uid": "oldname"}, RULES, (OURS, DOUBT, DOUBT, DOUBT, DOUBT, FREE)),
    "name in the ledger": ({"uid": "kept"}, RULES, (OURS, DOUBT, OURS, DOUBT, DOUBT, DOUBT)),
    "number": ({"employeeNumber": "A 1"}, RULES, (DOUBT, DOUBT, FREE, DOUBT, FREE, FREE)),
    "number of the system": (
        SYSTEM_MARKS,
        (LOGIN, SYSTEM, MAIL),
        (DOUBT, DOUBT, DOUBT, DOUBT, DOUBT, FREE),
    ),
    "certain number of the system": (
        SYSTEM_MARKS,
        (LOGIN, CERTAIN_SYSTEM, MAIL),
        (OURS, DOUBT, DOUBT, IN_THE_WAY, IN_THE_WAY, IN_THE_WAY),
    ),
    "mail": (
        {"mail": "maria@mail.example"},
        RULES,
        (DOUBT, DOUBT, FREE, FREE, FREE, FREE),
    ),
    "number and mail": (
        {"employeeNumber": "A 1", "mail": "maria@mail.example"},
        RULES,
        (DOUBT, DOUBT, DOUBT, DOUBT, DOUBT, FREE),
    ),
}
"""What comes of an entry that this speaks for, and each of `AGAINST` speaks against."""
CALLED = {"alike": {"cn": "Maria Varda"}, "otherwise": {"cn": "Eleni Oikonomou"}, "unknown": {}}
BORN = {"same": {BIRTH_DATE: "20050102"}, "other": OLDER, "unknown": {}}
CODED = {
    "none": {},
    "another's": ANOTHERS,
    "of another system": {CODES: f"{SCOPE}GRAD:A%201"},
    "without a system": {CODES: f"{SCOPE}A%201"},
    "the ESI": {CODES: f"{URN}int:esi:{DOMAIN}:A%201"},
    "another ESI": {CODES: f"{URN}int:esi:{DOMAIN}:Z9"},
}


@pytest.mark.parametrize("code", CODED)
@pytest.mark.parametrize("marks", SPEAKING)
def test_whose_an_entry_is_by_code_names_and_birth_date(marks: str, code: str) -> None:
    """Whose birth date is the same may have other names by now."""
    spoken, rules, outcomes = SPEAKING[marks]
    person = identity(former=(_ONCE,)).with_names(["kept"])
    for called, born in product(CALLED, BORN):
        otherwise = called == "otherwise" and born != "same"
        datum = born == "other" or code == "another ESI"
        of_form = code in {"of another system", "without a system"}
        against = "datum and names" if datum and otherwise else "datum" if datum else "nothing"
        if code == "another's" or (of_form and (otherwise or datum)):
            against = "code"
        elif of_form:
            against = "form of code"
        elif otherwise and not datum:
            against = "names"
        found = Postings(rules, [entry(spoken, CODED[code], CALLED[called], BORN[born])])
        judged = judge(person, rules, found.of(person))
        assert judged.outcome is outcomes[AGAINST.index(against)], (called, born)


@pytest.mark.parametrize("code", CODED)
def test_a_code_that_nothing_else_speaks_for_is_somebody_elses_at_most_in_doubt(code: str) -> None:
    for called, born in product(CALLED, BORN):
        alone = [entry(CODED[code], CALLED[called], BORN[born])]
        theirs = code in {"without a system", "the ESI"} and born != "other"
        otherwise = called == "otherwise" and born != "same"
        outcome = DOUBT if theirs and not otherwise else FREE
        judged = judge(identity(), RULES, Postings(RULES, alone).of(identity()))
        assert judged.outcome is outcome, (called, born)


def test_a_number_that_was_used_again_proves_nothing_by_a_certain_rule_either() -> None:
    again = replace(identity(), used_again=True)
    for known, born in BORN.items():
        held = entry(SYSTEM_MARKS, CALLED["alike"], born)
        named = judge(again, (CERTAIN_SYSTEM,), [held])
        outcomes = {"same": OURS, "other": IN_THE_WAY, "unknown": OURS}
        assert named.outcome is outcomes[known]
    nameless = judge(again, (CERTAIN_SYSTEM,), [entry(SYSTEM_MARKS)])
    assert nameless.outcome is DOUBT
    assert nameless.why == "not certain: departmentNumber+employeeNumber of a number used again"


# --- a number that the registrar has given to somebody else --------------------------------

AGAIN = f"not certain: {NUMBER_USED_AGAIN}"
SAME = {
    "surname": {"sn": "Varda", "sn;lang-el": "Βάρδα"},
    "first name": {"givenName": "ΜΑΡΙΑ"},
    "birth date": {BIRTH_DATE: "20050102"},
}
OTHER = {
    "surname": {"sn": "Oikonomou"},
    "first name": {"givenName": "Nikolaos"},
    "birth date": OLDER,
}
FACTS = (*SAME,)


@pytest.mark.parametrize("told", [*product((True, False, None), repeat=3)], ids=str)
@pytest.mark.parametrize("used_again", [False, True])
@pytest.mark.parametrize("written", [False, True])
def test_a_code_is_doubted_where_birth_date_and_names_are_anothers(
    told: tuple[bool | None, ...], *, used_again: bool, written: bool
) -> None:
    """A corrected name or birth date alone, or a name not known, leaves the entry theirs.

    Of a number used again, unless an entry of the person's would have the birth date (`written`).
    """
    facts = {
        name: value
        for fact, same in zip(FACTS, told, strict=True)
        if same is not None
        for name, value in (SAME if same else OTHER)[fact].items()
    }
    for_, against = told.count(True), told.count(False)
    doubted = told[2] is False and against > for_ and False in told[:2]
    doubted |= told[1] is False and told[2] is None
    if used_again:
        doubted = against >= for_ or told[1] is False or told[2] is False
        doubted |= written and told[2] is None
    own = replace(identity(), used_again=used_again)
    own = own if written else replace(own, born=None)
    judged = judge(own, RULES, [entry(MINE, facts, password=Password.SET)])
    assert judged.outcome is (Outcome.CANNOT_TELL if doubted else Outcome.OWNED_BY_SAME)
    assert judged.why == (AGAIN if doubted else CODES)


@pytest.mark.parametrize(
    ("names", "doubted"),
    [
        ({"cn": "Nikolaos Oikonomou"}, True),
        ({"cn": "Νικόλαος Οικονόμου", "sn": "Οικονόμου"}, True),
        ({"cn": "Nikolaos Vardas"}, True),
        ({"cn": "Nikolaos Varda", "sn": "Varda"}, True),
        ({"sn": "Nikolaos Vardas", "cn": "Nikolaos Vardas"}, True),
        ({"givenName": "Nikolaos"}, True),
        ({"cn": "Yi Xu"}, True),
        ({"cn": "Maria Oikonomou"}, False),
        ({"cn": "Mairi Oikonomou", "sn": "Oikonomou", "givenName": "Mairi"}, False),
        ({"sn": "Maria", "givenName": "Varda"}, False),
        ({"sn": "Oikonomou", "givenName": "Vardas"}, True),
        ({"cn": "M. Varda", "sn": "Varda"}, False),
        ({"cn": "Varda", "sn": "Varda"}, False),
        ({"cn": "Oikonomou"}, False),
        ({"cn": "nioikon dit", "sn": "nioikon dit", "uid": "nioikon dit"}, False),
        ({"cn": "dit12 student12", "sn": "7001"}, False),
        ({}, False),
    ],
)
def test_without_a_birth_date_a_code_is_doubted_where_no_name_is_alike(
    names: dict[str, str], *, doubted: bool
) -> None:
    """What a tool wrote where names belong tells nothing."""
    judged = judge(identity(), RULES, [entry(MINE, names, password=Password.SET)])
    assert judged.outcome is (Outcome.CANNOT_TELL if doubted else Outcome.OWNED_BY_SAME)


SETTLED = {"same": True, "other": False, "unknown": None}


@pytest.mark.parametrize("code", ["another's", "of another system", "the ESI", "another ESI"])
@pytest.mark.parametrize("born", [*BORN, "exchanged"])
@pytest.mark.parametrize("insured", SETTLED)
def test_a_code_of_ones_own_beside_a_namesakes_is_doubted_unless_another_fact_is_the_same(
    code: str, born: str, insured: str
) -> None:
    """Of the same names: two rows may have been joined by mistake, and be apart again."""
    both = {CODES.lower(): [OWN_CODES[0], *CODED[code].values()]}
    told = SAME["surname"] | BORN.get(born, {BIRTH_DATE: "20050201"})
    told |= {"same": {"amka": AMKA}, "other": {"amka": OTHER_AMKA}}.get(insured, {})
    both |= {name.lower(): [value] for name, value in told.items()}
    judged = judge(identity(), (*RULES, INSURANCE), [Entry(both, Password.SET)])
    facts = (SETTLED.get(born, True), SETTLED[insured])
    doubted = code == "another's" and (False in facts or True not in facts)
    assert judged.outcome is (DOUBT if doubted else Outcome.OWNED_BY_SAME)
    against = BIRTH_DATE if facts[0] is False else INSURANCE.name if facts[1] is False else None
    because = f"{CODES} contradicted by {against}" if against else f"several persons: {CODES}"
    assert judged.why == (f"not certain: {because}" if doubted else CODES)


def test_an_entry_with_the_codes_of_two_persons_and_no_birth_date_is_neithers() -> None:
    both = entry(SAME["surname"], SAME["first name"], password=Password.SET)
    both = Entry({**both.attributes, CODES.lower(): [OWN_CODES[0], ANOTHERS[CODES]]}, Password.SET)
    namesake = Identity.of(
        PERSON.model_copy(update={"enrolments": (enrolment("Z9"),), "former": ()}),
        (ANOTHERS[CODES],),
        DOMAIN,
        TODAY,
    )
    for each in (identity(), namesake, replace(identity(), births=frozenset())):
        judged = judge(each, RULES, Postings(RULES, [both]).of(each))
        assert (judged.outcome, judged.own) == (Outcome.CANNOT_TELL, ())


ONE_NAME = {
    "one name, another": ({"sn": "Prince", "cn": "Prince"}, True),
    "the same one name": ({"sn": "Madonna", "cn": "Madonna"}, False),
    "the one name as a first name": ({"givenName": "Madonna"}, False),
    "a surname more": ({"cn": "Madonna Ciccone", "sn": "Ciccone"}, False),
    "two others": ({"cn": "Eleni Oikonomou"}, True),
    "an initial": ({"sn": "P", "cn": "P"}, False),
    "none": ({}, False),
}


@pytest.mark.parametrize("stands", ONE_NAME)
@pytest.mark.parametrize("column", ["first_name", "last_name"])
def test_who_has_one_name_is_told_from_who_has_another(stands: str, column: str) -> None:
    names, doubted = ONE_NAME[stands]
    none = {f"{name}_{of}": "" for name in ("first_name", "last_name") for of in ("el", "latin")}
    one = identity(**none | {f"{column}_el": "Μαντόνα", f"{column}_latin": "Madonna"})
    judged = judge(one, RULES, [entry(MINE, names, password=Password.SET)])
    assert judged.outcome is (Outcome.CANNOT_TELL if doubted else Outcome.OWNED_BY_SAME)


IOANNIS = {
    "first_name_el": "Ιωάννης",
    "first_name_latin": "Ioannis",
    "last_name_el": "Παπαδόπουλος",
    "last_name_latin": "Papadopoulos",
}
CALLED_SO = {
    "Ioannis Papadopoulos": False,
    "Giannis Papadopoulos": False,
    "Γιάννης Παππάς": False,
    "Ioannis Vlachos": False,
    "Eleni Papadopoulou": True,
    "Ioanna Papadopoulou": True,
    "Georgios Ioannidis": True,
    "Konstantinos Ioannou": True,
    "Ioanna Vlachou": True,
    "Γεώργιος Ιωαννίδης": True,
}


@pytest.mark.parametrize("name", CALLED_SO)
@pytest.mark.parametrize("attributes", ["cn", "cn sn", "cn sn givenName", "cn, surname first"])
def test_a_first_name_is_compared_with_a_first_name(name: str, attributes: str) -> None:
    """Surnames are made of first names in Greek, and many have one surname; marriage changes it."""
    given, surname = name.split()
    values = {"cn": name, "sn": surname, "givenName": given}
    names = {each: values[each] for each in attributes.partition(",")[0].split()}
    if "first" in attributes:
        names = {"cn": f"{surname} {given}"}
    for born in ({}, {BIRTH_DATE: "20050102"}):
        judged = judge(identity(**IOANNIS), RULES, [entry(MINE, names, born)])
        doubted = CALLED_SO[name] and not born
        assert judged.outcome is (DOUBT if doubted else Outcome.RESERVED_BY_SAME), born


def test_names_are_compared_in_any_spelling_and_attribute() -> None:
    greek = {"cn": "Βάρδα Μαρία"}
    for names in (greek, {"displayName": "maria VARDA"}, {"cn;lang-el": "ΒΑΡΔΑ ΜΑΡΙΑ"}):
        assert not identity().is_of_earlier_owner(entry(MINE, OLDER, names).attributes)


def test_ones_own_entry_is_found_beside_that_of_who_had_the_number() -> None:
    """And no doubt is left once the other's code is out of the other's entry."""
    before = entry(MINE, *OTHER.values(), password=Password.SET)
    mine = entry(MINE, *SAME.values())
    for entries in ([before, mine], [mine, before]):
        judged = judge(identity(), RULES, entries)
        assert (judged.outcome, judged.own) == (Outcome.RESERVED_BY_SAME, (mine,))
    without = entry(*OTHER.values(), password=Password.SET)
    assert judge(identity(), RULES, [without]).outcome is Outcome.FREE


ALIKE = "of a row that may be the same person's"
OF_ALIKE = {
    "code": ([entry({CODES: f"{SCOPE}SIS:Q7"})], f"{ALIKE}: {CODES}"),
    "number": ([entry(employeeNumber="Q7")], f"{ALIKE}: not certain: employeeNumber"),
    "another's, as far as can be told": ([entry(ANOTHERS, employeeNumber="Q7")], None),
    "nothing of either": ([entry(uid="other")], None),
}


@pytest.mark.parametrize("case", OF_ALIKE)
@pytest.mark.parametrize("password", Password)
def test_an_entry_of_who_may_be_the_same_person_is_for_support(
    case: str, password: Password
) -> None:
    entries, why = OF_ALIKE[case]
    entries = [replace(each, password=password) for each in entries]
    found = judge(beside(), RULES, Postings(RULES, entries).of(beside()))
    assert judge(identity(), RULES, entries).outcome is Outcome.FREE
    assert (found.outcome, found.why, found.of_alike, found.own) == (
        (Outcome.CANNOT_TELL, why, True, ()) if why else (Outcome.FREE, None, False, ())
    )
    assert found.doubtful == (tuple(entries) if why else ())


def test_an_entry_of_ones_own_decides_before_one_of_who_may_be_the_same_person() -> None:
    theirs = OF_ALIKE["code"][0]
    for own in (entry(MINE), entry(mail="maria@mail.example"), entry(ANOTHERS, uid="mvarda")):
        alone, both = (judge(each, RULES, [own, *theirs]) for each in (identity(), beside()))
        assert both == alone


BORN_RULE = Rule(attributes={"uid": "{login_name}", "born": "{birth_date}"}, certain=True)
ROW_RULE = Rule(
    attributes={"uid": "{login_name}", "employeeNumber": "{system}-{number}"}, certain=True
)
FORMER_LOGIN = PERSON.former[0].model_copy(update={"login_name": "maria77"})


@pytest.mark.parametrize("shared", [None, *SharedLogin])
@pytest.mark.parametrize(
    ("rules", "held", "names", "certain"),
    [
        ((LOGIN,), {"uid": "mvarda"}, (), False),
        ((BORN_RULE,), {"uid": "mvarda", "born": "20050102"}, (), False),
        ((ROW_RULE,), {"uid": "mvarda", "employeeNumber": "SIS-A 1"}, (), True),
        ((LOGIN,), {"uid": "mvarda", **MINE}, (), True),
        ((LOGIN, INSURANCE), {"uid": "mvarda", "amka": AMKA}, (), True),
        ((LOGIN,), {"uid": "maria77"}, (), True),
        ((LOGIN,), {"uid": "mvarda"}, ("mvarda",), True),
    ],
)
def test_a_login_name_of_several_is_not_certain_alone(
    shared: SharedLogin | None,
    rules: tuple[Rule, ...],
    held: Mapping[str, str],
    names: tuple[str, ...],
    certain: bool,
) -> None:
    logins = ("mvarda",) if shared else ()
    person = identity(login_shared=shared, shared_logins=logins, former=(FORMER_LOGIN,)).with_names(
        names
    )
    found = judge(person, rules, [entry(held)])
    if certain or not shared:
        assert found.outcome is Outcome.RESERVED_BY_SAME
    else:
        why = Reason.NOT_CERTAIN.of(Reason.OF_SHARED_LOGIN.of(rules[0].name))
        assert (found.outcome, found.why) == (Outcome.CANNOT_TELL, why)


@pytest.mark.parametrize("rules", [(LOGIN,), (LOGIN, INSURANCE)])
@pytest.mark.parametrize("of_others", [(), ("maria77",), ("mvarda", "maria77")])
def test_nor_is_a_former_login_name_that_another_has_now(
    rules: tuple[Rule, ...], of_others: tuple[str, ...]
) -> None:
    person = identity(shared_logins=of_others, former=(FORMER_LOGIN,))
    found = judge(person, rules, [entry({"uid": "maria77"})])
    wanted = Outcome.CANNOT_TELL if of_others else Outcome.RESERVED_BY_SAME
    assert found.outcome is wanted
