"""Yes or no to what a caller says: counted before it is compared, and noted without the values."""

import asyncio
import itertools
import json
import secrets
from dataclasses import replace

import pytest
import structlog
from temporalio.client import Client
from typer.testing import CliRunner

from domain.contracts.vocabulary import Language
from domain.registrar.caller import Said
from domain.registrar.diagnosis import TypedContacts
from ledger import activations, audit, used_again
from starter.client.activations import Activations
from support.commands.main import commands
from support.verbs.caller import CallerAnswer, CallerQuestion, Told, UnreadableField, ask
from support.verbs.histories import UnknownReference
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests.activities.test_registrar import insert
from tests.server import client, reference, working, world
from tests.stack import TestStack
from tests.starter.client.test_activations import begun

__all__ = ["client", "reference", "working", "world"]

_numbers = itertools.count(910001)
FATHER = "Ιωάννης"


@pytest.fixture
async def number(stack: TestStack) -> str:
    """Return the number of a student of department 401."""
    number = f"C{next(_numbers)}"
    await insert(
        stack,
        number,
        extemail=f"{number}@mail.example",
        departmentid="401",
        fatherfirstnameel=FATHER,
    )
    return number


def mail(number: str) -> TypedContacts:
    return TypedContacts(email=f"{number}@mail.example")


def of_departments(desk: StaffContext, *departments: str) -> StaffContext:
    return replace(
        desk, staff=Staff("eva", frozenset({StaffRole.HELPDESK}), frozenset(departments))
    )


def of_four_questions(desk: StaffContext, number: str) -> StaffContext:
    """Return the desk of one who may ask four questions a day, and has asked none."""
    limits = desk.settings.limits.model_copy(update={"caller_questions_per_staff": 4})
    settings = desk.settings.model_copy(update={"limits": limits})
    return replace(
        desk, settings=settings, staff=Staff(f"Eva {number}", frozenset({StaffRole.HELPDESK}))
    )


async def answer(
    desk: StaffContext,
    said: Said,
    contact: TypedContacts | None = None,
    reference: str | None = None,
) -> Told:
    return await ask(
        desk, CallerQuestion(said, contact or TypedContacts(), reference), secrets.token_hex(16)
    )


async def newest(desk: StaffContext) -> audit.Row:
    return (await audit.page(desk.pool, desk.keys, limit=1))[0]


async def test_a_student_is_known_by_number_or_contact_and_two_data(
    desk: StaffContext, number: str
) -> None:
    told = await answer(desk, Said("1/1/2005", number.lower()))
    assert told == Told(CallerAnswer.CONFIRMED, 2)
    told = await answer(desk, Said("1/1/05", father_name="ΙΩANNHΣ"), mail(number))
    assert told == Told(CallerAnswer.CONFIRMED, 1)
    told = await answer(desk, Said("1/1/2005", "C1", FATHER), mail(number))
    assert told == Told(CallerAnswer.NOT_CONFIRMED, 0)


@pytest.mark.parametrize("system", ["TEST/", "test / "])
async def test_a_student_is_found_by_the_number_after_its_system_as_at_the_registrar_check(
    desk: StaffContext, number: str, system: str
) -> None:
    told = await answer(desk, Said("1/1/2005", f"{system}{number}"))
    assert told == Told(CallerAnswer.CONFIRMED, 2)
    told = await answer(desk, Said("1/1/2005", f"OTHER/{number}"))
    assert told.answer is CallerAnswer.NOT_CONFIRMED


async def test_the_fourth_question_of_the_day_is_not_compared_whoever_asks_and_however(
    desk: StaffContext, number: str
) -> None:
    other = replace(desk, staff=Staff("petros", frozenset({StaffRole.SUPERVISOR})))
    await answer(desk, Said("2/1/2005", number))
    await answer(other, Said("3/1/2005", father_name=FATHER), mail(number))
    await answer(desk, Said("4/1/2005", f" {number} "))
    for each, contact in itertools.product((desk, other), (TypedContacts(), mail(number))):
        told = await answer(each, Said("1/1/2005", number), contact)
        assert (told.answer, told.left, told.opens is None) == (CallerAnswer.SPENT, 0, False)


async def test_the_questions_of_one_of_staff_end_whomever_they_are_about(
    desk: StaffContext, number: str
) -> None:
    desk = of_four_questions(desk, number)
    about = [f"{number}-{each}" for each in range(9)]
    told = [await answer(desk, Said("9/9/2000", each)) for each in about]
    assert [each.answer for each in told] == [CallerAnswer.NOT_CONFIRMED] * 4 + [
        CallerAnswer.OWN_SPENT
    ] * 5
    assert [each.left for each in told] == [2, 2, 1, 0, 0, 0, 0, 0, 0]
    assert (await newest(desk)).reason == "birth_date, student_number: own_spent"
    # A name written otherwise is the same person; a colleague is not, and finds all as it was.
    upper = replace(desk, staff=replace(desk.staff, name=desk.staff.name.upper()))
    assert (await answer(upper, Said("1/1/2005", number))).answer is CallerAnswer.OWN_SPENT
    other = replace(desk, staff=replace(desk.staff, name=f"petros {number}"))
    assert await answer(other, Said("1/1/2005", number)) == Told(CallerAnswer.CONFIRMED, 2)


async def test_questions_that_are_refused_use_up_none_of_ones_own(
    desk: StaffContext, number: str
) -> None:
    eva = of_four_questions(desk, number)
    for _ in range(6):
        await answer(eva, Said("2/1/2005", number))
    for expected in (CallerAnswer.NOT_CONFIRMED, CallerAnswer.OWN_SPENT):
        assert (await answer(eva, Said("2/1/2005", f"{number}-0"))).answer is expected


async def test_a_flood_of_questions_is_answered_three_times(
    desk: StaffContext, number: str
) -> None:
    guesses = [
        answer(desk, Said(f"{day}/1/2005", number, FATHER), mail(number) if day % 2 else None)
        for day in range(2, 14)
    ]
    told = [each.answer for each in await asyncio.gather(*guesses)]
    assert told.count(CallerAnswer.NOT_CONFIRMED) == 3
    assert told.count(CallerAnswer.SPENT) == len(told) - 3


async def test_the_same_form_counts_once_but_not_for_another_student(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    question = CallerQuestion(Said("1/1/2005", number))
    for _ in range(5):
        assert await ask(desk, question, "1" * 32) == Told(CallerAnswer.CONFIRMED, 2)
    other = f"{number}X"
    await insert(stack, other)
    for left in (2, 1, 0):
        told = await answer(desk, Said("9/9/2000", other))
        assert told == Told(CallerAnswer.NOT_CONFIRMED, left)
    told = await ask(desk, CallerQuestion(Said("1/1/2005", other)), "1" * 32)
    assert told.answer is CallerAnswer.SPENT


async def test_another_departments_student_is_answered_as_nobody_is(
    desk: StaffContext, number: str
) -> None:
    eva = of_departments(desk, "403")
    right, nobody = Said("1/1/2005", number, FATHER), Said("1/1/2005", "C0", FATHER)
    for contact, nobodys in (
        (TypedContacts(), TypedContacts()),
        (mail(number), mail(f"{number}-0")),
    ):
        hidden = [await answer(eva, right, contact) for _ in range(4)]
        unknown = [await answer(eva, nobody, nobodys) for _ in range(4)]
        for asked in (hidden, unknown):
            assert [told.answer for told in asked] == [CallerAnswer.NOT_CONFIRMED] * 3 + [
                CallerAnswer.SPENT
            ]
            assert [told.left for told in asked] == [2, 1, 0, 0]
            assert [told.opens is None for told in asked] == [True] * 3 + [False]
    own = of_departments(desk, "401")
    assert await answer(own, right) == Told(CallerAnswer.CONFIRMED, 2)


async def test_a_shared_contact_tells_who_of_them_and_counts_for_each(
    stack: TestStack, desk: StaffContext, number: str
) -> None:
    sister = f"{number}S"
    await insert(
        stack, sister, firstnameel="Ζωή", birthdate="20070303", extemail=f"{number}@mail.example"
    )
    told = await answer(desk, Said("3/3/2007", sister), mail(number))
    assert told == Told(CallerAnswer.CONFIRMED, 2)
    mixed = await answer(desk, Said("3/3/2007", number), mail(number))
    assert mixed == Told(CallerAnswer.NOT_CONFIRMED, 1)
    assert await answer(desk, Said("1/1/2005", number)) == Told(CallerAnswer.CONFIRMED, 0)
    assert (await answer(desk, Said("3/3/2007", sister))).answer is CallerAnswer.CONFIRMED


@pytest.mark.parametrize(
    ("said", "contact", "field"),
    [
        (Said(), TypedContacts(), "birth_date"),
        (Said("1/1/2005"), TypedContacts(email="a@mail.example"), "birth_date"),
        (Said("1/1/2005", father_name=FATHER), TypedContacts(), "student_number"),
        (Said("1/1/2005", father_name=FATHER), TypedContacts("  ", " "), "student_number"),
        (Said("31/2/2005", "17"), TypedContacts(), "birth_date"),
        (Said("1/1/2005", "-;"), TypedContacts(), "student_number"),
        (Said("1/1/2005", "17", "123"), TypedContacts(), "father_name"),
        (Said("1/1/2005", "17"), TypedContacts("69"), "mobile"),
        (Said("1/1/2005", "17"), TypedContacts(email="a b"), "email"),
    ],
)
async def test_what_cannot_be_asked_is_told_at_its_field_and_does_not_count(
    desk: StaffContext, said: Said, contact: TypedContacts, field: str
) -> None:
    before = await desk.pool.fetchval("SELECT count(*) FROM budget")
    with pytest.raises(UnreadableField) as refused:
        await answer(desk, said, contact)
    assert refused.value.field == field
    assert await desk.pool.fetchval("SELECT count(*) FROM budget") == before


async def test_the_audit_has_who_asked_with_what_and_the_answer_and_nobody_has_the_values(
    desk: StaffContext, number: str
) -> None:
    with structlog.testing.capture_logs() as logged:
        await answer(desk, Said("1/1/2005", number, FATHER), mail(number))
        right = await newest(desk)
        await answer(desk, Said("7/1/2005", number))
        wrong = await newest(desk)
    assert (right.actor, right.action, right.reference) == ("anna", "caller", None)
    assert right.reason == "birth_date, student_number, father_name: confirmed"
    assert wrong.reason == "birth_date, student_number: not_confirmed"
    counters = await desk.pool.fetch("SELECT bucket FROM budget")
    for value in ("1/1/2005", "2005-01-01", number, FATHER, "ioannis", f"{number}@mail"):
        assert value.lower() not in str((logged, counters, right, wrong)).lower()


async def test_who_only_looks_or_reads_the_audit_may_not_ask(
    desk: StaffContext, number: str
) -> None:
    for role in StaffRole:
        staff = Staff("eva", frozenset({role}))
        if role in {StaffRole.HELPDESK, StaffRole.SUPERVISOR}:
            continue
        with pytest.raises(NotAllowed):
            await answer(replace(desk, staff=staff), Said("1/1/2005", number))


async def test_a_registrar_that_is_away_leaves_the_questions(
    desk: StaffContext, number: str
) -> None:
    section = desk.settings.registrar.model_copy(update={"view": "no_such_view"})
    away = replace(desk, settings=desk.settings.model_copy(update={"registrar": section}))
    assert await answer(away, Said("1/1/2005", number)) == Told(CallerAnswer.AWAY)
    assert (await newest(desk)).reason == "birth_date, student_number: away"
    assert await answer(desk, Said("1/1/2005", number)) == Told(CallerAnswer.CONFIRMED, 2)


@pytest.mark.parametrize("again", [False, True])
async def test_a_case_says_whom_the_caller_claims_to_be(
    stack: TestStack,
    desk: StaffContext,
    client: Client,
    reference: str,
    number: str,
    *,
    again: bool,
) -> None:
    """Also where the number was somebody else's before, and the ledger has a key of its own."""
    start = begun(reference).model_copy(
        update={"mobile": None, "email": f"{number}@mail.example".lower()}
    )
    await Activations(client).start(start)
    sitting = replace(desk, client=client)
    said = Said("1/1/2005", father_name=FATHER)
    assert await answer(sitting, said, reference=reference) == Told(CallerAnswer.CONFIRMED, 2)
    assert (await newest(desk)).reference == reference
    # By the case, by the contact and by the number it is one count.
    assert await answer(sitting, Said("1/1/2005", number)) == Told(CallerAnswer.CONFIRMED, 1)
    # Another department's, and who is in none yet, has no case here.
    with pytest.raises(UnknownReference):
        await answer(of_departments(sitting, "401"), said, reference=reference)
    with pytest.raises(UnknownReference):
        await answer(sitting, said, reference="A-0000-0000")
    # Once it is claimed, only the person whose it is can be meant.
    sister = f"{number}S"
    await insert(
        stack, sister, firstnameel="Ζωή", birthdate="20070303", extemail=f"{number}@mail.example"
    )
    await activations.begin(
        desk.pool,
        desk.keys,
        reference=reference,
        language=Language.EL,
        mobile=None,
        email=start.email,
    )
    key = desk.keys.index("person", f"TEST/{number}")
    own = f"own {key}" if again else key
    await used_again.note(desk.pool, reference, {key: own} if again else {})
    await desk.pool.execute(
        "UPDATE activation SET person_key = $2 WHERE reference = $1", reference, own
    )
    asked, told = Said("3/3/2007", sister), CallerAnswer.NOT_CONFIRMED
    if again:
        asked, told = said, CallerAnswer.CONFIRMED
    assert await answer(sitting, asked, reference=reference) == Told(told, 0)
    assert (await answer(sitting, Said("3/3/2007", sister))).answer is CallerAnswer.CONFIRMED


@pytest.mark.usefixtures("client")
async def test_the_command_asks_for_what_is_a_dash_and_repeats_nothing(number: str) -> None:
    words = ("caller", "--birth-date", "-", "--number", number, "--father", "-")

    def run(*more: str) -> str:
        return CliRunner().invoke(commands, [*words, *more], input="1/1/2005\nIoannis\n").stdout

    told = json.loads(await asyncio.to_thread(run, "--json"))
    assert told == {"answer": "confirmed", "left": 2, "opens": None}
    said = await asyncio.to_thread(run)
    assert "Yes: all of it" in said
    assert number not in said
    refused = CliRunner().invoke(commands, ["caller", "nonsense"]).exception
    assert "that is not a reference" in str(refused)
