"""The registrar check tells what an activation would find, and the sentence to say."""

import asyncio
import itertools
import json
import re
from dataclasses import asdict, replace
from datetime import date

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment
from typer.testing import CliRunner

from activities.accounts import DirectoryActivities
from activities.fencing import fence
from activities.records import LedgerActivities
from activities.registrar import RegistrarActivities
from adapters.directory.wiring import directory_of
from adapters.registrar.wiring import registrar_of
from demo.students import amka
from domain.contracts.account_io import ClaimPerson
from domain.contracts.people import FindStudent, Person
from domain.contracts.vocabulary import Language, Step
from domain.registrar.diagnosis import AccountSeen, Diagnosis, Lack, TypedContacts
from domain.registrar.rows import Row
from domain.typos import Typo
from domain.unreadable import Fault
from ledger import activations, audit, claims
from postgres import Pool
from security.purposes import User
from support.commands.main import commands
from support.verbs.actions import ActionRefused
from support.verbs.registrar import Check, RegistrarQuestion, check
from support.verbs.registrar_texts import (
    ACCOUNTS,
    FAULTS,
    LACKS,
    OUTCOMES,
    SLIPS,
    contact,
    sentences,
)
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests.activities.case import PASSWORD, Case, others
from tests.activities.test_registrar import insert
from tests.recognition.test_presence import noted
from tests.stack import TestStack
from tests.starter.test_cli import assert_one_line, command

_numbers = itertools.count(810001)


@pytest.fixture
def number() -> str:
    return f"R{next(_numbers)}"


async def ask(desk: StaffContext, number: str, mobile: str = "", email: str = "") -> Check:
    return await check(desk, RegistrarQuestion(number=number, typed=TypedContacts(mobile, email)))


def limited(desk: StaffContext, *departments: str) -> StaffContext:
    return replace(
        desk, staff=Staff("eva", frozenset({StaffRole.HELPDESK}), frozenset(departments))
    )


async def person_of(stack: TestStack, email: str) -> Person:
    """Return the person as the engine's own look-up does."""
    async with registrar_of(stack.settings.registrar) as view:
        activities = RegistrarActivities(
            registrar=view, keys=stack.keys_of(User.MAIN), settings=stack.settings
        )
        request = FindStudent(mobile=None, email=email)
        (person,) = (await ActivityEnvironment().run(activities.find_student, request)).persons
    return person


def text_of(found: Check) -> str:
    return str(asdict(found))


@pytest.mark.parametrize("typed", ["202690006", " 2026-90006", "sis/202690006", "SIS/202690006"])
async def test_rows_are_grouped_as_the_engine_groups_them(desk: StaffContext, typed: str) -> None:
    found = await ask(desk, typed)
    (human,) = found.people
    assert {row.number for row in human.rows} == {"SIS/202090006", "SIS/202690006"}
    assert human.last_name == "Ψαρρά"
    assert all(row.live for row in human.rows)
    assert all(each.mask for row in human.rows for each in row.on_file)
    assert (found.outcome, found.account) == (Diagnosis.FINE, AccountSeen.NONE)


async def test_who_is_not_in_the_view_is_told_so(desk: StaffContext) -> None:
    for question in (
        RegistrarQuestion(number="none"),
        RegistrarQuestion(name="ξξξξ"),
        RegistrarQuestion(insurance="31129999999"),
        RegistrarQuestion(typed=TypedContacts("6999999999")),
    ):
        assert await check(desk, question) == Check(Diagnosis.NOT_IN_VIEW)


@pytest.mark.parametrize(
    ("columns", "outcome", "fault"),
    [
        ({"enrollmentstatus": "graduated", "mobilephone": "6955000123"}, Diagnosis.INACTIVE, None),
        ({}, Diagnosis.NO_CONTACT, None),
        ({"mobilephone": "2710372128"}, Diagnosis.UNREADABLE, Fault.LANDLINE),
        ({"mobilephone": "695500012"}, Diagnosis.UNREADABLE, Fault.DIGITS_MISSING),
        ({"extemail": "nikos.mail.example"}, Diagnosis.UNREADABLE, Fault.NO_AT),
        (
            {"mobilephone": "2710372128", "extemail": "{}@mail.example"},
            Diagnosis.FINE,
            Fault.LANDLINE,
        ),
    ],
)
async def test_each_obstacle_has_its_outcome_and_no_contact_is_shown_whole(
    stack: TestStack,
    desk: StaffContext,
    *,
    number: str,
    columns: dict[str, str],
    outcome: Diagnosis,
    fault: Fault | None,
) -> None:
    written = {name: value.format(number) for name, value in columns.items()}
    await insert(stack, number, **written)
    found = await ask(desk, number)
    assert found.outcome is outcome
    ((row,),) = (human.rows for human in found.people)
    assert fault in {None, *(each.fault for each in row.on_file)}
    assert row.live is (outcome is not Diagnosis.INACTIVE)
    if fault is Fault.DIGITS_MISSING:
        assert row.on_file[0].digits == 9
    for column in ("mobilephone", "extemail"):
        assert written.get(column, "?") not in text_of(found)


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("mobile", "email", "outcome", "slip"),
    [
        ("6955 111 222", "", Diagnosis.FINE, None),
        ("6955111223", "", Diagnosis.NEAR_MISS, Typo.ONE_WRONG),
        ("6951511222", "", Diagnosis.NEAR_MISS, Typo.SWAPPED),
        ("695511122", "", Diagnosis.NEAR_MISS, Typo.ONE_MISSING),
        ("69551112222", "", Diagnosis.NEAR_MISS, Typo.ONE_TOO_MANY),
        ("6977000000", "", Diagnosis.DIFFERS, None),
        ("", "Near.Miss@mail.example", Diagnosis.FINE, None),
        ("", "near.miss@mial.example", Diagnosis.NEAR_MISS, Typo.SWAPPED),
        ("", "near.miss@other.example", Diagnosis.NEAR_MISS, Typo.PROVIDER),
        ("", "somebody@mail.example", Diagnosis.DIFFERS, None),
        ("6955111223", "near.miss@mail.example", Diagnosis.FINE, None),
        ("garbage", "", Diagnosis.DIFFERS, None),
    ],
)
async def test_what_was_typed_is_on_file_or_one_slip_away_or_another(
    stack: TestStack,
    desk: StaffContext,
    *,
    mobile: str,
    email: str,
    outcome: Diagnosis,
    slip: Typo | None,
) -> None:
    if not (await ask(desk, "NEARMISS")).people:
        await insert(stack, "NEARMISS", mobilephone="6955111222", extemail="near.miss@mail.example")
    found = await ask(desk, "NEARMISS", mobile, email)
    assert found.outcome is outcome
    assert [each.slip for each in found.misses] == ([slip] if slip else [])
    for whole in ("6955111222", "near.miss@mail"):
        assert whole not in text_of(found)


async def test_a_contact_of_several_is_told_with_how_many(
    stack: TestStack, desk: StaffContext
) -> None:
    sister = str(stack.samples["siblings"].rows[0]["registrationid"])
    found = await ask(desk, sister)
    assert (found.outcome, found.shared_with) == (Diagnosis.SHARED, 1)
    both_of_them = await check(desk, RegistrarQuestion(typed=TypedContacts(mobile="694 000 0008")))
    assert both_of_them.outcome is None
    assert {human.first_name for human in both_of_them.people} == {
        str(row["firstnameel"]) for row in stack.samples["siblings"].rows
    }


async def test_no_question_more_is_told_to_who_uses_a_contact_of_their_own(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    mobile, email = f"695{number[1:]}7"[:10], f"{number}@mail.example".lower()
    await insert(stack, f"{number}-1", mobilephone=mobile, extemail=email)
    await insert(stack, f"{number}-2", mobilephone=mobile)
    for typed, outcome in (((mobile, email), Diagnosis.SHARED), (("", email), Diagnosis.FINE)):
        found = await ask(desk, f"{number}-1", *typed)
        assert (found.outcome, found.shared_with) == (outcome, 1)


async def test_people_are_found_by_insurance_number_and_by_surname(
    stack: TestStack, desk: StaffContext
) -> None:
    row: Row = stack.samples["complete"].rows[0]
    by_number = await check(desk, RegistrarQuestion(insurance=f" {row['ssn']} "))
    assert [human.first_name for human in by_number.people] == [row["firstnameel"]]
    for typed in ("ΜΠΑΚΟΓΙ", "Mpakogi", "bakogi", "Μπακόγι"):
        found = await check(desk, RegistrarQuestion(name=typed))
        numbers = {each.number for human in found.people for each in human.rows}
        assert ("SIS/202690004" in numbers) is (typed != "Mpakogi")


async def test_no_more_than_twenty_are_listed(stack: TestStack, desk: StaffContext) -> None:
    for at in range(22):
        await insert(
            stack,
            f"MANY{at}",
            lastnameel=f"Ωμέγας{chr(0x3B1 + at % 17)}",
            birthdate=f"199001{at + 1:02}",
            departmentid="9" if at else "8",
        )
    found = await check(desk, RegistrarQuestion(name="ωμεγασ"))
    assert (found.outcome, len(found.people), found.more) == (None, 20, True)
    (own,) = (await check(limited(desk, "8"), RegistrarQuestion(name="ωμεγασ"))).people
    assert [row.number for row in own.rows] == ["TEST/MANY0"]


@pytest.mark.parametrize(
    "question",
    [
        RegistrarQuestion(),
        RegistrarQuestion(number="1", name="Παπαδοπούλου"),
        RegistrarQuestion(name="πα"),
        RegistrarQuestion(name="%%%%"),
    ],
)
async def test_a_question_that_asks_too_little_or_too_much_is_refused(
    desk: StaffContext, question: RegistrarQuestion
) -> None:
    with pytest.raises(ActionRefused):
        await check(desk, question)


async def test_another_departments_rows_are_counted_and_not_shown(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    await insert(stack, number, departmentid="403", mobilephone="6955333444")
    assert await ask(limited(desk, "401"), number) == Check(Diagnosis.ELSEWHERE, elsewhere=1)
    found = await ask(limited(desk, "401"), "202690006")
    (human,) = found.people
    assert {row.department_id for row in human.rows} == {"401"}
    assert human.elsewhere == 1


async def test_the_audit_keeps_by_what_was_asked_and_never_what(
    stack: TestStack, desk: StaffContext
) -> None:
    await check(desk, RegistrarQuestion(name="Παπαδοπούλου", typed=TypedContacts("6940000001")))
    newest = (await audit.page(desk.pool, stack.keys, limit=1))[0]
    assert (newest.actor, newest.action, newest.reason) == ("anna", "registrar", "name")
    assert newest.reference is None
    viewer = replace(desk, staff=Staff("eva", frozenset({StaffRole.VIEWER})))
    with pytest.raises(NotAllowed):
        await ask(viewer, "202690001")


async def test_an_activation_under_way_is_told_with_its_reference(
    stack: TestStack, desk: StaffContext, pool: Pool, number: str
) -> None:
    email = f"{number}@mail.example".lower()
    await insert(stack, number, extemail=email)
    begun, claimed = f"A-{number[1:]}-0001", f"A-{number[1:]}-0002"
    await activations.begin(
        pool, stack.keys, reference=begun, language=Language.EL, mobile=None, email=email
    )
    found = await ask(desk, number)
    assert (found.outcome, found.reference) == (Diagnosis.UNDER_WAY, begun)
    person = await person_of(stack, email)
    records = LedgerActivities(pool=pool, keys=stack.keys_of(User.MAIN), settings=stack.settings)
    await records.claim_person(ClaimPerson(reference=claimed, person=person, language=Language.EL))
    assert (await ask(desk, number)).reference == claimed
    for reference in (begun, claimed):
        await activations.close(pool, reference=reference, end=Step.CANCELLED)
    assert (await ask(desk, number)).outcome is Diagnosis.FINE


async def test_an_active_account_is_found_in_the_ledger_or_in_the_directory(
    stack: TestStack, desk: StaffContext, pool: Pool, number: str
) -> None:
    email, reference = f"{number}@mail.example".lower(), f"A-{number[1:]}-0001"
    await insert(stack, number, extemail=email, loginname=number.lower())
    person = await person_of(stack, email)
    case = Case(stack, pool, person, reference)
    await case.consent()
    activities = DirectoryActivities(
        pool=pool,
        keys=stack.keys_of(User.DIRECTORY),
        settings=stack.settings,
        directory=directory_of(stack.settings.directory, fence),
    )
    await case.provision(activities, await case.choose(PASSWORD))
    await activities.close()
    case.ldap.close()
    found = await ask(desk, number)
    assert (found.outcome, found.username) == (Diagnosis.ALREADY_ACTIVE, number.lower())


async def test_an_account_of_a_row_that_the_registrar_replaced_is_found(
    stack: TestStack, desk: StaffContext, pool: Pool, number: str
) -> None:
    """The same person by insurance number and names; the old row is gone."""
    email, name = f"{number}@mail.example".lower(), number.lower()
    await insert(stack, number, extemail=email, ssn=f"7{number[1:]}31", ssncountry="CY")
    person = await person_of(stack, email)
    gone = person.enrolments[0].model_copy(update={"registration_id": f"{number}-OLD"})
    changes = {"person_key": f"gone-{number}", "enrolments": (gone,), "login_name": name}
    case = Case(stack, pool, person.model_copy(update=changes), f"A-{number[1:]}-0001")
    await case.consent()
    activities = DirectoryActivities(
        pool=pool,
        keys=stack.keys_of(User.DIRECTORY),
        settings=stack.settings,
        directory=directory_of(stack.settings.directory, fence),
    )
    await case.provision(activities, await case.choose(PASSWORD))
    await activities.close()
    await noted(stack, pool, case)
    case.ldap.close()
    found = await ask(desk, number)
    assert (found.outcome, found.username) == (Diagnosis.ALREADY_ACTIVE, name)


async def test_an_account_that_only_the_ledger_knows_is_told_as_missing(
    stack: TestStack, desk: StaffContext, pool: Pool, number: str
) -> None:
    email, reference = f"{number}@mail.example".lower(), f"A-{number[1:]}-0001"
    await insert(stack, number, extemail=email)
    person = await person_of(stack, email)
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    await activations.provisioned(pool, stack.keys, reference=reference, username=number.lower())
    await activations.close(pool, reference=reference, end=Step.ACTIVE)
    found = await ask(desk, number)
    assert (found.outcome, found.account) == (Diagnosis.ACCOUNT_GONE, AccountSeen.GONE)
    section = stack.settings.directory.model_copy(update={"urls": ["ldaps://127.0.0.1:9"]})
    away = stack.settings.model_copy(update={"directory": section})
    found = await ask(replace(desk, settings=away), number)
    assert (found.outcome, found.username) == (Diagnosis.ALREADY_ACTIVE, number.lower())


@pytest.mark.long
async def test_a_contact_of_many_is_told_by_number_and_by_the_contact_itself(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    mobile = f"+3069550{number[1:]}"[:13]
    for each in range(22):
        await insert(stack, f"{number}-{each}", mobilephone=mobile)
    found = await ask(desk, f"{number}-7")
    assert (found.outcome, found.by_many) == (Diagnosis.SHARED_BY_MANY, True)
    assert found.shared_with >= 20
    await insert(stack, f"{number}-own", mobilephone=mobile, extemail=f"{number}@own.example")
    own = await ask(desk, f"{number}-own")
    assert (own.outcome, own.by_many) == (Diagnosis.FINE, False)
    assert (await ask(desk, f"{number}-own", mobile)).outcome is Diagnosis.SHARED_BY_MANY
    assert (
        await ask(desk, f"{number}-own", email=f"{number}@own.example")
    ).outcome is Diagnosis.FINE
    ((row,),) = (human.rows for human in own.people)
    assert [each.by_many for each in row.on_file] == [True, False]
    assert "more than twenty" in contact(row.on_file[0], "en")


async def test_an_entry_in_the_way_and_one_without_a_password_are_told_apart(
    stack: TestStack, desk: StaffContext, pool: Pool, number: str
) -> None:
    email, uid = f"{number}@mail.example".lower(), number.lower()
    await insert(stack, number, extemail=email, loginname=uid)
    case = Case(stack, pool, await person_of(stack, email), f"A-{number[1:]}-0001")
    case.plant(uid, **others(case))
    found = await ask(desk, number)
    assert (found.outcome, found.account) == (Diagnosis.IN_THE_WAY, AccountSeen.IN_THE_WAY)
    assert found.why == "another person's: uid contradicted by schacPersonalUniqueCode"
    other = f"{number}X"
    await insert(stack, other, extemail=f"x{email}", loginname=f"{uid}x")
    code = f"urn:schac:personalUniqueCode:gr:{case.domain}:TEST:{other}"
    case.plant(f"{uid}x", schacPersonalUniqueCode=[code])
    case.ldap.close()
    found = await ask(desk, other)
    assert (found.outcome, found.account) == (Diagnosis.FINE, AccountSeen.NO_PASSWORD)
    assert found.why == "schacPersonalUniqueCode"


async def test_what_is_not_joined_is_shown_with_the_account_that_may_be_the_same_persons(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    """The stranger has the person's insurance number by mistake."""
    email, uid = f"{number}@mail.example".lower(), f"z{number}".lower()
    own = {"firstnameel": "Ζηνοβία", "birthdate": "19970306", "extemail": email}
    await insert(stack, f"{number}-1", **own, lastnameel="Πριν", enrollmentstatus="graduated")
    same = {"ssn": amka(date(1997, 3, 6), int(number[1:]) % 1000, gender="F")}
    await insert(stack, f"{number}-2", **own | same, lastnameel="Μετά")
    stranger = {"firstnameel": "Άννα", "lastnameel": "Ξένη", "birthdate": "19990903"}
    await insert(stack, f"{number}-9", **stranger, **same)
    case = Case(stack, desk.pool, await person_of(stack, email), f"A-{number[1:]}-0002")
    code = f"urn:schac:personalUniqueCode:gr:{case.domain}:TEST:{number}-1"
    case.plant(uid, schacPersonalUniqueCode=[code])
    case.ldap.close()
    found = await ask(desk, f"{number}-2")
    assert [each.apart for each in found.people] == [(f"TEST/{number}-1", f"TEST/{number}-9")]
    assert (found.outcome, found.username) == (Diagnosis.IN_THE_WAY, uid)
    assert found.why == "of a row that may be the same person's: schacPersonalUniqueCode"
    by_number = await check(desk, RegistrarQuestion(insurance=same["ssn"]))
    assert {row.number for each in by_number.people for row in each.rows} == {
        f"TEST/{number}-2",
        f"TEST/{number}-9",
    }


async def test_a_directory_that_does_not_answer_leaves_the_account_unknown(
    stack: TestStack, desk: StaffContext
) -> None:
    section = stack.settings.directory.model_copy(update={"urls": ["ldaps://127.0.0.1:9"]})
    away = stack.settings.model_copy(update={"directory": section})
    found = await ask(replace(desk, settings=away), "202690003")
    assert (found.outcome, found.account) == (Diagnosis.FINE, AccountSeen.UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"dsn": SecretStr("postgresql://reader:secret@127.0.0.1:9/none")},
        {"view": "no_such_view"},
    ],
)
async def test_a_registrar_that_does_not_answer_is_an_outcome(
    stack: TestStack, desk: StaffContext, change: dict[str, object]
) -> None:
    section = stack.settings.registrar.model_copy(update=change)
    away = stack.settings.model_copy(update={"registrar": section})
    assert await ask(replace(desk, settings=away), "1") == Check(Diagnosis.REGISTRAR_AWAY)


def test_every_word_of_a_check_is_there_in_both_languages() -> None:
    assert (set(OUTCOMES), set(ACCOUNTS)) == (set(Diagnosis), set(AccountSeen))
    assert (set(FAULTS), set(SLIPS), set(LACKS)) == (set(Fault), set(Typo), set(Lack))
    for outcome in Diagnosis:
        assert len(set(sentences(Check(outcome)).values())) == len(Language)


@pytest.mark.parametrize(
    "outcome",
    [
        Diagnosis.ALREADY_ACTIVE,
        Diagnosis.INACTIVE,
        Diagnosis.IN_THE_WAY,
        Diagnosis.LOGIN_NAME,
        Diagnosis.ACCOUNT_GONE,
        Diagnosis.UNDER_WAY,
    ],
)
def test_nobody_is_told_to_begin_what_is_under_way(outcome: Diagnosis) -> None:
    """These may stand beside an activation; of a contact that finds nobody one does try again."""
    told = sentences(Check(outcome, reference="A-7K3F-92QD"))
    assert not re.search("(?i)try again|begin again;", told["en"])
    assert "ξανά όταν" not in told["el"]


@pytest.mark.usefixtures("client")
async def test_the_command_tells_the_sentence_in_both_languages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("registrar", "--number", "202690001")

    def run(*more: str, typed: str = "") -> str:
        return CliRunner().invoke(commands, [*words, *more], input=typed).stdout

    told = json.loads(await asyncio.to_thread(run, "--mobile", "-", "--json", typed="6940000010\n"))
    assert told["outcome"] == "near_miss"
    assert set(told["sentence"]) == {"el", "en"}
    assert told["people"][0]["rows"][0]["on_file"][0]["mask"] == "+30 •••••••01"
    near = await asyncio.to_thread(run, "--mobile", "-", typed="6940000010\n")
    assert "found nobody: none" in near
    said = await asyncio.to_thread(run)
    assert "found nobody" not in said
    assert "Όλα είναι εντάξει" in said
    assert "6940000001" not in said
    monkeypatch.setenv("ACTIVATION_REGISTRAR__VIEW", "no_such_view")
    assert_one_line(await command("support", *words), says="do not answer")
