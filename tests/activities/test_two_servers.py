"""Two directory servers of which one at a time takes writes: the engine finds it by itself.

Both are real and have the same database, as a replica that never lags.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities import errors
from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_directory import LdapDirectory
from adapters.directory.ldap_results import INVALID_CREDENTIALS, UNWILLING
from demo.place import HOST
from demo.slapd import Directory as Slapd
from domain.contracts.account_io import ProvisionOutcome
from domain.contracts.vocabulary import Choice
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case
from tests.activities.conftest import MakePerson, writing
from tests.adapters.between import (
    ADD,
    MODIFY,
    SEARCH,
    SERVICE_BIND,
    SET_PASSWORD,
    STUDENTS_BIND,
    Between,
    Moment,
    between,
)
from tests.recognition.test_presence import GONE, check, noted
from tests.stack import TestStack

_WRITABLE = "maxsize 1073741824"
_READ_ONLY = {
    "it refuses": f"{_WRITABLE}\nreadonly on",
    "it names another": (
        f'{_WRITABLE}\nsyncrepl rid=1 provider=ldap://{HOST}:9 searchbase="dc=university,'
        f'dc=example" bindmethod=simple type=refreshOnly retry="3600 +"\nupdateref ldap://{HOST}:9'
    ),
}
_ELSEWHERE = (10, 51, 52, UNWILLING)


class Second(Slapd):
    """A server of the same database on ports of its own."""

    name = "slapd-second"

    @property
    def config(self) -> Path:
        return self.folder / "second.conf"

    @property
    def ldap_url(self) -> str:
        return f"ldap://{HOST}:{self.place.port('ldap-second')}"

    @property
    def ldaps_url(self) -> str:
        return f"ldaps://{HOST}:{self.place.port('ldaps-second')}"

    @property
    def ports(self) -> tuple[str, ...]:
        return ("ldap-second", "ldaps-second")

    def prepare(self) -> None:
        self.config.write_text(self._filled("slapd.conf").replace("slapd.pid", "second.pid"))


class Pair:
    """The two servers; `writable` says which of them takes writes from then on."""

    def __init__(self, stack: TestStack, rule: str) -> None:
        self._servers = (stack._stack.directory, Second(stack._stack.place))
        self._rule = rule

    @property
    def urls(self) -> list[str]:
        return [each.ldaps_url for each in self._servers]

    def writable(self, number: int) -> None:
        for each in self._servers:
            each.stop()
        for at, each in enumerate(self._servers):
            each.prepare()
            if at != number:
                rules = each.config.read_text("utf-8")
                each.config.write_text(rules.replace(_WRITABLE, self._rule), "utf-8")
            each.spawn()
            each.wait_ready()

    def end(self) -> None:
        for each in self._servers:
            each.stop()
        self._servers[0].start()


@pytest.fixture(params=_READ_ONLY)
def pair(stack: TestStack, request: pytest.FixtureRequest) -> Iterator[Pair]:
    made = Pair(stack, _READ_ONLY[request.param])
    try:
        yield made
    finally:
        made.end()


async def test_the_server_that_takes_writes_is_found_whichever_it_is(
    stack: TestStack, pool: Pool, pair: Pair, make_person: MakePerson, reference: str
) -> None:
    """Its role goes to and fro between provisionings of one worker, which nobody restarts."""
    async with writing(stack, pool, urls=pair.urls) as activities:
        for number in (1, 0):
            pair.writable(number)
            case = Case(stack, pool, make_person(), f"{reference}-{number}")
            await case.consent(*Choice)
            outcome = await case.provision(activities, await case.choose(PASSWORD))
            assert outcome == ACTIVE, number
            assert case.can_bind(PASSWORD)
            case.ldap.close()


async def test_the_role_moves_while_an_account_is_made(
    stack: TestStack, pool: Pool, pair: Pair, case: Case
) -> None:
    """Between the entry and its password, with connections to the other in the pool."""
    loop = asyncio.get_running_loop()

    async def move() -> None:
        pair.writable(1)

    pair.writable(0)
    sealed = await case.choose(PASSWORD)
    with between(stack) as middle:
        # In this thread, with which the servers end that it started.
        middle.first(
            SET_PASSWORD, lambda: asyncio.run_coroutine_threadsafe(move(), loop).result(60)
        )
        async with writing(stack, pool, urls=[middle.url, pair.urls[1]]) as activities:
            # The connection over which the password was sent went with the server.
            with pytest.raises(ApplicationError) as raised:
                await case.provision(activities, sealed)
            assert raised.value.type == "DIRECTORY_DOWN"
            assert await case.provision(activities, sealed) == ACTIVE
    assert case.can_bind(PASSWORD)


@pytest.mark.parametrize("pair", ["it refuses"], indirect=True)
async def test_many_at_once_find_it(
    stack: TestStack, pool: Pool, pair: Pair, make_person: MakePerson, reference: str
) -> None:
    pair.writable(1)
    cases = [Case(stack, pool, make_person(), f"{reference}-{number}") for number in range(4)]
    async with writing(stack, pool, urls=pair.urls) as activities:
        for case in cases:
            await case.consent()
        sealed = [await case.choose(PASSWORD) for case in cases]
        made = await asyncio.gather(
            *(case.provision(activities, each) for case, each in zip(cases, sealed, strict=True))
        )
    assert made == [ACTIVE] * len(cases)


@pytest.mark.parametrize("pair", ["it refuses"], indirect=True)
async def test_whether_an_account_is_gone_is_asked_of_the_server_that_takes_writes(
    stack: TestStack, pool: Pool, pair: Pair, case: Case, make_person: MakePerson
) -> None:
    other = Case(stack, pool, make_person(), f"{case.reference}-K")
    await other.consent()
    async with writing(stack, pool, urls=pair.urls) as activities:
        assert await other.provision(activities, await other.choose(PASSWORD)) == ACTIVE
        await noted(stack, pool, other)
        await noted(stack, pool, case)
        pair.writable(1)
        with pytest.raises(ApplicationError) as raised:
            await check(activities, case)
        assert raised.value.type == "DIRECTORY_DOWN"
        assert await check(activities, case) == GONE


@pytest.fixture
def far(stack: TestStack) -> Iterator[Between]:
    with between(stack) as made:
        yield made


async def tried(
    activities: DirectoryActivities, case: Case, sealed: str
) -> tuple[str, bool] | ProvisionOutcome:
    """Return what came of it, or the failure that was raised and whether it is for good."""
    try:
        return (await case.provision(activities, sealed)).outcome
    except ApplicationError as error:
        return error.message, error.non_retryable


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        *product([SEARCH], _ELSEWHERE),
        *product([SERVICE_BIND, STUDENTS_BIND], [52, UNWILLING]),
        *product([ADD, MODIFY, SET_PASSWORD], [10, 51]),
    ],
)
async def test_a_server_that_says_so_is_left_for_the_next_within_the_same_try(
    stack: TestStack, pool: Pool, far: Between, case: Case, *, moment: Moment, code: int
) -> None:
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    there = stack.settings.directory.urls[0]
    far.answer(moment, code, times=100)
    async with writing(stack, pool, urls=[far.url, there]) as activities:
        if moment is MODIFY:
            case.plant(case.name, **{CODES: codes(case.person, case.domain)})
        assert await tried(activities, case, sealed) is ProvisionOutcome.ACTIVE
        assert isinstance(activities._directory, LdapDirectory)
        assert activities._directory._ldap._connections.urls == [there, far.url]


def test_a_server_that_takes_no_writes_is_not_asked_for_a_students_password(
    stack: TestStack, far: Between, case: Case
) -> None:
    """It may not have the password yet, and counts what it refuses."""
    far.answer(MODIFY, 10)
    there = stack.settings.directory
    ldap = LdapClient(there.model_copy(update={"urls": [far.url, *there.urls]}))
    with closing(ldap):
        assert ldap.bind_as(case.dn, b"not-the-password").code == INVALID_CREDENTIALS
    assert far.asked == [SERVICE_BIND, MODIFY]


@pytest.mark.parametrize("code", [51, UNWILLING])
async def test_when_each_server_says_so_the_directory_is_away(
    stack: TestStack, pool: Pool, far: Between, case: Case, code: int
) -> None:
    sealed = await case.choose(PASSWORD)
    with between(stack) as further:
        far.answer(SERVICE_BIND, code, times=1)
        further.answer(SERVICE_BIND, code, times=1)
        async with writing(stack, pool, urls=[far.url, further.url]) as activities:
            down = (f"DIRECTORY_DOWN: LDAP {code}", False)
            assert await tried(activities, case, sealed) == down
            assert await tried(activities, case, sealed) is ProvisionOutcome.ACTIVE


@pytest.mark.parametrize("moment", [ADD, MODIFY, SET_PASSWORD])
async def test_a_refusal_of_one_entry_is_to_mend_and_moves_no_server(
    stack: TestStack,
    pool: Pool,
    far: Between,
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
    *,
    moment: Moment,
) -> None:
    """A rule of the directory may answer as a read-only server does, which it is not."""
    monkeypatch.setattr(errors, "_alarmed", {})
    sealed = await case.choose(PASSWORD)
    if moment is MODIFY:
        case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    async with writing(stack, pool, urls=[far.url, stack.settings.directory.urls[0]]) as activities:
        far.answer(moment, UNWILLING)
        refused = (f"CONFIGURATION: LDAP {UNWILLING}", False)
        assert await tried(activities, case, sealed) == refused
        assert isinstance(activities._directory, LdapDirectory)
        assert activities._directory._ldap._connections.urls[0] == far.url
        assert await tried(activities, case, sealed) is ProvisionOutcome.ACTIVE
