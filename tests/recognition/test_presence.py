"""Whether an account that the ledger calls active is gone, on the real directory and ledger."""

from collections.abc import AsyncIterator

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from activities.fencing import begin_try
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes, identity
from adapters.directory.wiring import directory_of
from adapters.errors import AdapterError
from domain.contracts.account_io import AccountChecked, AccountState, CheckAccount, ClaimOutcome
from domain.contracts.vocabulary import Language, Step
from ledger import activations, claims
from postgres import Pool
from recognition import presence
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.activities.conftest import MakePerson, ruled
from tests.activities.test_records import claim
from tests.stack import TestStack

GONE = AccountChecked(state=AccountState.GONE)
_PEOPLE = 'access to dn.subtree="ou=people,dc=university,dc=example" attrs=userPassword'
_READ_ONLY = "maxsize 1073741824"


async def noted(stack: TestStack, pool: Pool, case: Case) -> None:
    """Let the ledger call this person's account active."""
    await claims.note_and_claim(
        pool, stack.keys, reference=case.reference, person=case.person, language=Language.EL
    )
    await activations.provisioned(pool, stack.keys, reference=case.reference, username=case.name)
    await activations.close(pool, reference=case.reference, end=Step.ACTIVE)


async def check(activities: DirectoryActivities, case: Case) -> AccountChecked:
    request = CheckAccount(person=case.person, username=case.name)
    return await begun().run(activities.check_account, request)


@pytest.fixture
async def known(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    reference: str,
) -> AsyncIterator[Case]:
    """Give somebody else whose account stands in ledger and directory."""
    other = Case(stack, pool, make_person(), f"{reference}-K")
    await other.consent()
    assert await other.provision(activities, await other.choose(PASSWORD)) == ACTIVE
    await noted(stack, pool, other)
    yield other
    other.ldap.close()


@pytest.mark.usefixtures("known")
async def test_an_account_that_is_not_there_is_gone_and_is_made_again_under_its_name(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, case: Case
) -> None:
    await noted(stack, pool, case)
    assert await check(activities, case) == GONE
    records = LedgerActivities(pool=pool, keys=stack.keys_of(User.MAIN), settings=stack.settings)
    again = Case(stack, pool, case.person, f"{case.reference}-B")
    first = await claim(records, again.reference, case.person)
    assert (first.outcome, first.activated_by) == (ClaimOutcome.ALREADY_ACTIVE, case.reference)
    gone = await claim(records, again.reference, case.person, gone=first.activated_by)
    assert gone.outcome is ClaimOutcome.CLAIMED
    assert (await again.resolve(activities)).username == case.name
    await again.consent()
    assert await again.provision(activities, await again.choose(PASSWORD)) == ACTIVE
    await noted(stack, pool, again)
    # Who found the first account gone is told of the second one.
    third = await claim(records, f"{case.reference}-C", case.person, gone=case.reference)
    assert (third.outcome, third.activated_by) == (ClaimOutcome.ALREADY_ACTIVE, again.reference)
    assert (await check(activities, again)).state is AccountState.ACTIVE
    again.ldap.close()


@pytest.mark.usefixtures("known")
async def test_an_account_is_there_by_any_rule(
    activities: DirectoryActivities, case: Case, make_person: MakePerson
) -> None:
    """By the code of a first or second degree under another name, or by the name alone."""
    second = make_person().enrolments
    older = codes(case.person, case.domain)
    case.plant(f"r{case.name}", **{CODES: older})
    renamed = f"uid=r{case.name},{case.people}"
    found = await check(activities, case)
    assert (found.state, found.username) == (AccountState.NO_PASSWORD, f"r{case.name}")
    case.ldap.set_password(renamed, PASSWORD.encode())
    case.person = case.person.model_copy(
        update={"enrolments": second, "former": case.person.enrolments}
    )
    found = await check(activities, case)
    assert (found.state, found.username) == (AccountState.ACTIVE, f"r{case.name}")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("own", [True, False])
async def test_an_entry_of_the_name_is_the_persons_unless_it_has_another_ones_code(
    activities: DirectoryActivities, case: Case, make_person: MakePerson, own: bool
) -> None:
    other = codes(make_person(), case.domain)
    case.plant(case.name, **({} if own else {CODES: other}))
    wanted = AccountState.NO_PASSWORD if own else AccountState.FOREIGN
    assert (await check(activities, case)).state is wanted


BLIND = {
    "the codes cannot be searched": f"access to attrs={CODES} by * none\n{_PEOPLE}",
    "nothing can be read": f'access to dn.subtree="ou=people,dc=university,dc=example"'
    f" attrs=entry by * none\n{_PEOPLE}",
}


@pytest.mark.parametrize("rules", BLIND.values(), ids=BLIND)
async def test_a_right_that_was_taken_is_not_gone(
    stack: TestStack, pool: Pool, known: Case, case: Case, rules: str
) -> None:
    await noted(stack, pool, case)
    with ruled(stack, _PEOPLE, rules):
        assert await refused(stack, case, known) == "CONFIGURATION"


async def test_an_entry_that_is_hidden_is_not_gone(
    stack: TestStack, known: Case, case: Case
) -> None:
    case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    with ruled(stack, _PEOPLE, f'access to dn.exact="{case.dn}" by * none\n{_PEOPLE}'):
        assert await refused(stack, case, known) == "CONFIGURATION"


async def test_a_server_that_takes_no_writes_cannot_tell(
    stack: TestStack, known: Case, case: Case
) -> None:
    with ruled(stack, _READ_ONLY, f"{_READ_ONLY}\nreadonly on"):
        assert await refused(stack, case, known) == "DIRECTORY_DOWN"


@pytest.mark.parametrize("base", ["ou=staff", "ou=nobody"])
async def test_a_wrong_base_is_not_gone(
    stack: TestStack, known: Case, case: Case, base: str
) -> None:
    wrong = f"{base},{case.people.partition(',')[2]}"
    assert await refused(stack, case, known, people_dn=wrong) == "CONFIGURATION"


async def test_a_directory_in_which_nobody_is_known_cannot_tell(
    stack: TestStack, case: Case
) -> None:
    assert await refused(stack, case) == "CONFIGURATION"


async def test_a_directory_that_is_away_is_waited_for(
    stack: TestStack, activities: DirectoryActivities, case: Case
) -> None:
    stack.stop("slapd")
    try:
        with pytest.raises(ApplicationError) as raised:
            await check(activities, case)
    finally:
        stack.start("slapd")
    assert raised.value.type == "DIRECTORY_DOWN"


async def refused(
    stack: TestStack, case: Case, known: Case | None = None, **changes: object
) -> str | None:
    """Return with which failure the directory declines to say that this account is gone."""
    settings = stack.settings.directory.model_copy(update=changes)
    directory = directory_of(settings)

    def look() -> AccountChecked:
        own = identity(case.person, case.domain)
        return presence.proved(directory, own, case.name, [known.name] if known else [])

    async def ask() -> AccountChecked:
        begin_try()
        return await directory.run(look)

    try:
        with pytest.raises(AdapterError) as raised:
            await begun().run(ask)
    finally:
        await directory.close()
    return raised.value.type
