"""A withdrawn choice leaves the entry in the real directory, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from activities.fencing import fence
from adapters.directory.entries import taken_back
from adapters.directory.wiring import directory_of
from domain.contracts.account_io import ApplyWithdrawal, Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import Choice
from ledger import consents
from postgres import Pool
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.activities.conftest import MakePerson
from tests.stack import TestStack

MAPPING = {
    Choice.RECOVERY_EMAIL: "labeledURI=mailto:{email} recovery",
    Choice.RECOVERY_MOBILE: "mobile={mobile}",
    Choice.DIRECTORY_LISTING: "eduPersonEntitlement=https://{domain}/entitlement/listed",
}
LISTED = "https://uni.example/entitlement/listed"
WRITTEN = {"mobile": "mobile", "labeleduri": "recovery", "edupersonentitlement": "listed"}


# --- which values --------------------------------------------------------------------------


def gone(
    present: dict[str, list[str]],
    *withdrawn: Choice,
    standing: tuple[Choice, ...] = (),
    mapping: dict[Choice, str] = MAPPING,
) -> dict[str, list[str]]:
    return taken_back(present, "uni.example", withdrawn, standing, mapping)


@pytest.mark.parametrize(
    ("choice", "attribute", "leaves", "stays"),
    [
        (
            Choice.RECOVERY_EMAIL,
            "labeleduri",
            ["mailto:a@b.example recovery", "MAILTO:Other@x.example Recovery"],
            ["mailto:a@b.example", "mailto: recovery", "https://me.example recovery", "x recovery"],
        ),
        (
            Choice.DIRECTORY_LISTING,
            "edupersonentitlement",
            [LISTED],
            [f"{LISTED}/2", "https://uniXexample/entitlement/listed", "https://x/listed"],
        ),
        (Choice.RECOVERY_MOBILE, "mobile", ["+306912345678", "6900000000"], []),
    ],
)
def test_only_values_like_the_templates_leave(
    choice: Choice, attribute: str, leaves: list[str], stays: list[str]
) -> None:
    present = {attribute: [*leaves, *stays], "telephonenumber": leaves, "uid": leaves}
    assert gone(present, choice) == {attribute: leaves}


def test_what_a_standing_choice_wrote_stays() -> None:
    shared = {
        Choice.RECOVERY_EMAIL: "info=mail {email}",
        Choice.RECOVERY_MOBILE: "info=mail {email} or {mobile}",
        Choice.DIRECTORY_LISTING: "",
    }
    present = {"info": ["mail a@b", "mail a@b or 69"]}
    assert gone(present, *Choice, mapping=shared) == present
    kept = gone(present, Choice.RECOVERY_EMAIL, standing=(Choice.RECOVERY_MOBILE,), mapping=shared)
    assert kept == {"info": ["mail a@b"]}
    assert gone(present, Choice.DIRECTORY_LISTING, mapping=shared) == {}
    assert gone(present, Choice.RECOVERY_EMAIL, mapping={}) == {}


# --- in the directory ----------------------------------------------------------------------


@pytest.fixture
async def activities(stack: TestStack, pool: Pool) -> AsyncIterator[DirectoryActivities]:
    made = DirectoryActivities(
        pool=pool,
        keys=stack.keys_of(User.DIRECTORY),
        settings=stack.settings,
        directory=directory_of(stack.settings.directory, fence),
    )
    yield made
    await made.close()


@pytest.fixture
async def case(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[Case]:
    """Give a person who agreed to everything and whose activation has begun."""
    made = Case(stack, pool, make_person(), reference)
    await made.consent(*Choice)
    await pool.execute("INSERT INTO activation (reference, language) VALUES ($1, 'el')", reference)
    yield made
    made.ldap.close()


async def apply(activities: DirectoryActivities, case: Case) -> None:
    await begun().run(activities.apply_withdrawal, ApplyWithdrawal(reference=case.reference))


async def test_a_withdrawn_choice_leaves_the_entry_and_all_else_stays(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    before = case.entry()
    assert before
    assert before.keys() >= WRITTEN.keys()
    await apply(activities, case)
    assert case.entry() == before
    await consents.withdraw(pool, case.reference, [Choice.RECOVERY_MOBILE])
    for _ in range(2):
        await apply(activities, case)
        assert case.entry() == {name: before[name] for name in before if name != "mobile"}
    assert case.can_bind(PASSWORD)


async def test_the_whole_withdrawn_leaves_the_account_without_what_was_chosen(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await case.provision(activities, await case.choose(PASSWORD))
    before = case.entry()
    assert before
    case.ldap.add_values(case.dn, {"labeledURI": ["https://own.example"]})
    await consents.withdraw(pool, case.reference, ())
    await apply(activities, case)
    left = {name: before[name] for name in before if name not in WRITTEN}
    assert case.entry() == left | {"labeleduri": ["https://own.example"]}
    assert case.can_bind(PASSWORD)


async def test_without_a_consent_that_stands_no_account_is_made(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await consents.withdraw(pool, case.reference, ())
    refused = Provisioned(outcome=ProvisionOutcome.NO_CONSENT)
    assert await case.provision(activities, await case.choose(PASSWORD)) == refused
    await apply(activities, case)
    assert case.entry() is None


async def test_a_choice_withdrawn_before_the_account_is_never_written(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await consents.withdraw(pool, case.reference, [Choice.RECOVERY_MOBILE])
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert "mobile" not in entry
    assert entry.keys() >= WRITTEN.keys() - {"mobile"}


async def test_a_withdrawal_that_found_no_account_yet_counts_once_there_is_one(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    # The entry stands with its mobile, but the try that wrote it has not told the ledger.

    assert await case.provision(activities, sealed) == ACTIVE
    await pool.execute("UPDATE activation SET username = NULL WHERE reference = $1", case.reference)
    await consents.withdraw(pool, case.reference, [Choice.RECOVERY_MOBILE])
    await apply(activities, case)
    entry = case.entry()
    assert entry
    assert "mobile" in entry
    assert await case.provision(activities, sealed) == ACTIVE
    entry = case.entry()
    assert entry
    assert "mobile" not in entry


async def test_a_race_of_account_and_withdrawal_ends_without_the_choice(
    pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)

    async def withdraw() -> None:
        await consents.withdraw(pool, case.reference, [Choice.RECOVERY_MOBILE])
        await apply(activities, case)

    made, _ = await asyncio.gather(case.provision(activities, sealed), withdraw())
    assert made == ACTIVE
    entry = case.entry()
    assert entry
    assert "mobile" not in entry


async def test_an_absent_directory_is_waited_for(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await case.provision(activities, await case.choose(PASSWORD))
    await consents.withdraw(pool, case.reference, [Choice.RECOVERY_MOBILE])
    stack.stop("slapd")
    try:
        with pytest.raises(ApplicationError) as raised:
            await apply(activities, case)
    finally:
        stack.start("slapd")
    assert raised.value.type == "DIRECTORY_DOWN"
    await apply(activities, case)
    entry = case.entry()
    assert entry
    assert "mobile" not in entry
