"""An attempt of provision_account that is overtaken at any of its requests returns the same."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from activities.accounts import DirectoryActivities
from adapters.directory.ldap_client import LdapClient
from domain.contracts.account_io import Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import Language
from ledger import activations, claims
from tests.activities.case import PASSWORD, Case, begun
from tests.activities.conftest import MakePerson

NEVER = 30
"""More requests of the directory than an attempt makes."""


async def provision(activities: DirectoryActivities, case: Case, *, close: bool) -> Provisioned:
    request = case.request("1").model_copy(update={"close": close})
    return await begun().run(activities.provision_account, request)


class Overtaking:
    """Runs a faster attempt just before a slow one's n-th request of the directory."""

    def __init__(
        self, number: int, faster: Callable[[], Coroutine[None, None, Provisioned]]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = number
        self._faster = faster
        self._serve = LdapClient._served
        self.happened = False

    def served(self, client: LdapClient, work: Any) -> Any:
        self._left -= 1
        if not self._left:
            self.happened = True
            asyncio.run_coroutine_threadsafe(self._faster(), self._loop).result()
        return self._serve(client, work)


async def overtaken(number: int, slow: Callable[[], Coroutine[None, None, Provisioned]]) -> bool:
    """Play the slow attempt, overtaken at this request; return whether it made so many."""
    overtaking = Overtaking(number, slow)

    def served(client: LdapClient, work: Any) -> Any:
        return overtaking.served(client, work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LdapClient, "_served", served)
        await slow()
    return overtaking.happened


@pytest.mark.parametrize(
    ("named_by_registrar", "close"),
    [
        (True, True),
        (False, False),
        pytest.param(True, False, marks=pytest.mark.long),
        pytest.param(False, True, marks=pytest.mark.long),
    ],
)
async def test_at_any_request_of_the_directory(
    case: Case,
    activities: DirectoryActivities,
    make_person: MakePerson,
    named_by_registrar: bool,
    close: bool,
) -> None:
    """Before the n-th request a faster attempt does all of its work, until there is no n-th."""
    ended = [Provisioned(outcome=ProvisionOutcome.ACTIVE, closed=close)]
    for number in range(1, NEVER):
        each = await another(case, make_person, number, named_by_registrar)

        async def slow(each: Case = each) -> Provisioned:
            ended.append(await provision(activities, each, close=close))
            return ended[-1]

        again = await overtaken(number, slow)
        assert each.can_bind(PASSWORD)
        each.ldap.close()
        if not again:
            break
    assert NEVER > number > 6
    assert {str(each) for each in ended} == {str(ended[0])}


async def another(case: Case, make_person: MakePerson, number: int, named: bool) -> Case:
    """Give a case of its own, whose activation is live and holds the person and a password."""
    person = make_person()
    each = Case(case.stack, case.pool, person, f"{case.reference}-{number}")
    if not named:
        each.person = person.model_copy(update={"login_name": None})
    await activations.begin(
        case.pool,
        case.stack.keys,
        reference=each.reference,
        language=Language.EL,
        mobile=None,
        email=None,
    )
    await claims.claim(case.pool, reference=each.reference, keys=[person.person_key])
    await each.consent()
    await each.choose(PASSWORD)
    return each
