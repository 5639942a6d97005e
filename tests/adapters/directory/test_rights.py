"""The service account's rights in the demo, as docs/deployment.md has them, on a real slapd."""

from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

import ldap3
import pytest

from demo.slapd import GROUPS_DN, PEOPLE_DN, SERVICE_DN, STAFF_DN, SUPPORT_USER
from tests.stack import TestStack

NO_RIGHT = 50
PASSWORD = "Right-of-nobody-17"
SET = {"userPassword": [(ldap3.MODIFY_REPLACE, ["One-more-word-1918"])]}
SUPPORT = f"uid={SUPPORT_USER},{STAFF_DN}"


@pytest.fixture
def service(stack: TestStack) -> Iterator[Any]:
    directory = stack._stack.directory
    password = directory.service_password_file.read_text("ascii")
    connection: Any = ldap3.Connection(
        directory.ldap_url, SERVICE_DN, password, client_strategy=ldap3.SYNC
    )
    connection.start_tls()
    assert connection.bind()
    yield connection
    connection.unbind()


@pytest.fixture
def student(service: Any) -> str:
    """Make an entry without a password, as the engine does."""
    name = f"r{token_hex(4)}"
    dn = f"uid={name},{PEOPLE_DN}"
    assert service.add(dn, "inetOrgPerson", {"uid": name, "cn": name, "sn": name})
    return dn


def test_an_account_is_made_and_finished_and_then_its_password_is_the_students(
    service: Any, student: str
) -> None:
    assert service.modify(student, {"mail": [(ldap3.MODIFY_ADD, ["a@mail.example"])]})
    assert service.extend.standard.modify_password(student, new_password=PASSWORD)
    assert service.modify(student, {"mail": [(ldap3.MODIFY_DELETE, ["a@mail.example"])]})
    for _ in range(2):
        service.extend.standard.modify_password(student, new_password="Another-word-18")
        assert service.result["result"] == NO_RIGHT
        service.modify(student, SET)
        assert service.result["result"] == NO_RIGHT
    service.modify(student, {"userPassword": [(ldap3.MODIFY_DELETE, [])]})
    assert service.result["result"] == NO_RIGHT


def test_nothing_is_deleted_renamed_or_touched_elsewhere(service: Any, student: str) -> None:
    group = f"cn=supervisor,{GROUPS_DN}"
    tries: list[Callable[[], Any]] = [
        lambda: service.delete(student),
        lambda: service.modify_dn(student, f"uid=x{token_hex(4)}"),
        lambda: service.modify(group, {"member": [(ldap3.MODIFY_ADD, [student])]}),
        lambda: service.modify(SUPPORT, SET),
        lambda: service.extend.standard.modify_password(SUPPORT, new_password=PASSWORD),
        lambda: service.modify(SUPPORT, {"sn": [(ldap3.MODIFY_REPLACE, ["x"])]}),
        lambda: service.delete(SUPPORT),
        lambda: service.add(f"uid=x,{STAFF_DN}", "inetOrgPerson", {"cn": "x", "sn": "x"}),
        lambda: service.add(f"ou=more,{PEOPLE_DN.partition(',')[2]}", "organizationalUnit"),
        lambda: service.delete(PEOPLE_DN),
        lambda: service.modify(PEOPLE_DN, {"description": [(ldap3.MODIFY_ADD, ["x"])]}),
    ]
    for number, attempt in enumerate(tries):
        attempt()
        assert (number, service.result["result"]) == (number, NO_RIGHT)
    assert service.search(student, "(uid=*)", ldap3.BASE, attributes=["userPassword"])
    assert service.entries[0].entry_attributes_as_dict.get("userPassword", []) == []


def child(uid: str, below: str) -> tuple[str, str, dict[str, str]]:
    return f"uid={uid},{below}", "inetOrgPerson", {"uid": uid, "cn": uid, "sn": uid}


def test_nothing_but_accounts_is_added_and_nothing_below_one(service: Any, student: str) -> None:
    service.extend.standard.modify_password(student, new_password=PASSWORD)
    name = token_hex(4)
    person = {"cn": name, "sn": name}
    tries: list[Callable[[], Any]] = [
        lambda: service.add(*child(f"k{name}", student)),
        lambda: service.add(f"ou=sub{name},{PEOPLE_DN}", "organizationalUnit"),
        lambda: service.add(f"cn={name},{PEOPLE_DN}", "inetOrgPerson", person),
        lambda: service.add(f"cn={name}+uid=u{name},{PEOPLE_DN}", "inetOrgPerson", person),
    ]
    for number, attempt in enumerate(tries):
        attempt()
        assert (number, service.result["result"]) == (number, NO_RIGHT)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("pwdAccountLockedTime", "000001010000Z"),
        ("pwdReset", "TRUE"),
        ("pwdPolicySubentry", f"cn=services,ou=policies,{PEOPLE_DN.partition(',')[2]}"),
        ("pwdStartTime", "20990101000000Z"),
        ("pwdEndTime", "20200101000000Z"),
    ],
)
def test_no_account_is_locked_or_freed_from_the_policy(
    service: Any, student: str, attribute: str, value: str
) -> None:
    for _ in ("not active", "active"):
        changes: list[list[Any]] = [[(ldap3.MODIFY_REPLACE, [value])], [(ldap3.MODIFY_DELETE, [])]]
        for change in changes:
            service.modify(student, {attribute: change})
            assert service.result["result"] == NO_RIGHT
        service.extend.standard.modify_password(student, new_password=PASSWORD)
