"""One person on the way to an account in the real directory, as tests of several modules need."""

import dataclasses
from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.accounts import DirectoryActivities
from activities.records import LedgerActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import SUCCESS
from domain.consent import review
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    RecordConsent,
    ResolveAccount,
)
from domain.contracts.people import Person
from domain.contracts.vocabulary import Choice, Language
from domain.personal import known_of
from ledger import consents, passwords
from postgres import Pool
from security.sealing import seal
from tests.stack import TestStack

PASSWORD = "Chroma-zontana-kila-89"
ACTIVE = Provisioned(outcome=ProvisionOutcome.ACTIVE)


def begun() -> ActivityEnvironment:
    """Give the surroundings of a try that has 30 s in all."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        started_time=datetime.now(UTC),
        start_to_close_timeout=timedelta(seconds=30),
    )
    return environment


class Case:
    """One person on the way to an account, and what the directory says about them."""

    def __init__(self, stack: TestStack, pool: Pool, person: Person, reference: str) -> None:
        self.stack = stack
        self.pool = pool
        self.person = person
        self.reference = reference
        self.name = str(person.login_name)
        self.domain = stack.settings.institution.domain
        self.people = stack.settings.directory.people_dn
        self.dn = f"uid={self.name},{self.people}"
        self.ldap = LdapClient(stack.settings.directory)
        self._sealed = 0

    async def consent(self, *choices: Choice) -> None:
        request = RecordConsent(
            reference=self.reference,
            person_key=self.person.person_key,
            shown=review(self.person, self.name, "1"),
            choices=choices,
            language=Language.EL,
            accepted_at=datetime.now(UTC),
        )
        await consents.record(self.pool, self.stack.keys, request)

    async def choose(self, password: str, *, for_reference: str = "", hours: int = 1) -> str:
        self._sealed += 1
        await passwords.put(
            self.pool,
            reference=self.reference,
            sealed_id=str(self._sealed),
            sealed=seal(self.stack.keys, for_reference or self.reference, password),
            ttl=timedelta(hours=hours),
        )
        return str(self._sealed)

    def request(self, sealed_id: str, name: str = "") -> ProvisionAccount:
        return ProvisionAccount(
            reference=self.reference,
            person=self.person,
            username=name or self.name,
            sealed_id=sealed_id,
            language=Language.EL,
            password_context=known_of(self.person, name or self.name),
        )

    async def provision(
        self,
        activities: DirectoryActivities,
        sealed_id: str,
        name: str = "",
        within: ActivityEnvironment | None = None,
    ) -> Provisioned:
        request = self.request(sealed_id, name)
        return await (within or begun()).run(activities.provision_account, request)

    async def resolve(
        self,
        activities: DirectoryActivities | LedgerActivities,
        *,
        ask_directory: bool | None = None,
    ) -> AccountResolved:
        """Resolve the username; `ask_directory`: by default where the activities have it."""
        if ask_directory is None:
            ask_directory = isinstance(activities, DirectoryActivities)
        request = ResolveAccount(
            reference=self.reference, person=self.person, ask_directory=ask_directory
        )
        return await run_resolve(activities, request)

    def entry(self, name: str = "") -> dict[str, list[str]] | None:
        found = self.ldap.search(self.people, f"(uid={name or self.name})", ["*"])
        return found[0].attributes if found else None

    def plant(self, name: str, **more: list[str]) -> None:
        """Put an entry made elsewhere into the directory."""
        entry = {"objectClass": ["inetOrgPerson", "schacLinkageIdentifiers"], "cn": ["X"]}
        answer = self.ldap.add(f"uid={name},{self.people}", {**entry, "sn": ["X"], **more})
        assert answer.code == SUCCESS

    def can_bind(self, password: str) -> bool:
        return self.ldap.bind_as(self.dn, password.encode()).code == SUCCESS


def others(case: Case) -> dict[str, list[str]]:
    """Return what makes an entry somebody else's."""
    return {CODES: [f"{codes(case.person, case.domain)[0]}-other"]}


async def run_resolve(
    activities: DirectoryActivities | LedgerActivities, request: ResolveAccount
) -> AccountResolved:
    """Run the activity, check whose the outcome is said to be, and return it without that."""
    resolved = await ActivityEnvironment().run(activities.resolve_account, request)
    elsewhere = resolved.outcome is AccountOutcome.ELSEWHERE
    assert resolved.person_key == (None if elsewhere else request.person.person_key)
    return resolved.model_copy(update={"person_key": None})


def named(name: str) -> AccountResolved:
    return AccountResolved(outcome=AccountOutcome.USERNAME, username=name)
