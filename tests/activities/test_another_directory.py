"""An account is made in a directory of another kind as it is in LDAP: it is a line of wiring."""

from collections.abc import AsyncIterator, Iterator

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from activities.fencing import fence
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import AccountOutcome, AccountResolved, ProvisionOutcome
from domain.contracts.vocabulary import Choice, PasswordRefusal
from domain.reasons import Reason
from postgres import Pool
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, named, others
from tests.adapters.directory.http_server import TOKEN, Store, serving
from tests.adapters.directory.over_http import HttpDirectory
from tests.stack import TestStack


@pytest.fixture
def store() -> Iterator[Store]:
    with serving() as made:
        yield made


@pytest.fixture
def directory(stack: TestStack, store: Store) -> HttpDirectory:
    return HttpDirectory(store.url, TOKEN, stack.settings.directory, fence)


@pytest.fixture
async def activities(
    stack: TestStack, pool: Pool, directory: HttpDirectory
) -> AsyncIterator[DirectoryActivities]:
    made = DirectoryActivities(
        pool=pool,
        keys=stack.keys_of(User.DIRECTORY),
        settings=stack.settings,
        directory=directory,
    )
    yield made
    await made.close()


def opens(directory: HttpDirectory, case: Case, password: str) -> bool:
    (entry,) = directory.find_by_uids([case.name])
    return directory.can_bind(entry.dn, password.encode())


async def test_a_student_gets_a_working_account_in_it(
    activities: DirectoryActivities, directory: HttpDirectory, case: Case
) -> None:
    await case.consent(*Choice)
    assert await case.resolve(activities) == named(case.name)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    assert opens(directory, case, PASSWORD)
    (entry,) = directory.find_by_codes(codes(case.person, case.domain))
    assert entry.attributes["mobile"] == [case.person.mobile]
    assert case.entry() is None
    again = Case(case.stack, case.pool, case.person, f"{case.reference}-B")
    again.ldap.close()
    assert await again.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.ALREADY_ACTIVE, username=case.name
    )


async def test_every_answer_may_be_lost(
    activities: DirectoryActivities, directory: HttpDirectory, store: Store, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    for step in ("POST search", "POST entries", "PUT", "POST verify"):
        store.losing.append(step)
        with pytest.raises(ApplicationError) as raised:
            await case.provision(activities, sealed)
        assert raised.value.type == "DIRECTORY_DOWN"
        assert store.losing == []
    assert await case.provision(activities, sealed) == ACTIVE
    assert opens(directory, case, PASSWORD)


async def test_a_strangers_name_is_a_conflict_and_a_refused_password_is_told(
    activities: DirectoryActivities, store: Store, case: Case
) -> None:
    refused = await case.provision(activities, await case.choose("too-short"))
    assert (refused.outcome, refused.refusal) == (
        ProvisionOutcome.PASSWORD_REFUSED,
        PasswordRefusal.TOO_SHORT,
    )
    store.plant("taken", **others(case))
    conflict = await case.provision(activities, await case.choose(PASSWORD), "taken")
    assert conflict.outcome is ProvisionOutcome.CONFLICT
    assert conflict.why == Reason.UNDER_ANOTHER_NAME.of(CODES)
