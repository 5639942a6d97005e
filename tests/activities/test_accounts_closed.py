"""provision_account also closes the activation, and its later attempts return the same."""

import asyncio

import pytest

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from domain.contracts.account_io import AccountOutcome, Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import Language, Step
from ledger import activations, claims, passwords
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.stack import TestStack

CLOSED = Provisioned(outcome=ProvisionOutcome.ACTIVE, closed=True)


@pytest.fixture
async def live(stack: TestStack, pool: Pool, case: Case) -> Case:
    """Give a case whose activation is live and holds the person."""
    await activations.begin(
        pool,
        stack.keys,
        reference=case.reference,
        language=Language.EL,
        mobile=case.person.mobile,
        email=None,
    )
    await claims.claim(pool, reference=case.reference, keys=[case.person.person_key])
    return case


async def end(case: Case) -> Step | None:
    return (await activations.noted(case.pool, [case.reference]))[case.reference].end


async def provision(activities: DirectoryActivities, case: Case, sealed: str) -> Provisioned:
    request = case.request(sealed).model_copy(update={"close": True})
    return await begun().run(activities.provision_account, request)


async def test_the_end_is_recorded_with_the_account(
    activities: DirectoryActivities, live: Case
) -> None:
    sealed = await live.choose(PASSWORD)
    assert await provision(activities, live, sealed) == CLOSED
    assert await end(live) is Step.ACTIVE
    assert await passwords.get(live.pool, reference=live.reference, sealed_id=sealed) is None
    rival = f"{live.reference}-2"
    held = await claims.claim(live.pool, reference=rival, keys=[live.person.person_key])
    assert held.holders == {rival}
    assert live.can_bind(PASSWORD)


async def test_an_attempt_whose_answer_was_lost_is_repeated_with_the_same_answer(
    activities: DirectoryActivities, live: Case
) -> None:
    sealed = await live.choose(PASSWORD)
    await live.provision(activities, sealed)
    live.ldap.add_values(live.dn, {"mail": [f"another@{live.domain}"]})
    first = await provision(activities, live, sealed)
    assert [await provision(activities, live, sealed) for _ in range(2)] == [first, first]
    assert first.closed


async def test_overlapping_attempts_return_the_same(
    activities: DirectoryActivities, live: Case
) -> None:
    sealed = await live.choose(PASSWORD)
    tries = [provision(activities, live, sealed) for _ in range(3)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert {str(each) for each in ended if isinstance(each, Provisioned)} == {str(CLOSED)}
    assert await provision(activities, live, sealed) == CLOSED


async def test_an_attempt_that_is_overtaken_at_any_moment_returns_the_same(
    activities: DirectoryActivities, live: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is read, then a faster attempt closes the activation and deletes its rows."""
    sealed = await live.choose(PASSWORD)
    read = passwords.tried
    overtaken: list[str] = []

    async def slow(pool: Pool, reference: str) -> str | None:
        if not overtaken:
            overtaken.append(reference)
            assert await provision(activities, live, sealed) == CLOSED
        return await read(pool, reference)

    monkeypatch.setattr(passwords, "tried", slow)
    assert await provision(activities, live, sealed) == CLOSED
    assert overtaken


async def test_a_refused_password_leaves_it_open(
    activities: DirectoryActivities, live: Case
) -> None:
    assert (await provision(activities, live, await live.choose("short"))).closed is False
    assert await end(live) is None


async def test_an_older_run_closes_for_itself(activities: DirectoryActivities, live: Case) -> None:
    assert await live.provision(activities, await live.choose(PASSWORD)) == ACTIVE
    assert await end(live) is None


async def test_a_worker_without_the_directory_does_not_choose_a_username_for_it(
    records: LedgerActivities, live: Case
) -> None:
    found = await live.resolve(records, ask_directory=True)
    assert (found.outcome, found.username) == (AccountOutcome.ELSEWHERE, None)
