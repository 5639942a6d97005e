"""The registrar against the directory, in memory: every plan and its reason."""

from collections.abc import Mapping, Sequence
from itertools import product

import pytest

from activities.accounts import DirectoryActivities
from adapters.directory import entries
from adapters.directory.entries import CODES, codes
from adapters.directory.port import Entry
from adapters.directory.wiring import directory_of
from domain import accounts
from domain.accounts import Password
from domain.contracts.account_io import AccountOutcome
from domain.identities import Identity
from domain.match_rules import Rule
from domain.postings import Postings
from domain.registrar.rows import Row
from postgres import Pool
from recognition.comparison import KNOWN, Plan, matches, persons
from tests.activities.case import PASSWORD, Case, others
from tests.activities.conftest import MakePerson
from tests.stack import TestStack


def row(number: str, **more: str | None) -> Row:
    return {
        "systemid": "SIS",
        "registrationid": number,
        "firstnameel": f"Α{number}",
        "lastnameel": "Β",
        "birthdate": "20050102",
        "departmentid": "401",
        "departmentel": "Πληροφορικής",
        "enrollmentstatus": "active",
        "inscriptionacyear": "2026",
        **more,
    }


def entry(
    uid: str,
    password: Password = Password.NONE,
    code: str = "",
    mail: str = "",
    more: Sequence[str] = (),
) -> Entry:
    attributes = {"uid": [uid, *more], CODES.lower(): [code], "mail": [mail]}
    return Entry(f"uid={uid}", uid, attributes, password, adoptable=True, made_here=False)


SAME: Mapping[str, str] = {
    "firstnameel": "Μαρία",
    "fatherfirstnameel": "Πέτρος",
    "extemail": "maria@mail.example",
}
PARTED: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "number corrected": ({"ssn": "02010500011"}, {"ssn": "02010500029"}),
    "number of another kind": (
        {"ssn": "AL0012345", "ssncountry": "AL"},
        {"ssn": "02010500011"},
    ),
    "surname changed": ({}, {"ssn": "02010500011", "lastnameel": "Γ"}),
}
CODE = "urn:schac:personalUniqueCode:gr:university.example:SIS:"
OF_SEVERAL = "not certain: uid of a loginname that several persons have"
CASES: Mapping[str, tuple[list[Row], list[Entry], list[tuple[Plan, str | None, str | None]]]] = {
    "new": ([row("1")], [entry("x")], [(Plan.NEW, None, None)]),
    "active": (
        [row("1", loginname="abc")],
        [entry("abc", Password.HIDDEN)],
        [(Plan.ALREADY_ACTIVE, "abc", "uid")],
    ),
    "to adopt": ([row("1")], [entry("abc", code=f"{CODE}1")], [(Plan.ADOPT, "abc", CODES)]),
    "may be theirs": (
        [row("1", extemail="a@b.example")],
        [entry("abc", mail="A@b.example")],
        [(Plan.CANNOT_TELL, None, "not certain: mail")],
    ),
    "another name": (
        [row("1", loginname="other")],
        [entry("abc", code=f"{CODE}1")],
        [(Plan.CONFLICT, "abc", f"{CODES}, under another name")],
    ),
    "not adopted": (
        [row("1")],
        [entry("abc", code=f"{CODE}1")._replace(adoptable=False)],
        [(Plan.CONFLICT, "abc", f"{CODES}, not to be adopted")],
    ),
    "one login name for two": (
        [row("1", loginname="abc"), row("2", loginname="abc")],
        [],
        [(Plan.CONFLICT, None, "loginname: of several persons")] * 2,
    ),
    "one entry for two": (
        [row("1", loginname="abc"), row("2", loginname="abc")],
        [entry("abc")],
        [(Plan.CANNOT_TELL, None, OF_SEVERAL)] * 2,
    ),
    "an entry of somebody who is not enrolled any more": (
        [row("1", loginname="abc"), row("2", loginname="abc", enrollmentstatus="inactive")],
        [entry("abc")],
        [(Plan.CANNOT_TELL, None, OF_SEVERAL)],
    ),
    "a login name that is another entry's address": (
        [row("1", loginname="abc")],
        [entry("x", code=f"{CODE}2", mail="abc@university.example")],
        [(Plan.CONFLICT, None, "loginname: in use")],
    ),
    "a login name for services": (
        [row("1", loginname="root")],
        [entry("x")],
        [(Plan.CONFLICT, None, "loginname: reserved")],
    ),
    "the name of another entry too": (
        [row("1")],
        [entry("abc", code=f"{CODE}1"), entry("x", more=["ABC"])],
        [(Plan.CONFLICT, "abc", f"{CODES}, and another entry has the name")],
    ),
    "a name that another entry has besides": (
        [row("1", loginname="abc")],
        [entry("x", code=f"{CODE}2", more=["Abc"])],
        [(Plan.CONFLICT, None, f"another person's: uid contradicted by {CODES}")],
    ),
    **{
        f"beside an account of who may be the same person: {case}": (
            [
                row("1", **{**SAME, **one}, enrollmentstatus="inactive"),
                row("2", **{**SAME, **other}, inscriptionacyear="2027"),
            ],
            [entry("abc", Password.SET, code=f"{CODE}1")],
            [(Plan.CANNOT_TELL, None, f"of a row that may be the same person's: {CODES}")],
        )
        for case, (one, other) in PARTED.items()
    },
    "beside a stranger who has the same insurance number": (
        [
            row("1", **{**SAME, "ssn": "02010500011"}, enrollmentstatus="inactive"),
            row("2", **{**SAME, "ssn": "02010500011", "lastnameel": "Γ"}),
            row("9", ssn="02010500011", birthdate="19990903"),
        ],
        [entry("abc", Password.SET, code=f"{CODE}1")],
        [(Plan.ALREADY_ACTIVE, "abc", CODES), (Plan.NEW, None, None)],
    ),
    "not enrolled any more": ([row("1", enrollmentstatus="inactive")], [], []),
}


@pytest.mark.parametrize("case", CASES)
def test_each_person_has_a_plan(stack: TestStack, case: str) -> None:
    rows, entries, expected = CASES[case]
    people = persons(rows, stack.settings, stack.keys)
    found = matches(people, entries, stack.settings)
    assert [(each.plan, each.username, each.why) for each in found] == expected


def test_a_name_that_only_other_rules_would_match_is_taken(stack: TestStack) -> None:
    section = stack.settings.directory.model_copy(update={"match_rules": []})
    config = stack.settings.model_copy(update={"directory": section})
    people = persons([row("1", loginname="abc")], config, stack.keys)
    (found,) = matches(people, [entry("abc")], config)
    assert (found.plan, found.why) == (Plan.CONFLICT, "loginname: in use")


MARKS = ("none", "code", "another's code", "mail", "number")
SAYS = {
    AccountOutcome.CONFLICT: Plan.CONFLICT,
    AccountOutcome.CANNOT_TELL: Plan.CANNOT_TELL,
    AccountOutcome.ALREADY_ACTIVE: Plan.ALREADY_ACTIVE,
}


def marked(case: Case, mark: str) -> dict[str, list[str]]:
    own = codes(case.person, case.domain)
    return {
        "none": {},
        "code": {CODES: own},
        "another's code": others(case),
        "mail": {"mail": [str(case.person.email)]},
        "number": {"employeeNumber": [case.person.enrolments[0].registration_id]},
    }[mark]


async def test_an_activation_finds_what_was_foretold(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    """Every mark of an entry, with the registrar's name, another or none, and with a password."""
    cases: dict[tuple[str, str, bool], Case] = {}
    for kind in product(MARKS, ("same", "second", "other", "no"), (True, False)):
        mark, login, password = kind
        person = make_person(last_name_latin=f"Known{len(cases)}")
        case = cases[kind] = Case(stack, pool, person, f"A-KNOWN-{len(cases)}")
        own = f"y.{case.name}" if login == "second" else case.name
        case.plant(own, uid=[*{own, case.name}], **marked(case, mark))
        if password:
            case.ldap.set_password(f"uid={own},{case.people}", PASSWORD.encode())
        name = {"same": case.name, "second": case.name, "other": f"x.{case.name}", "no": None}[
            login
        ]
        case.person = case.person.model_copy(update={"login_name": name})
    cases["no", "entry", False] = Case(stack, pool, make_person(), "A-KNOWN")
    directory = directory_of(stack.settings.directory)
    people = [case.person for case in cases.values()]
    found = matches(people, directory.everybody(lambda _: None), stack.settings)
    await directory.close()
    for (kind, case), foretold in zip(cases.items(), found, strict=True):
        resolved = await case.resolve(activities)
        case.ldap.close()
        adopted = Plan.ADOPT if foretold.username else Plan.NEW
        assert foretold.plan is SAYS.get(resolved.outcome, adopted), kind
        if foretold.plan in KNOWN:
            assert resolved.username == foretold.username, kind


async def test_a_rule_on_what_the_directory_makes_itself_is_judged_by_both_alike(
    stack: TestStack, pool: Pool, make_person: MakePerson
) -> None:
    case = Case(stack, pool, make_person(), "A-KNOWN-OPERATIONAL")
    case.plant(f"y.{case.name}")
    case.ldap.close()
    rule = Rule(attributes={"entryDN": f"uid=y.{{login_name}},{case.people}"}, certain=True)
    config = stack.settings.directory.model_copy(update={"match_rules": [rule]})
    directory = directory_of(config)
    identity = entries.identity(case.person, case.domain)
    in_report = accounts.judge(identity, [rule], directory.everybody(lambda _: None))
    looked_up = directory.find_own(identity)
    await directory.close()
    assert in_report.outcome is looked_up.outcome is not accounts.Outcome.FREE


async def test_a_code_is_found_in_every_form_that_tools_write(
    stack: TestStack, pool: Pool, make_person: MakePerson
) -> None:
    """By a look-up and in the comparison of everybody alike."""
    outcomes = {
        "gr:{domain}:SIS:{number}": accounts.Outcome.RESERVED_BY_SAME,
        "GR:{domain}:{number}": accounts.Outcome.CANNOT_TELL,
        "int:esi:{domain}:{number}": accounts.Outcome.CANNOT_TELL,
        "gr:ESI:{domain}:{number}": accounts.Outcome.CANNOT_TELL,
        "int:esi:gr:{number}": accounts.Outcome.CANNOT_TELL,
        "int:studentID:gr:{number}": accounts.Outcome.CANNOT_TELL,
        "int:esi:{domain}:{number}0": accounts.Outcome.FREE,
    }
    held = {
        f"{urn}:personalUniqueCode:{form}": outcome
        for urn in ("urn:schac", "URN:mace:terena.org:schac")
        for form, outcome in outcomes.items()
    }
    await found_alike(stack, pool, make_person, {CODES: held})


NUMBERS = {
    "Π{serial}/1": ("π{serial}-1", "Π{serial} 1", "Π {serial} 1", "Π-{serial}-1", "Π{serial}1"),
    "D{serial}-1": ("d{serial} 1", "D{serial}.1", "D{serial}_1", "D{serial}1"),
    "{serial}": ("000{serial}", "0{serial}"),
    "ΑΜ{serial}": ("AM{serial}", "am-{serial}"),
}


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_number_that_is_written_otherwise_is_found(
    stack: TestStack, pool: Pool, make_person: MakePerson, number: str
) -> None:
    held = dict.fromkeys(NUMBERS[number], accounts.Outcome.CANNOT_TELL)
    codes = {f"urn:schac:personalUniqueCode:gr:{{domain}}:SIS:{form}": held[form] for form in held}
    await found_alike(stack, pool, make_person, {"employeeNumber": held, CODES: codes}, number)


async def found_alike(
    stack: TestStack,
    pool: Pool,
    make_person: MakePerson,
    held: Mapping[str, Mapping[str, accounts.Outcome]],
    number: str = "T{serial}",
) -> None:
    """Plant an entry for a person of each value, and judge it by a look-up and by a comparison."""
    people: list[tuple[str, accounts.Outcome, Identity]] = []
    for attribute, values in held.items():
        for value, outcome in values.items():
            person = make_person()
            serial = person.enrolments[0].registration_id.removeprefix("T")
            own = number.format(serial=serial)
            (row,) = (
                each.model_copy(update={"registration_id": own}) for each in person.enrolments
            )
            case = Case(stack, pool, person.model_copy(update={"enrolments": (row,)}), f"A-{own}")
            text = value.format(domain=case.domain, number=own, serial=serial)
            case.plant(f"z.{case.name}", **{attribute: [text]})
            case.ldap.close()
            people.append((value, outcome, entries.identity(case.person, case.domain)))
    directory, rules = directory_of(stack.settings.directory), stack.settings.directory.match_rules
    everybody = directory.everybody(lambda _: None)
    assert stack.settings.directory.people_dn not in {each.dn for each in everybody}
    postings = Postings(rules, everybody)
    for value, outcome, identity in people:
        in_report = accounts.judge(identity, rules, postings.of(identity))
        looked_up = directory.find_own(identity)
        assert looked_up.outcome is in_report.outcome is outcome, value
        assert looked_up.why == in_report.why
    await directory.close()
