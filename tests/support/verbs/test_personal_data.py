"""One person is followed through every store: told in full, and then found in none."""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from secrets import randbelow, token_hex

import pytest
from temporalio.client import Client

from domain.contracts.staff import CancelSubmission
from domain.contracts.vocabulary import Language, Step
from domain.receipts import Receipt
from ledger import (
    activations,
    audit,
    imports,
    invitations,
    objections,
    receipts,
    support_requests,
    told_apart,
)
from ledger import erasure as ledger
from ledger.imports import Owned
from ledger.support_requests import HelpRequest
from postgres import Pool, exists
from security import receipt_tokens
from security.keys import KeyRing
from starter.client.activations import Activations
from support.verbs import erasure, personal_data
from support.verbs.actions import ActionRefused
from support.verbs.erasure import UnknownPerson
from support.verbs.staff import NotAllowed, Staff, StaffContext, StaffRole
from tests import desk as desks
from tests.ledger.life import left, live, person_of
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, waits_for_its_pin
from tests.starter.test_cli import command, told
from tests.support.verbs.test_erasure import STAYS, known
from tests.workflows.engine import World


@pytest.fixture
def desk(client: Client, pool: Pool, stack: TestStack) -> StaffContext:
    return desks.desk(client, pool, keys=stack.keys, settings=stack.settings)


PHONE = "+302710372128"


async def asks(pool: Pool, stack: TestStack, reply_to: str, text: str) -> str:
    """Ask for help without an activation."""
    request = HelpRequest(token_hex(16), None, None, Language.EL, "Μαρία", reply_to, text, PHONE)
    await support_requests.put(pool, stack.keys, request)
    await support_requests.mailed(pool, request.id)
    return request.id


async def at_terminal(typed: str, *words: str) -> str:
    """Give a command at a terminal of its own; return what it shows, also what is typed."""
    ours, its = os.openpty()
    program = Path(sys.executable).with_name("activation")
    process = await asyncio.create_subprocess_exec(
        program, *words, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    os.write(ours, f"{typed}\n".encode())
    await process.wait()
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    return shown


async def test_one_person_is_told_everything_and_then_found_nowhere(
    stack: TestStack, world: World, pool: Pool, desk: StaffContext, reference: str
) -> None:
    client = desk.client
    number, second = f"1/{reference}", f"{reference}-2"
    person = person_of(stack, number)
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        cancel = CancelSubmission(submission_id=token_hex(16), received_at=datetime.now(UTC))
        await activations.submit(reference, "cancel", cancel)
        await client.get_workflow_handle(reference).result()
    of_first = await live(pool, stack, reference, person)
    await live(pool, stack, second, person, number=f"marked {reference}")
    mail = f"{token_hex(8)}@mail.example"
    await pool.execute(
        "UPDATE activation SET email_index = $2 WHERE reference = $1",
        second,
        stack.keys.index("email", mail),
    )
    looked_up = stack.keys.index("email", mail)
    await pool.execute("INSERT INTO miss VALUES ($1, 2, now())", looked_up)
    by_reply = await asks(pool, stack, mail, "marked by its address")
    by_text = await asks(pool, stack, "other@mail.example", f"I am {mail}.")
    foreign = await asks(pool, stack, "other@mail.example", "another's")
    await imports.reserve_all(
        pool, stack.keys, [Owned(f"i{token_hex(6)}", [person.person_key], ["facts"])]
    )
    await told_apart.note_keys(pool, person, ["another"])
    await invitations.add(pool, stack.keys, reference, [(person.person_key, number, "401")])
    ids = await pool.fetchval("SELECT id FROM invitation WHERE campaign = $1", reference)
    index = receipt_tokens.index_of(stack.keys, invitations.message_key(ids))
    await receipts.record(pool, index, Receipt.DELIVERED)
    await objections.note(pool, [person.person_key])

    export = await personal_data.export(desk, person=number, reason="asked")
    of = export["ledger"]
    # Other tests' students have typed the same contacts.
    assert {row["reference"] for row in of["activation"]} >= {reference, second}
    assert {row["id"] for row in of["support_request"]} >= {of_first, by_reply, by_text}
    assert foreign not in {row["id"] for row in of["support_request"]}
    text = str(export)
    for mark in ("marked by its address", PHONE, f"marked {reference}", "rang twice", mail):
        assert mark in text
    assert [table for table in of if not of[table]] == ["assignment", "finding"]
    assert of["invitation"][0]["enrolment"] == number
    assert (of["invitation"][0]["department"], of["receipt"][0]["state"]) == ("401", "delivered")
    assert export["temporal"][reference]
    for secret in (person.person_key, "000000"):
        assert secret not in text

    await pool.execute("DELETE FROM support_request WHERE id = $1", f"help-{second}")
    for _ in range(2):  # What was cut short is completed by repeating it.
        erased = await erasure.erase_person(desk, person=number, reason="asked by letter")
        for each in (reference, second):
            assert set(await left(pool, each, person)) <= STAYS
    assert set(erased.person.keys) == {person.person_key}
    async with asyncio.timeout(20):
        while await known(client, reference):  # noqa: ASYNC110 - Temporal deletes by and by
            await asyncio.sleep(0.05)
    assert not await exists(pool, "miss WHERE contact_index = $1", looked_up)
    ids = await pool.fetch("SELECT id FROM support_request WHERE reference IS NULL")
    assert {foreign} == {row["id"] for row in ids} & {by_reply, by_text, foreign}
    for action in ("erase", "export"):
        assert await audit.page(pool, stack.keys, reference=second, action=action)


async def test_what_was_killed_between_two_activations_is_completed_by_repeating_it(
    stack: TestStack,
    pool: Pool,
    desk: StaffContext,
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = person_of(stack, reference)
    others = [f"{reference}-{n}" for n in range(2)]
    named = "A-" + token_hex(4).upper()
    named = f"{named[:6]}-{named[6:]}"
    for each in (*others, named):
        await live(pool, stack, each, person, number=each)
    erase, calls = ledger.erase, 0

    async def killed(to: Pool, keys: KeyRing, which: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        await erase(to, keys, which)

    monkeypatch.setattr(ledger, "erase", killed)
    with pytest.raises(KeyboardInterrupt):
        await erasure.erase_person(desk, person=named, reason="asked")
    monkeypatch.undo()
    await erasure.erase_person(desk, person=named, reason="asked")
    for each in (*others, named):
        assert set(await left(pool, each, person)) <= STAYS


async def test_what_was_killed_is_completed_where_only_a_contact_tells_whose_an_activation_is(
    stack: TestStack,
    pool: Pool,
    desk: StaffContext,
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger has the contact by the proved activation alone, which goes after the others."""
    number, begun_only = f"1/{reference}", f"{reference}-U"
    mobile = f"+30697{randbelow(10**7):07}"
    await live(pool, stack, reference, person_of(stack, number))
    await activations.begin(
        pool, stack.keys, reference=begun_only, language=Language.EL, mobile=mobile, email=None
    )
    await activations.close(pool, reference=begun_only, end=Step.CANCELLED)
    await pool.execute(
        "UPDATE activation SET mobile_index = $2 WHERE reference = $1",
        reference,
        stack.keys.index("mobile", mobile),
    )
    erase, erased = ledger.erase, list[str]()

    async def killed(to: Pool, keys: KeyRing, which: str) -> None:
        await erase(to, keys, which)
        erased.append(which)
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger, "erase", killed)
    with pytest.raises(KeyboardInterrupt):
        await erasure.erase_person(desk, person=number, reason="asked")
    monkeypatch.undo()
    await erasure.erase_person(desk, person=number, reason="asked")
    noted = await activations.noted(pool, [reference, begun_only])
    assert [noted[each].erased for each in (reference, begun_only)] == [True, True], erased


async def test_a_withdrawal_is_told_with_its_history(
    stack: TestStack, pool: Pool, desk: StaffContext, reference: str
) -> None:
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    consent = await pool.fetchval("SELECT id FROM consent WHERE reference = $1", reference)
    await Activations(desk.client).apply_withdrawal(reference, consent)
    run = f"withdrawal-{reference}-{consent}"
    told = await personal_data.export(desk, person=reference, reason="asked")
    assert told["temporal"][run]
    await desk.client.get_workflow_handle(run).terminate()


async def test_while_one_activation_is_open_nothing_of_the_person_is_erased(
    stack: TestStack, client: Client, pool: Pool, desk: StaffContext, reference: str
) -> None:
    person, second = person_of(stack, reference), f"{reference}-2"
    await live(pool, stack, reference, person)
    await live(pool, stack, second, person, number=f"other {reference}")
    before = await left(pool, second, person)
    await Activations(client).start(begun(reference))
    with pytest.raises(ActionRefused, match="still in progress"):
        await erasure.erase_person(desk, person=reference, reason="asked")
    assert await left(pool, second, person) == before
    await client.get_workflow_handle(reference).terminate()


async def test_only_operators_may_and_nobody_is_found_by_what_the_ledger_has_not(
    client: Client, pool: Pool, desk: StaffContext, stack: TestStack, reference: str
) -> None:
    nikos = Staff("nikos", frozenset(set(StaffRole) - {StaffRole.OPERATOR}))
    other = desks.desk(client, pool, keys=stack.keys, settings=stack.settings, staff=nikos)
    for verb in (erasure.erase_person, personal_data.export):
        with pytest.raises(UnknownPerson):
            await verb(desk, person=f"1/{reference}", reason="x")
        with pytest.raises(NotAllowed):
            await verb(other, person=f"1/{reference}", reason="x")


async def test_a_number_that_was_given_twice_names_nobody(
    stack: TestStack, pool: Pool, desk: StaffContext, reference: str
) -> None:
    await pool.execute(
        "INSERT INTO key_used_again VALUES ($1, $2, 'own')",
        reference,
        stack.keys.index("person", f"1/{reference}"),
    )
    with pytest.raises(ActionRefused, match="another person's before"):
        await erasure.erase_person(desk, person=f"1/{reference}", reason="x")


async def test_the_commands_export_and_erase(stack: TestStack, pool: Pool, reference: str) -> None:
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    words = (reference, "--reason", "asked")
    ended = await command("privacy", "export", *words)
    assert json.loads(ended.stdout)["ledger"]["case_note"][0]["text"] == "rang twice"
    refused = await command("privacy", "erase", *words)
    assert refused.returncode == 1
    assert refused.stderr == (
        "nobody can be asked here whether to erase: give --yes, or use a terminal\n"
    )
    said = await at_terminal("n", "privacy", "erase", *words)
    assert "case_note: 1" in said
    assert "runs in Temporal: 0" in said
    assert "Continue?" in said
    assert "Αγγελική" not in said
    assert await pool.fetchval("SELECT person_key FROM activation WHERE reference = $1", reference)
    assert not await exists(pool, "audit WHERE reference = $1 AND action = 'erase'", reference)
    assert (await told("privacy", "erase", "--yes", *words))["references"] == [reference]
    assert set(await left(pool, reference, person)) <= STAYS
    swept = await told("privacy", "sweep", "--now")
    assert {"session", "consent"} <= {row["rule"] for row in swept}
    ahead = await told("privacy", "sweep", "--dry-run")
    assert set(ahead["consent"]) == {"now", "soon", "next_at"}
    said = (await command("privacy", "sweep", "--dry-run")).stdout
    assert re.search(
        r"^session: \d+ now, \d+ within 7 days, next at (-|.* EES?T)$", said, re.MULTILINE
    )
