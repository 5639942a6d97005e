"""A student number that the registrar uses again: the newcomer is never shown its first owner.

After support's act each of the two has an account of their own.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import asyncpg
import ldap3
import pytest

from demo.part import aside
from demo.visitor import Visitor
from tests.stack import WholeStack
from tests.whole.student import Student, until
from tests.whole.test_journeys import Browser, browsing, enrol, messages, prove

CODES = "schacPersonalUniqueCode"
WAITS = "παλαιότερη εγγραφή"


async def strike(dsn: str, student: Student) -> None:
    records = await asyncpg.connect(dsn)
    try:
        await records.execute("DELETE FROM v_vd_sis WHERE registrationid = $1", student.number)
    finally:
        await records.close()


def code(student: Student) -> str:
    return code_of(student.number)


def code_of(number: str) -> str:
    return f"urn:schac:personalUniqueCode:gr:university.example:SIS:{number}"


class Administrators:
    """Whoever runs the directory."""

    def __init__(self, stack: WholeStack, ldap: ldap3.Connection) -> None:
        self.stack = stack
        self.people = stack.env["LDAP_PEOPLE_DN"]
        self.ldap = ldap

    def make(self, student: Student, **more: str) -> None:
        classes = ["schacLinkageIdentifiers", "schacPersonalCharacteristics"]
        told = {"cn": f"{student.first.latin} {student.last.latin}", "sn": student.last.latin}
        born = {"schacDateOfBirth": f"{student.born:%Y%m%d}"}
        dn = f"uid={student.login},{self.people}"
        self.ldap.add(dn, ["inetOrgPerson", *classes], told | born | more)  # type: ignore[no-untyped-call] # ldap3 has no types
        self.ldap.extend.standard.modify_password(dn, None, student.password)

    def take_out(self, uid: str, code: str, instead: str | None) -> None:
        added = [(ldap3.MODIFY_ADD, [instead])] if instead else []
        changes = {CODES: [*added, (ldap3.MODIFY_DELETE, [code])]}
        self.ldap.modify(f"uid={uid},{self.people}", changes)  # type: ignore[no-untyped-call] # ldap3 has no types

    def import_(self) -> None:
        done = self.stack.command("accounts", "import")
        assert done.returncode == 0, done.stderr

    def entry(self, uid: str) -> dict[str, Any]:
        assert self.ldap.search(self.people, f"(uid={uid})", attributes=["*"])
        (found,) = self.ldap.response or []
        return dict(found["attributes"])


@pytest.fixture
def administrators(whole_stack: WholeStack) -> Iterator[Administrators]:
    service = f"cn=activation,ou=services,{whole_stack.env['LDAP_BASE_DN']}"
    secret = (whole_stack.folder / "secrets/ldap_service").read_text()
    server = ldap3.Server(whole_stack.env["LDAP_URL"], get_info=ldap3.NONE)
    with ldap3.Connection(server, service, secret, raise_exceptions=True) as ldap:
        yield Administrators(whole_stack, ldap)


def by_the_engine(directory: Administrators, first: Student) -> None:
    env = directory.stack.env
    with browsing(env, "el") as browser:
        prove(env, browser, f"+30{first.mobile}", mobile=first.mobile)
        goes_on(browser, first)


def imported(directory: Administrators, first: Student) -> None:
    directory.make(first, **{CODES: code(first)})
    directory.import_()


def imported_by_its_name(directory: Administrators, first: Student) -> None:
    directory.make(first)
    directory.import_()


def goes_on(browser: Browser, student: Student) -> None:
    browser.submit(decision="agree")
    browser.submit(password=student.password)
    browser.arrive("/done")


def come(env: Mapping[str, str], browser: Browser, student: Student) -> None:
    browser.visit("/who")
    browser.submit(who="student")
    browser.submit(mobile=student.mobile)
    (message,) = until(lambda: messages(env, f"+30{student.mobile}"))
    pin = re.findall(r"(?<!\d)\d{6}(?!\d)", message["text"])[-1]
    Visitor.submit(browser, pin=pin)


def support_act(directory: Administrators, reference: str, number: str, own: str | None) -> None:
    """Do what case, registrar check and documentation say, by the command line alone."""
    stack, case = directory.stack, directory.stack.command("support", "show", reference).stdout
    assert "FOREIGN_ENTRY" in case
    check = stack.command("support", "registrar", "--number", f"SIS/{number}", "--json")
    uid = json.loads(check.stdout)["username"]
    directory.take_out(uid, code_of(number), own and code_of(own))
    done = stack.command("support", "retry", reference, "--reason", "two persons")
    assert done.returncode == 0, done.stderr


@pytest.mark.few(1)
@pytest.mark.parametrize("moved", [True, pytest.param(False, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("how", "login"),
    [
        (by_the_engine, True),
        (imported, False),
        (imported_by_its_name, True),
        pytest.param(by_the_engine, False, marks=pytest.mark.long),
        pytest.param(imported, True, marks=pytest.mark.long),
        pytest.param(imported_by_its_name, False, marks=pytest.mark.long),
    ],
)
def test_each_has_an_account_of_their_own_after_supports_act(
    administrators: Administrators,
    how: Callable[[Administrators, Student], None],
    *,
    login: bool,
    moved: bool,
) -> None:
    """`login`: the registrar gives the newcomer a username; `moved`: its first owner a number."""
    env, first, newcomer = administrators.stack.env, Student(), Student()
    enrol(env, first, mobilephone=first.mobile)
    how(administrators, first)

    aside(strike(env["REGISTRAR_DSN"], first))
    newcomer.number, first.number = first.number, Student().number
    named = {} if login else {"loginname": None}
    enrol(env, newcomer, mobilephone=newcomer.mobile, **named)
    if moved:
        enrol(env, first, mobilephone=first.mobile, loginname=None)

    with browsing(env, "el") as browser:
        come(env, browser, newcomer)
        if how is imported_by_its_name:
            until(lambda: browser.visit("/progress").path == "/review")
        else:
            until(lambda: WAITS in "".join(browser.visit("/progress").lines))
            support_act(
                administrators, browser.reference, newcomer.number, first.number if moved else None
            )
            browser.arrive("/review")
        before = administrators.entry(first.login)
        goes_on(browser, newcomer)
        if not login:
            (newcomer.login,) = re.findall(r"uid=([^,]+)", own_entry(administrators, newcomer))
        assert newcomer.login in "".join(browser.page.lines)
        seen = "".join(browser.shown)
        for others in (first.login, *first.first, *first.last, first.mobile):
            assert others not in seen
    assert newcomer.login != first.login
    assert newcomer.logs_in(env)
    assert administrators.entry(first.login) == before
    assert first.logs_in(env)
    administrators.import_()
    for student in (first, newcomer) if moved else (newcomer,):
        with browsing(env, "el") as browser:
            page = prove(env, browser, f"+30{student.mobile}", mobile=student.mobile)
            assert page.path == "/ended"
            assert student.login in page.lines


def own_entry(administrators: Administrators, student: Student) -> str:
    found = administrators.ldap.search(administrators.people, f"({CODES}={code(student)})")
    assert found
    (entry,) = administrators.ldap.response or []
    return str(entry["dn"])
