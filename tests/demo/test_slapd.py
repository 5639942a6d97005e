"""The demo's directory has staff and their groups, also where the tree is older than they are."""

import re
from pathlib import Path

import ldap3
import pytest

from demo.place import Place
from demo.slapd import (
    ACCESS,
    BASE_DN,
    GROUPS_DN,
    MEMBERS,
    PEOPLE_DN,
    ROLES,
    SERVICE_DN,
    STAFF_DN,
    SUPPORT_USER,
)
from demo.stack import Stack
from tests.stack import TestStack


def test_a_tree_of_before_the_console_gets_staff_and_groups_once(tmp_path: Path) -> None:
    stack = Stack(Place(tmp_path))
    stack.write_files()
    directory = stack.directory
    directory.folder.mkdir()
    directory.config.write_text(directory._filled("slapd.conf"), "utf-8")
    directory._plant()
    for _ in range(2):
        directory.prepare()
    tree = directory._tool("slapcat", "-f", str(directory.config))
    names = [f"dn: cn={role},{GROUPS_DN}" for role in ROLES]
    assert [tree.count(name) for name in names] == [1] * len(ROLES)
    assert tree.count(f"dn: uid={SUPPORT_USER},{STAFF_DN}") == 1


def test_the_rights_of_the_engine_are_told_once_and_those_that_slapd_runs_with(
    stack: TestStack,
) -> None:
    shipped = ACCESS.read_text("utf-8")
    assert shipped in stack._stack.directory.config.read_text("utf-8")
    for name in (BASE_DN, PEOPLE_DN, SERVICE_DN, STAFF_DN):
        assert name in shipped
    own = (ACCESS.parent / "slapd.conf").read_text("utf-8")
    page = (ACCESS.parents[1] / "docs" / "deployment.md").read_text("utf-8")
    for text in (own, page):
        # The clock is read in a database of its own, with its own rights.
        rights = re.findall(r"^(?:access to|limits) (?!.*cn=Monitor).*", text, re.MULTILINE)
        assert not [each for each in rights if "people" in each or "activation" in each]
    assert f"`demo/{ACCESS.name}`" in page


@pytest.mark.parametrize("user", [*ROLES, SUPPORT_USER])
def test_staff_read_their_own_groups_and_nobody_elses_password(stack: TestStack, user: str) -> None:
    directory = stack._stack.directory
    server = ldap3.Server(directory.ldaps_url)
    dn, password = f"uid={user},{STAFF_DN}", stack._stack.place.secret(user)
    connection = ldap3.Connection(server, dn, password, auto_bind=True)
    try:
        connection.search(GROUPS_DN, f"(member={dn})", attributes=["cn"])
        held = {str(entry.cn) for entry in connection.entries}
        connection.search(STAFF_DN, "(userPassword=*)", attributes=["userPassword"])
        assert connection.entries == []
    finally:
        connection.unbind()
    assert held == {role for role, members in MEMBERS.items() if user in members}
