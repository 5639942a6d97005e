"""Each conflict at provisioning, and what an operator does about it, on the real directory.

What an activation does after staff's word is played: it reads the registrar, chooses the name
again, and makes the account where nothing is in the way.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from ldap3 import MODIFY_REPLACE, SUBTREE, Connection, Server

from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.ldap_connections import StrictTls
from domain.contracts.account_io import AccountOutcome, ProvisionOutcome
from postgres import Pool
from tests.activities.case import PASSWORD, Case, others
from tests.activities.conftest import MakePerson, ruled
from tests.stack import TestStack

SECRET = "operator"


class Operator:
    """Somebody who may do everything in the directory; an entry is named by its uid."""

    def __init__(self, stack: TestStack, dn: str) -> None:
        self._people = stack.settings.directory.people_dn
        tls = StrictTls(ssl.create_default_context(cafile=stack.settings.directory.ca_file))
        server = Server(stack.settings.directory.urls[0], tls=tls)
        self._ldap: Any = Connection(server, dn, SECRET, auto_bind=True)

    def close(self) -> None:
        self._ldap.unbind()

    def adds(self, dn: str, entry: Mapping[str, list[str]]) -> None:
        assert self._ldap.add(dn, attributes=entry), self._ldap.result

    def writes_the_code(self, case: Case, uid: str) -> None:
        person = {CODES: [(MODIFY_REPLACE, codes(case.person, case.domain))]}
        assert self._ldap.modify(f"uid={uid},{self._people}", person), self._ldap.result

    def deletes(self, _: Case, uid: str) -> None:
        assert self._ldap.delete(f"uid={uid},{self._people}"), self._ldap.result

    def replaces(self, uid: str, **values: list[str]) -> None:
        changes = {name: [(MODIFY_REPLACE, given)] for name, given in values.items()}
        assert self._ldap.modify(f"uid={uid},{self._people}", changes), self._ldap.result

    def renames(self, case: Case, uid: str) -> None:
        new = f"uid=elsewhere.{case.name}"
        assert self._ldap.modify_dn(f"uid={uid},{self._people}", new), self._ldap.result

    def gives_a_login_name(self, case: Case, uid: str) -> None:
        """Have the secretariat write the name of the entry into the registrar."""
        case.person = case.person.model_copy(update={"login_name": uid})

    def accounts_of(self, case: Case) -> list[str]:
        """Return the names of all entries with a code of this person's."""
        (code,) = codes(case.person, case.domain)
        self._ldap.search(self._people, f"({CODES}={code})", SUBTREE, attributes=["uid"])
        return [str(entry.uid) for entry in self._ldap.entries]


@contextmanager
def operating(stack: TestStack) -> Iterator[Operator]:
    """Have slapd's administrator bind, who has no password otherwise."""
    base = stack.settings.directory.people_dn.partition(",")[2]
    line = f'rootdn "cn=admin,{base}"'
    with ruled(stack, line, f"{line}\nrootpw {SECRET}"):
        operator = Operator(stack, f"cn=admin,{base}")
        try:
            yield operator
        finally:
            operator.close()


class Conflict(NamedTuple):
    """An entry that appears after the name was shown, and how it ends after each act.

    `login`: the registrar gave the name. `elsewhere`: the entry has another name.
    """

    login: bool
    elsewhere: bool
    marked: str
    ends: dict[str, str]


DONE, ACTIVE = "account made", "already active"
UNDER_ITS_NAME = "account made under the entry's name"
CONFLICTS = {
    "a stranger's of the registrar's name": Conflict(
        True,
        False,
        "stranger",
        {
            "writes_the_code": DONE,
            "deletes": DONE,
            "renames": DONE,
            "gives_a_login_name": f"conflict: another person's: uid contradicted by {CODES}",
        },
    ),
    "one that may be the student's by its mail": Conflict(
        False,
        True,
        "mail",
        {
            "writes_the_code": UNDER_ITS_NAME,
            "deletes": DONE,
            "renames": "cannot_tell: not certain: mail",
            "gives_a_login_name": UNDER_ITS_NAME,
        },
    ),
    "one that has the address": Conflict(
        True,
        True,
        "alias",
        {
            "writes_the_code": f"conflict: {CODES}, under another name",
            "deletes": DONE,
            "renames": "conflict: loginname: in use",
            "gives_a_login_name": UNDER_ITS_NAME,
        },
    ),
    "the student's own under another name": Conflict(
        False,
        True,
        "code",
        {
            "writes_the_code": UNDER_ITS_NAME,
            "deletes": DONE,
            "renames": UNDER_ITS_NAME,
            "gives_a_login_name": UNDER_ITS_NAME,
        },
    ),
    "the student's own, with a password": Conflict(
        False,
        True,
        "code and password",
        {
            "writes_the_code": ACTIVE,
            "deletes": DONE,
            "renames": ACTIVE,
            "gives_a_login_name": ACTIVE,
        },
    ),
}


def planted(case: Case, conflict: Conflict) -> str:
    uid = f"old.{case.name}" if conflict.elsewhere else case.name
    marks = {
        "stranger": others(case),
        "mail": {"mail": [str(case.person.email)]},
        "alias": {"mail": [f"{case.name}@{case.domain}"]},
    }.get(conflict.marked, {CODES: codes(case.person, case.domain)})
    case.plant(uid, **marks)
    if "password" in conflict.marked:
        case.ldap.set_password(f"uid={uid},{case.people}", b"Chosen-elsewhere-44")
    return uid


async def after_staffs_word(case: Case, activities: DirectoryActivities) -> str:
    """Choose the name again and make the account; the student has agreed to what was chosen."""
    found = await case.resolve(activities)
    if found.outcome is AccountOutcome.ALREADY_ACTIVE:
        return ACTIVE
    if found.username is None:
        return f"{found.outcome}: {found.why}"
    made = await case.provision(activities, await case.choose(PASSWORD), found.username)
    assert made.outcome is ProvisionOutcome.ACTIVE, made
    return DONE if found.username == case.name else UNDER_ITS_NAME


@pytest.mark.few(2)
@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_an_operators_act_is_heard_of_at_staffs_word(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    conflict: str,
) -> None:
    kind = CONFLICTS[conflict]
    ended, accounts = {}, {}
    with operating(stack) as operator:
        for act in kind.ends:
            person = make_person(**({} if kind.login else {"login_name": None}))
            number = person.enrolments[0].registration_id.lower()
            person = person.model_copy(update={"last_name_latin": f"Con{number}"})
            case = Case(stack, pool, person, f"A-CONFLICT-{number}")
            case.name = case.name if kind.login else f"econ{number}"
            await case.consent()
            assert (await case.resolve(activities)).username == case.name
            uid = planted(case, kind)
            sealed = await case.choose(PASSWORD)
            before = await case.provision(activities, sealed, case.name)
            assert before.outcome is ProvisionOutcome.CONFLICT
            assert before.why
            getattr(operator, act)(case, uid)
            ended[act] = await after_staffs_word(case, activities)
            accounts[act] = len(operator.accounts_of(case))
            case.ldap.close()
    assert ended == kind.ends
    assert max(accounts.values()) == 1
