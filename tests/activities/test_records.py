import ast
import asyncio
import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import writes
from activities.records import LedgerActivities, conflict
from domain.consent import review
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    CloseActivation,
    RecordConsent,
    ResolveAccount,
)
from domain.contracts.channels import Channel
from domain.contracts.message_io import ReserveSend
from domain.contracts.people import Destination, Person
from domain.contracts.vocabulary import OVER, Language, Step
from domain.reasons import Reason
from ledger import activations, claims, consents, erasure, passwords
from ledger.claims import ClaimHeld
from postgres import Pool, connect
from security.purposes import User
from security.sealing import seal
from tests.activities.case import run_resolve
from tests.activities.conftest import MakePerson
from tests.stack import TestStack


async def begin(stack: TestStack, pool: Pool, reference: str) -> None:
    keys, mobile = stack.keys, "+306912345678"
    await activations.begin(
        pool, keys, reference=reference, language=Language.EL, mobile=mobile, email=None
    )


async def claim(
    records: LedgerActivities, reference: str, person: Person, gone: str | None = None
) -> Claimed:
    request = ClaimPerson(reference=reference, person=person, language=Language.EL, gone=gone)
    return await ActivityEnvironment().run(records.claim_person, request)


async def close(
    records: LedgerActivities, reference: str, end: Step, username: str | None = None
) -> None:
    request = CloseActivation(reference=reference, end=end, username=username)
    await ActivityEnvironment().run(records.close_activation, request)


async def resolve(records: LedgerActivities, person: Person, *taken: str) -> AccountResolved:
    request = ResolveAccount(reference="A", person=person, taken=taken, ask_directory=False)
    return await run_resolve(records, request)


# --- claims --------------------------------------------------------------------------------


async def test_a_claim_may_be_repeated(
    records: LedgerActivities, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    assert (await claim(records, reference, person)).outcome is ClaimOutcome.CLAIMED
    assert (await claim(records, reference, person)).outcome is ClaimOutcome.CLAIMED


async def test_a_live_holder_is_named(
    records: LedgerActivities, make_person: MakePerson, reference: str
) -> None:
    person = make_person(insurance_scheme="GR", insurance_number=reference)
    await claim(records, reference, person)
    newcomer = await claim(records, f"{reference}-B", person)
    assert newcomer == Claimed(outcome=ClaimOutcome.HELD, holder=reference)
    elsewhere = make_person(insurance_scheme="GR", insurance_number=reference)
    assert (await claim(records, f"{reference}-C", elsewhere)).holder == reference


async def test_a_dead_holder_holds_nobody(
    records: LedgerActivities, pool: Pool, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    await claim(records, reference, person)
    await activations.close(pool, reference=reference, end=Step.EXPIRED)
    with pytest.raises(ApplicationError, match="over"):  # An attempt that is late.
        await claim(records, reference, person)
    newcomer = await claim(records, f"{reference}-B", person)
    assert newcomer.outcome is ClaimOutcome.CLAIMED


async def test_of_many_racing_claims_one_wins(
    records: LedgerActivities, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    racing = [claim(records, f"{reference}-{n}", person) for n in range(8)]
    outcomes = await asyncio.gather(*racing)
    won = [outcome for outcome in outcomes if outcome.outcome is ClaimOutcome.CLAIMED]
    assert len(won) == 1
    assert len({outcome.holder for outcome in outcomes if outcome.holder}) == 1


async def test_who_is_active_is_told_the_username(
    stack: TestStack,
    records: LedgerActivities,
    pool: Pool,
    make_person: MakePerson,
    reference: str,
) -> None:
    person = make_person()
    await claim(records, reference, person)
    await activations.provisioned(pool, stack.keys, reference=reference, username="tester")
    await close(records, reference, Step.ACTIVE)
    again = await claim(records, f"{reference}-B", person)
    assert again == Claimed(
        outcome=ClaimOutcome.ALREADY_ACTIVE, username="tester", activated_by=reference
    )


async def test_who_became_active_during_the_claim_is_told_so_and_let_go(
    records: LedgerActivities,
    pool: Pool,
    make_person: MakePerson,
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = make_person()
    await claim(records, reference, person)
    real = claims.note_and_claim

    async def rival_ends_first(*args: Any, **named: Any) -> ClaimHeld:
        await activations.provisioned(pool, records._keys, reference=reference, username="tester")
        await close(records, reference, Step.ACTIVE)
        return await real(*args, **named)

    monkeypatch.setattr(claims, "note_and_claim", rival_ends_first)
    late = await claim(records, f"{reference}-B", person)
    assert late == Claimed(
        outcome=ClaimOutcome.ALREADY_ACTIVE, username="tester", activated_by=reference
    )
    held = "SELECT count(*) FROM claim WHERE reference = $1"
    assert await pool.fetchval(held, f"{reference}-B") == 0


# --- usernames without the directory -------------------------------------------------------


async def test_the_registrars_name_comes_first_and_stays(
    records: LedgerActivities, make_person: MakePerson
) -> None:
    person = make_person()
    first = await resolve(records, person)
    assert first == AccountResolved(outcome=AccountOutcome.USERNAME, username=person.login_name)
    assert await resolve(records, person) == first


async def test_without_one_a_name_is_made_and_reserved(
    records: LedgerActivities, make_person: MakePerson
) -> None:
    first = await resolve(records, make_person(login_name=None, last_name_latin="Roussos"))
    other = make_person(login_name=None, last_name_latin="Roussos")
    second = await resolve(records, other)
    assert first.username == "eroussos"
    assert second.username == "evangelos.roussos"
    assert await resolve(records, other) == second


async def test_a_name_found_taken_is_left_out(
    records: LedgerActivities, make_person: MakePerson
) -> None:
    person = make_person(last_name_latin="Vergis", login_name=None)
    second = await resolve(records, person, "evergis")
    assert second.username not in {None, "evergis"}


async def test_a_registrars_name_that_another_has_is_a_case_for_support(
    records: LedgerActivities, make_person: MakePerson
) -> None:
    owner = make_person()
    await resolve(records, owner)
    other = make_person(login_name=owner.login_name)
    assert await resolve(records, other) == conflict(Reason.LOGIN_IN_USE)


async def test_no_name_left_is_a_case_for_support(
    records: LedgerActivities, make_person: MakePerson
) -> None:
    person = make_person(first_name_latin="", last_name_latin="", login_name=None)
    (number,) = (each.registration_id.lower() for each in person.enrolments)
    assert await resolve(records, person, number) == conflict(Reason.NO_NAME_LEFT)


# --- insurance, consent, budget, close -----------------------------------------------------


async def test_a_consent_is_kept_once(
    records: LedgerActivities, pool: Pool, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    request = RecordConsent(
        reference=reference,
        person_key=person.person_key,
        shown=review(person, "tester", "1"),
        choices=(),
        language=Language.EL,
        accepted_at=datetime.now(UTC),
    )
    for _ in range(2):
        await ActivityEnvironment().run(records.record_consent, request)
    assert await consents.standing(pool, reference)
    count = "SELECT count(*) FROM consent WHERE reference = $1"
    assert await pool.fetchval(count, reference) == 1


async def test_a_run_of_an_activation_that_is_over_sends_and_claims_nothing(
    stack: TestStack, records: LedgerActivities, make_person: MakePerson, reference: str, pool: Pool
) -> None:
    """Who reaches Temporal can start an erased activation again, with what started it before."""
    person, run = make_person(), ActivityEnvironment().run
    assert person.mobile
    request = ReserveSend(
        reference=reference,
        request_no=1,
        person_key=person.person_key,
        destination=Destination(channel=Channel.SMS, to=person.mobile),
    )
    # The ledger lacks it, where an older state of it was restored.
    assert (await run(records.reserve_send, request)).send_no == 1
    await begin(stack, pool, reference)
    assert (await run(records.reserve_send, request)).send_no == 1
    await activations.close(pool, reference=reference, end=Step.CANCELLED)
    for _ in range(2):
        for call in (run(records.reserve_send, request), claim(records, reference, person)):
            with pytest.raises(ApplicationError) as refused:
                await call
            assert (refused.value.type, refused.value.non_retryable) == (OVER, True)
        await erasure.erase(pool, stack.keys, reference)
        # As one whose run was terminated, and which the sweep has not ended yet.
        await pool.execute("UPDATE activation SET ended_at = NULL WHERE reference = $1", reference)
    assert await pool.fetchval("SELECT count(*) FROM message WHERE reference = $1", reference) == 1
    assert not await pool.fetchval(
        "SELECT person_key FROM activation WHERE reference = $1", reference
    )


async def test_the_send_budget_counts_each_message_once(
    stack: TestStack, records: LedgerActivities, make_person: MakePerson, reference: str
) -> None:
    person = make_person()
    assert person.mobile
    per_hour = stack.settings.send_budget.per_hour
    requests = [
        ReserveSend(
            reference=reference,
            request_no=number,
            person_key=person.person_key,
            destination=Destination(channel=Channel.SMS, to=person.mobile),
        )
        for number in range(per_hour + 1)
    ]
    run = ActivityEnvironment().run
    for request in [*requests[:-1], *requests[:-1]]:
        assert (await run(records.reserve_send, request)).not_before is None
    spent = await run(records.reserve_send, requests[-1])
    assert spent.not_before is not None
    assert spent.not_before > datetime.now(UTC)


async def test_closing_deletes_the_password_and_lets_the_person_go(
    stack: TestStack,
    records: LedgerActivities,
    pool: Pool,
    make_person: MakePerson,
    reference: str,
) -> None:
    person = make_person()
    await begin(stack, pool, reference)
    await claim(records, reference, person)
    await passwords.put(
        pool,
        reference=reference,
        sealed_id="1",
        sealed=seal(stack.keys, reference, "Chroma-zontana-kila-89"),
        ttl=timedelta(hours=1),
    )
    for _ in range(2):
        await close(records, reference, Step.CANCELLED)
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None
    assert not await activations.alive(pool, reference)
    assert (await claim(records, f"{reference}-B", person)).outcome is ClaimOutcome.CLAIMED


async def test_an_absent_ledger_is_told_as_such(
    stack: TestStack, make_person: MakePerson, reference: str
) -> None:
    away = await connect("postgresql://activation:secret@127.0.0.1:9/none")
    records = LedgerActivities(pool=away, keys=stack.keys_of(User.MAIN), settings=stack.settings)
    person = make_person()
    with pytest.raises(ApplicationError) as raised:
        await claim(records, reference, person)
    assert raised.value.type == "LEDGER_DOWN"
    assert person.last_name_el not in repr(raised.value)
    await away.close()


def test_every_conflict_says_what_is_in_the_way() -> None:
    """Whatever gives one asks for the reason."""
    folder = Path(writes.__file__).parent
    made = [
        call
        for file in folder.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and any(ast.unparse(each.value).endswith("Outcome.CONFLICT") for each in call.keywords)
    ]
    assert {ast.unparse(each) for each in made} == {
        f"{kind}(outcome={outcome}.CONFLICT, why=why)"
        for kind, outcome in (
            ("AccountResolved", "AccountOutcome"),
            ("Provisioned", "ProvisionOutcome"),
        )
    }
    for asks in (conflict, writes.conflict):
        assert inspect.get_annotations(asks)["why"] is str
