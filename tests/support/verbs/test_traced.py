"""A person is traced through every activation: unproved, by any number, and by any reference."""

from datetime import date
from secrets import randbelow, token_hex

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from domain.contracts.channels import Channel
from domain.contracts.message_io import ReserveSend
from domain.contracts.people import Destination, Person
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Language, Step
from ledger import activations, claims, imports, messages, rekeyed, support_requests
from ledger import erasure as ledger
from ledger.imports import Owned
from ledger.support_requests import HelpRequest
from postgres import Pool
from starter.client.activations import Activations
from support.commands import privacy
from support.verbs import erasure, personal_data
from support.verbs.actions import ActionRefused
from support.verbs.erasure import UnknownPerson
from support.verbs.staff import StaffContext
from tests import desk as desks
from tests.activities.test_registrar import insert
from tests.codes import WITHOUT_LIMITS
from tests.ledger.life import left, live, person_of
from tests.stack import TestStack


@pytest.fixture
def desk(client: Client, pool: Pool, stack: TestStack) -> StaffContext:
    return desks.desk(client, pool, keys=stack.keys, settings=stack.settings)


@pytest.fixture
def away(desk: StaffContext) -> StaffContext:
    """Return a desk whose registrar does not answer."""
    registrar = desk.settings.registrar.model_copy(
        update={"dsn": SecretStr("postgresql://nobody@127.0.0.1:1/none")}
    )
    settings = desk.settings.model_copy(update={"registrar": registrar})
    return desks.desk(desk.client, desk.pool, keys=desk.keys, settings=settings)


def new_mobile() -> str:
    return f"+30697{randbelow(10**7):07}"


def new_reference() -> str:
    typed = token_hex(4).upper().translate(str.maketrans("01", "23"))
    return f"A-{typed[:4]}-{typed[4:]}"


async def live_with(
    mobile: str, pool: Pool, stack: TestStack, reference: str, person: Person
) -> None:
    """Live through an activation that this mobile began."""
    await live(pool, stack, reference, person, number=reference)
    await pool.execute(
        "UPDATE activation SET mobile_index = $2 WHERE reference = $1",
        reference,
        stack.keys.index("mobile", mobile),
    )


async def unproved(
    pool: Pool, stack: TestStack, mobile: str, key: str | None, *, ended: bool = True
) -> str:
    """Begin with this mobile and reserve a code; the person, if one was found, proves nothing."""
    reference = new_reference()
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile=mobile, email=None
    )
    request = ReserveSend(
        reference=reference,
        request_no=1,
        destination=Destination(channel=Channel.SMS, to=mobile),
        person_key=key,
    )
    await messages.reserve(pool, stack.keys, request, "run", WITHOUT_LIMITS)
    if ended:
        await activations.close(pool, reference=reference, end=Step.CANCELLED)
    return reference


async def asks(
    pool: Pool,
    stack: TestStack,
    text: str,
    *,
    reply_to: str,
    reference: str | None = None,
    phone: str = "",
) -> str:
    words = "Μαρία", reply_to, text, phone
    request = HelpRequest(token_hex(16), reference, None, Language.EL, *words)
    await support_requests.put(pool, stack.keys, request)
    await support_requests.mailed(pool, request.id)
    return request.id


async def is_erased(pool: Pool, reference: str) -> bool:
    row = (await activations.noted(pool, [reference]))[reference]
    kept = await pool.fetchval(
        "SELECT count(*) FROM message WHERE reference = $1"
        " AND (contact_index <> '' OR person_key IS NOT NULL)",
        reference,
    )
    return row.erased and kept == 0


@pytest.fixture
def number(reference: str) -> str:
    """Return a number that the registrar does not have."""
    return f"1/{reference}"


async def test_who_only_left_unproved_activations_is_found_by_number(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str
) -> None:
    key = person_of(stack, number).person_key
    mobile = new_mobile()
    ended = await unproved(pool, stack, mobile, key)
    told = await personal_data.export(desk, person=number, reason="asked")
    assert [row["reference"] for row in told["ledger"]["activation"]] == [ended]
    await erasure.erase_person(desk, person=number, reason="asked")
    assert await is_erased(pool, ended)


async def test_an_open_unproved_activation_refuses_the_erasure(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    person, mobile = person_of(stack, number), new_mobile()
    await live_with(mobile, pool, stack, reference, person)
    before = await left(pool, reference, person)
    open_ = await unproved(pool, stack, mobile, None, ended=False)
    await Activations(desk.client).start(ActivationStart(reference=open_, mobile=mobile))
    with pytest.raises(ActionRefused, match="still in progress"):
        await erasure.erase_person(desk, person=number, reason="asked")
    assert await left(pool, reference, person) == before
    await desk.client.get_workflow_handle(open_).terminate()


async def test_any_number_of_a_person_finds_all(
    stack: TestStack, pool: Pool, desk: StaffContext, away: StaffContext, reference: str
) -> None:
    """The registrar groups the rows; without it the ledger knows the keys of an account."""
    mobile = new_mobile()
    numbers = [f"{year}{randbelow(10**7):07}" for year in (2020, 2026)]
    same = {"mobilephone": mobile, "lastnameel": f"Δοκιμή{reference}", "ssn": ""}
    for each, status in zip(numbers, ("deleted", "active"), strict=True):
        await insert(stack, each, enrollmentstatus=status, **same)
    named = [f"TEST/{each}" for each in numbers]
    keys = [stack.keys.index("person", each) for each in named]
    begun = await unproved(pool, stack, mobile, keys[0])
    for each in (*named, numbers[1]):
        told = await personal_data.export(desk, person=each, reason="asked")
        assert [row["reference"] for row in told["ledger"]["activation"]] == [begun], each
        assert told["registrar"] == "asked"
    account = new_reference()
    person = person_of(stack, reference).model_copy(
        update={
            "person_key": keys[0],
            "other_keys": (keys[1],),
            "first_name_el": "Άννα",
            "last_name_el": same["lastnameel"],
            "birth_date": date(2005, 1, 1),
        }
    )
    await live(pool, stack, account, person, number=reference)
    facts = rekeyed.facts(stack.keys, person)
    await imports.reserve_all(pool, stack.keys, [Owned(f"i{token_hex(6)}", [keys[1]], facts)])
    told = await personal_data.export(away, person=named[1], reason="asked")
    assert {row["reference"] for row in told["ledger"]["activation"]} == {begun, account}
    assert "did not answer" in told["registrar"]
    assert told["ledger"]["imported"]
    erased = await erasure.erase_person(desk, person=named[1], reason="asked")
    assert set(erased.person.references) == {begun, account}
    for key in keys:
        assert not await pool.fetchval("SELECT count(*) FROM imported WHERE person_key = $1", key)


async def test_whoever_erases_a_number_without_the_registrar_is_told_whose_it_may_be(
    stack: TestStack, pool: Pool, away: StaffContext, reference: str
) -> None:
    """It may have given the number to another person, and that person asks."""
    number = f"TEST/2026{randbelow(10**7):07}"
    before = person_of(stack, number)
    await live(pool, stack, reference, before, number=reference)
    await insert(stack, number.removeprefix("TEST/"), firstnameel="Άλλη", lastnameel="Άλλου")
    unknown = await erasure.preview(away, person=number)
    assert "The registrar did not answer" in privacy._to_erase(unknown)
    named = await erasure.preview(away, person=reference)
    assert "registrar" not in privacy._to_erase(named)


async def test_an_unproved_reference_names_the_whole_person(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    person, mobile = person_of(stack, number), new_mobile()
    account = new_reference()
    await live(pool, stack, account, person, number=reference)
    begun = await unproved(pool, stack, mobile, person.person_key)
    erased = await erasure.erase_person(desk, person=begun, reason="asked")
    assert set(erased.person.references) == {account, begun}
    assert erased.person.references[-1] == begun
    assert await is_erased(pool, account)


async def test_an_unproved_reference_of_a_shared_contact_names_nobody(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str
) -> None:
    person, mobile = person_of(stack, number), new_mobile()
    account = await unproved(pool, stack, mobile, None, ended=False)
    await claims.note_and_claim(
        pool, stack.keys, reference=account, person=person, language=Language.EL
    )
    begun = await unproved(pool, stack, mobile, None)
    for verb in (erasure.erase_person, personal_data.export):
        with pytest.raises(ActionRefused, match="does not show whose"):
            await verb(desk, person=begun, reason="asked")


async def test_another_persons_activations_are_left_alone(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    """A contact, or a number, may have been another person's before."""
    person, mobile = person_of(stack, number), new_mobile()
    await live_with(mobile, pool, stack, reference, person)
    another = person_of(stack, f"{number}-another")
    looked_up = await unproved(pool, stack, mobile, another.person_key)
    proved = await unproved(pool, stack, new_mobile(), person.person_key, ended=False)
    await claims.note_and_claim(
        pool, stack.keys, reference=proved, person=another, language=Language.EL
    )
    erased = await erasure.erase_person(desk, person=number, reason="asked")
    assert erased.person.references == (reference,)
    assert not await is_erased(pool, looked_up)
    assert not await is_erased(pool, proved)


async def test_a_number_that_the_registrar_has_given_to_another_names_nobody(
    stack: TestStack, pool: Pool, desk: StaffContext, reference: str
) -> None:
    taken = f"2026{randbelow(10**7):07}"
    person = person_of(stack, f"TEST/{taken}")
    await live(pool, stack, reference, person, number=reference)
    await insert(stack, taken, firstnameel="Ζωή", birthdate="20060707")
    with pytest.raises(ActionRefused, match="another person's before"):
        await personal_data.export(desk, person=f"TEST/{taken}", reason="asked")


async def test_a_number_of_which_nothing_is_stored_is_unknown(
    stack: TestStack, desk: StaffContext
) -> None:
    taken = f"2026{randbelow(10**7):07}"
    await insert(stack, taken)
    with pytest.raises(UnknownPerson):
        await personal_data.export(desk, person=f"TEST/{taken}", reason="asked")


async def test_requests_that_name_a_shared_contact_are_left_to_whoever_asks(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    """Two persons have a mobile: neither is told, or loses, what the other wrote."""
    mobile, mail = new_mobile(), f"{token_hex(8)}@mail.example"
    for each, whose in ((reference, number), (f"{reference}-2", f"{number}-2")):
        await live_with(mobile, pool, stack, each, person_of(stack, whose))
    await pool.execute(
        "UPDATE activation SET email_index = $2 WHERE reference = $1",
        reference,
        stack.keys.index("email", mail),
    )
    own = await asks(pool, stack, f"My mobile is {mobile}", reply_to=mail)
    doubtful = await asks(pool, stack, f"My mobile is {mobile}, I am ill", reply_to="x@y.example")
    begun = await unproved(pool, stack, mobile, None)
    within = await asks(pool, stack, "no code came", reply_to="x@y.example", reference=begun)
    told = await personal_data.export(desk, person=number, reason="asked", requests=["mistyped"])
    assert set(told["undecided_requests"]) == {doubtful, within}
    assert told["requests_without_effect"] == ("mistyped",)
    assert "I am ill" not in str(told)
    assert {own} <= {row["id"] for row in told["ledger"]["support_request"]}
    erased = await erasure.erase_person(desk, person=number, reason="asked")
    assert erased.person.undecided == tuple(sorted((doubtful, within)))
    assert f"{reference}-2" in erased.person.others
    assert not await is_erased(pool, begun)
    assert await support_requests.standing(pool, stack.keys, doubtful)
    both = [doubtful, within]
    done = await erasure.erase_person(desk, person=f"{number}-2", reason="x", requests=both)
    assert done.person.without_effect([*both, "mistyped"]) == ("mistyped",)
    assert await is_erased(pool, begun)
    assert not await support_requests.standing(pool, stack.keys, doubtful)


async def test_the_registrar_tells_who_else_has_a_contact(
    stack: TestStack, pool: Pool, desk: StaffContext
) -> None:
    mobile, numbers = new_mobile(), [f"2026{randbelow(10**7):07}" for _ in range(2)]
    for each, name, born in zip(numbers, ("Άννα", "Ζωή"), ("20050101", "20070707"), strict=True):
        await insert(stack, each, firstnameel=name, mobilephone=mobile, birthdate=born)
    said = await asks(pool, stack, f"My mobile is {mobile}", reply_to="x@y.example")
    called = await asks(pool, stack, "Please call me", reply_to="x@y.example", phone=mobile)
    doubtful = sorted((said, called))
    told = await personal_data.export(desk, person=f"TEST/{numbers[0]}", reason="asked")
    assert sorted(told["undecided_requests"]) == doubtful
    await erasure.erase_person(desk, person=numbers[0], reason="asked", requests=doubtful)
    for each in doubtful:
        assert not await support_requests.standing(pool, stack.keys, each)


async def test_what_another_known_person_wrote_is_left_to_whoever_asks(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    """A friend asks on the person's behalf, and says things of their own."""
    mobile, friends = new_mobile(), new_mobile()
    friend = f"{token_hex(8)}@mail.example"
    await live_with(mobile, pool, stack, reference, person_of(stack, number))
    await live_with(friends, pool, stack, f"{reference}-2", person_of(stack, f"{number}-2"))
    await pool.execute(
        "UPDATE activation SET email_index = $2 WHERE reference = $1",
        f"{reference}-2",
        stack.keys.index("email", friend),
    )
    asked = await asks(pool, stack, f"No code comes to {mobile}, and I am ill", reply_to=friend)
    told = await personal_data.export(desk, person=number, reason="asked")
    assert told["undecided_requests"] == (asked,)
    assert "I am ill" not in str(told)
    await erasure.erase_person(desk, person=number, reason="asked")
    assert await support_requests.standing(pool, stack.keys, asked)
    await erasure.erase_person(desk, person=f"{number}-2", reason="asked")
    assert not await support_requests.standing(pool, stack.keys, asked)


async def test_a_request_with_a_reference_that_nothing_has_is_found_by_its_text(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str
) -> None:
    mobile = new_mobile()
    begun = await unproved(pool, stack, mobile, person_of(stack, number).person_key)
    erased = await unproved(pool, stack, mobile, person_of(stack, number).person_key)
    await ledger.erase(pool, stack.keys, erased)
    found = {
        await asks(pool, stack, f"My mobile is {mobile}", reply_to="x@y.example", reference=each)
        for each in (new_reference(), erased, None)
    }
    told = await personal_data.export(desk, person=begun, reason="asked")
    assert {row["id"] for row in told["ledger"]["support_request"]} == found
    await erasure.erase_person(desk, person=begun, reason="asked")
    for each in found:
        assert not await support_requests.standing(pool, stack.keys, each)


def test_a_history_is_told_without_other_persons() -> None:
    def row(key: str, **more: object) -> dict[str, object]:
        return {"kind": "person", "person_key": key, "other_keys": [f"{key}2"], **more}

    found = {"persons": [row("own", alike=["another"]), row("another")], "person": row("another")}
    for key in ("own", "own2"):
        told = personal_data.without_others([found, row("another")], {key})
        assert told == [{"persons": [row("own")]}]


async def test_what_remains_in_histories_of_others_is_told_with_its_end(
    stack: TestStack, pool: Pool, desk: StaffContext, number: str, reference: str
) -> None:
    """Two persons have a contact: the look-up of one read the records of both."""
    mobile, sister = new_mobile(), new_reference()
    for each, whose in ((reference, number), (sister, f"{number}-2")):
        await live_with(mobile, pool, stack, each, person_of(stack, whose))
    await Activations(desk.client).start(ActivationStart(reference=sister, mobile=mobile))
    await desk.client.get_workflow_handle(sister).terminate()
    erased = await erasure.erase_person(desk, person=number, reason="asked")
    closed = (await desk.client.get_workflow_handle(sister).describe()).close_time
    until = erased.remaining[sister]
    assert closed
    assert until
    assert until > closed
