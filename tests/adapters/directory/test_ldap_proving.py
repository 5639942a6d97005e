"""Passwords are proved on kept connections, and each proof is one bind at the directory."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.directory import ldap_connections
from adapters.directory.entries import attributes
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import INVALID_CREDENTIALS, SUCCESS
from adapters.errors import AdapterError
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language
from tests.activities.conftest import MakePerson
from tests.adapters.between import SEARCH, STUDENTS_BIND, Between, between
from tests.adapters.contract_directory import ANOTHER, DOMAIN, PASSWORD
from tests.stack import TestStack

OPERATIONS_ERROR = 1


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    return make_person()


@pytest.fixture
def middle(stack: TestStack) -> Iterator[Between]:
    with between(stack) as made:
        yield made


@pytest.fixture
def ldap(stack: TestStack, middle: Between) -> Iterator[LdapClient]:
    settings = stack.settings.directory.model_copy(update={"urls": [middle.url]})
    with closing(LdapClient(settings)) as made:
        yield made


@pytest.fixture
def dn(stack: TestStack, ldap: LdapClient, person: Person) -> str:
    """Return an entry with a password, after one proof of it."""
    name = str(person.login_name)
    made = f"uid={name},{stack.settings.directory.people_dn}"
    assert ldap.add(made, attributes(person, name, DOMAIN, Language.EL)).code == SUCCESS
    assert ldap.set_password(made, PASSWORD).code == SUCCESS
    assert ldap.bind_as(made, PASSWORD).code == SUCCESS
    return made


def binds(middle: Between) -> int:
    return middle.asked.count(STUDENTS_BIND)


def test_proofs_share_a_connection_beside_the_service_accounts(
    ldap: LdapClient, middle: Between, dn: str
) -> None:
    for _ in range(3):
        assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
    assert (binds(middle), len(middle.peers)) == (4, 2)


def test_a_wrong_password_is_refused_on_a_kept_connection_once(
    ldap: LdapClient, middle: Between, dn: str
) -> None:
    assert ldap.bind_as(dn, ANOTHER).code == INVALID_CREDENTIALS
    assert (binds(middle), len(middle.peers)) == (2, 2)
    assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
    assert binds(middle) == 3


def test_a_connection_that_was_cut_is_replaced_before_the_bind_is_sent(
    ldap: LdapClient, middle: Between, dn: str
) -> None:
    middle.cut()
    assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
    assert (binds(middle), len(middle.peers)) == (2, 4)


def test_a_write_after_a_cut_is_done_at_once(ldap: LdapClient, middle: Between, dn: str) -> None:
    middle.cut()
    assert ldap.add_values(dn, {"mobile": ["+306900000000"]}).code == SUCCESS


def test_a_server_that_refuses_a_second_bind_gets_it_on_a_new_connection(
    ldap: LdapClient, middle: Between, dn: str
) -> None:
    middle.answer(STUDENTS_BIND, OPERATIONS_ERROR)
    assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
    assert len(middle.peers) == 3


def test_a_lost_answer_is_for_the_next_attempt(ldap: LdapClient, middle: Between, dn: str) -> None:
    middle.lose_answer(STUDENTS_BIND)
    with pytest.raises(AdapterError) as raised:
        ldap.bind_as(dn, PASSWORD)
    assert raised.value.type == "DIRECTORY_DOWN"
    assert binds(middle) == 2
    assert ldap.bind_as(dn, PASSWORD).code == SUCCESS


def test_a_connection_that_was_idle_for_long_is_not_used(
    ldap: LdapClient, middle: Between, dn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap_connections, "_IDLE_SECONDS", -1.0)
    assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
    assert (binds(middle), len(middle.peers)) == (2, 4)
    assert middle.asked[-1] == STUDENTS_BIND
    assert SEARCH not in middle.asked


def test_a_restarted_directory_is_asked_at_once(stack: TestStack, dn: str) -> None:
    with closing(LdapClient(stack.settings.directory)) as ldap:
        assert ldap.bind_as(dn, PASSWORD).code == SUCCESS
        stack.stop("slapd")
        stack.start("slapd")
        assert ldap.bind_as(dn, PASSWORD).code == SUCCESS


def test_a_kept_connection_keeps_no_password(ldap: LdapClient, dn: str) -> None:
    (kept,) = (idle.get_nowait() for idle in ldap._connections._proving.values())
    seen = f"{vars(kept)} {vars(kept.strategy)}"
    assert PASSWORD.decode() not in seen
    assert dn not in seen
    ldap_connections.discard(kept)
