"""One thing is broken at a time, on real parts: the doctor names it; well, it names nothing."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    RemoveSearchAttributesRequest,
)
from temporalio.client import Client

from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import SUCCESS
from adapters.findings import Finding
from adapters.messaging import sms_check
from demo.part import run
from demo.place import Place
from demo.stack import Stack
from domain.match_rules import Rule
from security import rotation
from security.purposes import User
from settings import Settings
from settings.systems import Sms
from starter.doctor import clocks, directory
from starter.doctor.commands import _examine, on_disk
from tests.activities.conftest import ruled
from tests.adapters.gateway import Gateway, running
from tests.server import client
from tests.stack import TestStack
from tests.starter.test_cli import command

__all__ = ["client"]

Break = Callable[[Settings, Path], Settings]
POLICY = "cn=default,ou=policies,dc=university,dc=example"
NOWHERE = "127.0.0.1:1"


def changed(settings: Settings, name: str, value: Any) -> Settings:
    """Return the settings with one value changed, which is not judged again."""
    section, _, field = name.partition(".")
    if not field:
        return settings.model_copy(update={section: value})
    inner = getattr(settings, section).model_copy(update={field: value})
    return settings.model_copy(update={section: inner})


async def wrong(settings: Settings, *users: User, to: str = "") -> list[Finding]:
    found = await _examine(settings, users or tuple(User), to)
    return [finding for finding in found if not finding.ok]


def secret(settings: Settings, folder: Path, content: str | None, mode: int = 0o600) -> Settings:
    path = folder / "secret"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    return changed(settings, "directory.bind_password_file", path)


def operators(settings: Settings, folder: Path) -> Settings:
    """Name a file of operators that everybody may read, unlike one that is still to be made."""
    made = folder / "operators"
    made.write_text("nikos:operator:hash\n")
    made.chmod(0o644)
    return changed(settings, "console.operators_file", made)


def keys(settings: Settings, folder: Path, name: str, content: bytes | None) -> Settings:
    target = folder / "keys"
    shutil.copytree(settings.keys_dir, target)
    if content is None:
        (target / name).unlink()
    else:
        (target / name).write_bytes(content)
    return settings.model_copy(update={"keys_dir": target})


def mail(name: str, value: Any) -> Break:
    return lambda settings, _: changed(settings, f"mail.{name}", value)


def dsn(settings: Settings, name: str, value: str) -> Settings:
    kind = type(settings.ledger_dsn)
    return changed(settings, name, kind(value))


def mistyped(name: str) -> Break:
    """Break the password in this DSN."""

    def broken(settings: Settings, _: Path) -> Settings:
        section, field = name.rpartition(".")[::2]
        there: SecretStr = getattr(getattr(settings, section) if section else settings, field)
        user, at = there.get_secret_value().partition("//")[2].partition("@")[::2]
        return dsn(settings, name, f"postgresql://{user.partition(':')[0]}:mistyped@{at}")

    return broken


NO_SUCH = {"employeeNo": "{number}"}
SETTINGS: dict[str, tuple[Break, str, str]] = {
    "secret missing": (lambda s, f: secret(s, f, None), "files", "no such file"),
    "secret empty": (lambda s, f: secret(s, f, " \n"), "files", "empty"),
    "secret for all": (lambda s, f: secret(s, f, "x", 0o644), "files", "everybody may read"),
    "operators for all": (operators, "files", "everybody may read"),
    "secret wrong": (lambda s, f: secret(s, f, "wrong"), "directory", "LDAP 49"),
    "secret a folder": (
        lambda s, f: changed(s, "sms.token_file", f),
        "sms",
        "IsADirectoryError",
    ),
    "authority missing": (
        lambda s, f: changed(s, "directory.ca_file", f / "none.pem"),
        "files",
        "no such file",
    ),
    "authority foreign": (
        lambda s, _: changed(s, "directory.ca_file", None),
        "directory",
        "certificate not trusted",
    ),
    "directory away": (
        lambda s, _: changed(s, "directory.urls", [f"ldaps://{NOWHERE}"]),
        "directory",
        NOWHERE,
    ),
    "second directory away": (
        lambda s, _: changed(s, "directory.urls", [*s.directory.urls, f"ldaps://{NOWHERE}"]),
        "directory",
        NOWHERE,
    ),
    "wrong base": (
        lambda s, _: changed(s, "directory.people_dn", "ou=nobody,dc=university,dc=example"),
        "directory",
        "directory.people_dn",
    ),
    "unknown attribute": (
        lambda s, _: changed(s, "directory.choices", {"recovery_email": "noSuchName={email}"}),
        "directory",
        "noSuchName",
    ),
    "keys missing": (lambda s, f: s.model_copy(update={"keys_dir": f / "none"}), "keys", "no such"),
    "key torn": (lambda s, f: keys(s, f, "pin.key", b"ab"), "keys", "pin.key"),
    "key of an epoch lost": (
        lambda s, f: keys(s, f, "seal/2026-11.pub", None),
        "keys",
        "seal/*.pub",
    ),
    "ledger away": (
        lambda s, _: dsn(s, "ledger_dsn", f"postgresql://x@{NOWHERE}/x"),
        "ledger",
        "ConnectionRefusedError",
    ),
    "ledger of nobody": (
        lambda s, _: dsn(s, "ledger_dsn", s.ledger_dsn.get_secret_value() + "none"),
        "ledger",
        "3D000",
    ),
    **{
        f"{part} password wrong": (
            mistyped(name),
            part,
            f"correct the user or the password in {name}",
        )
        for part, name in (("ledger", "ledger_dsn"), ("registrar", "registrar.dsn"))
    },
    "rule by an attribute that does not exist": (
        lambda s, _: changed(s, "directory.match_rules", [Rule(attributes=NO_SUCH)]),
        "directory",
        "it does not know employeeNo: correct directory.match_rules",
    ),
    "registrar away": (
        lambda s, _: dsn(s, "registrar.dsn", f"postgresql://x@{NOWHERE}/x"),
        "registrar",
        "ConnectionRefusedError",
    ),
    "view missing": (
        lambda s, _: changed(s, "registrar.view", "v_none"),
        "registrar",
        "registrar.view",
    ),
    "column missing": (
        lambda s, _: changed(s, "registrar.columns", {"mobilephone": "gsm"}),
        "registrar",
        "no gsm",
    ),
    "gateway away": (
        lambda s, _: changed(s, "sms.url", f"http://{NOWHERE}/send"),
        "sms",
        "nothing answers",
    ),
    "relay away": (mail("port", 1), "mail", "mail.host"),
    "relay foreign": (mail("ca_file", None), "mail", "mail.ca_file"),
}


async def test_a_healthy_installation_is_well(stack: TestStack, client: Client) -> None:
    del client
    assert await wrong(stack.settings) == []
    told = await command("doctor", "--json")
    assert told.returncode == 0, told.stdout
    found = json.loads(told.stdout)
    assert all(each["ok"] for each in found)
    parts = {each["part"] for each in found}
    assert {"settings", "files", "keys", "ledger", "temporal", "registrar"} <= parts
    assert {"directory", "sms", "mail", "clocks", "texts"} <= parts


@pytest.mark.few(9)
@pytest.mark.parametrize("name", SETTINGS)
async def test_what_is_broken_is_named(
    stack: TestStack, client: Client, tmp_path: Path, name: str
) -> None:
    del client
    broken, part, says = SETTINGS[name]
    found = await wrong(broken(stack.settings, tmp_path))
    assert any(each.part == part and says in f"{each.about} {each.mend}" for each in found), found
    # Beside it there is only what cannot be looked at without it.
    beside = {part, "files", "keys", "temporal"}
    beside |= {"directory"} if part == "files" else set()
    assert {each.part for each in found} <= beside, found


@asynccontextmanager
async def owner(stack: TestStack, statement: str, undo: str) -> AsyncIterator[None]:
    ledger = await asyncpg.connect(stack.ledger_dsn)
    try:
        await ledger.execute(statement)
        yield
    finally:
        await ledger.execute(undo)
        await ledger.close()


@pytest.mark.parametrize(
    ("statement", "undo", "says"),
    [
        (
            "UPDATE migration SET name = 'gone' WHERE name = '0001_first'",
            "UPDATE migration SET name = '0001_first' WHERE name = 'gone'",
            "0001_first missing",
        ),
        (
            "REVOKE INSERT ON session FROM CURRENT_USER",
            "GRANT INSERT ON session TO CURRENT_USER",
            "INSERT on session",
        ),
        (
            "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
            "BEGIN READ WRITE; ALTER ROLE CURRENT_USER RESET default_transaction_read_only; COMMIT",
            "read-only",
        ),
    ],
)
async def test_a_ledger_that_is_not_ready_is_told(
    stack: TestStack, statement: str, undo: str, says: str
) -> None:
    async with owner(stack, statement, undo):
        found = await wrong(stack.settings, User.PORTAL)
    assert says in str(found)


@pytest.mark.parametrize(
    ("statement", "undo", "says"),
    [
        (
            "DROP INDEX v_vd_sis_email",
            "CREATE INDEX v_vd_sis_email ON v_vd_sis (lower(extemail))",
            "no index helps",
        ),
        (
            "REVOKE SELECT ON v_vd_sis FROM PUBLIC, {role}",
            "GRANT SELECT ON v_vd_sis TO {role}",
            "GRANT SELECT",
        ),
        (
            "GRANT INSERT ON v_vd_sis TO {role}",
            "REVOKE INSERT ON v_vd_sis FROM {role}",
            "revoke all but SELECT",
        ),
    ],
    ids=["index", "read", "write"],
)
async def test_a_registrar_that_is_not_ready_is_told(
    stack: TestStack, statement: str, undo: str, says: str
) -> None:
    role = stack.settings.registrar.dsn.get_secret_value().split("//")[1].split("@")[0]
    role = role.split(":")[0]
    records = await asyncpg.connect(stack.registrar_dsn)
    try:
        await records.execute(statement.format(role=role))
        found = await wrong(stack.settings, User.MAIN)
    finally:
        await records.execute(undo.format(role=role))
        await records.close()
    assert says in str(found)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "=asrcxd\n    by * none\naccess",
            "=rs\n    by * none\naccess",
            "let directory.bind_dn add",
        ),
        (
            'attrs=userPassword\n    by dn.exact="$service" =sw',
            'attrs=userPassword\n    by dn.exact="$service" =rscd',
            "let directory.bind_dn write userPassword'",
        ),
        (
            'by dn.exact="$service" write\n    by self read',
            'by dn.exact="$service" read\n    by self read',
            "write eduPersonEntitlement, labeledURI, mobile'",
        ),
        ("rootdn", "readonly on\nrootdn", "read-only copy"),
        (
            'access to dn.subtree="ou=people,dc=university,dc=example" filter',
            (
                'access to attrs=userPassword by dn.exact="$service" =w by anonymous auth\n'
                'access to dn.subtree="ou=people,dc=university,dc=example" filter'
            ),
            "let directory.bind_dn search userPassword, not read it",
        ),
        (
            "access to dn.exact",
            'access to attrs=mail by dn.exact="$service" =w\naccess to dn.exact',
            "let directory.bind_dn search mail'",
        ),
        (
            "access to dn.exact",
            'access to attrs=uid by dn.exact="$service" =sw\naccess to dn.exact',
            "let directory.bind_dn read uid'",
        ),
        (
            "size=unlimited size.prtotal=unlimited",
            "size=1",
            "LDAP 4 after 0: let the size limit of directory.bind_dn be none",
        ),
        (
            "size.prtotal=unlimited",
            "size.pr=2 size.prtotal=unlimited",
            "LDAP 11 after 0: let the size limit of directory.bind_dn be none, of a page",
        ),
    ],
    ids=[
        "rights",
        "passwords",
        "choices",
        "read-only",
        "password",
        "search",
        "read",
        "size",
        "page",
    ],
)
@pytest.mark.usefixtures("client")
async def test_a_directory_that_is_not_ready_is_told(
    stack: TestStack, somebody: str, old: str, new: str, says: str
) -> None:
    service = stack.settings.directory.bind_dn
    before = as_it_stands(stack, somebody)
    with ruled(stack, old.replace("$service", service), new.replace("$service", service)):
        found = await wrong(stack.settings, User.DIRECTORY)
    assert says in str(found)
    assert await wrong(stack.settings, User.DIRECTORY) == []
    assert as_it_stands(stack, somebody) == before


def as_it_stands(stack: TestStack, dn: str) -> dict[str, list[str]]:
    with closing(LdapClient(stack.settings.directory)) as ldap:
        return ldap.read(dn, ["*", "+"])


async def test_where_nobody_is_the_right_to_set_passwords_is_not_said_to_be_there(
    stack: TestStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LdapClient, "anybody", lambda _, **__: None)
    found = await _examine(stack.settings, (User.DIRECTORY,), "")
    assert "nobody is there; the first activation shows it" in str(found)


async def test_looking_at_a_new_directory_leaves_it_as_sound_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenLDAP cannot read attributes again that it met first in a dry run."""
    new = Stack(Place(tmp_path / "new"))
    new.write_files()
    slapd = new.directory
    slapd.prepare()
    slapd.spawn()
    try:
        slapd.wait_ready()
        monkeypatch.setenv("ACTIVATION_CONFIG", str(new.place.settings_file))
        there = Settings()
        people = there.directory.people_dn
        plain = {"objectClass": ["inetOrgPerson"], "cn": ["S"], "sn": ["S"]}
        with closing(LdapClient(there.directory)) as ldap:
            for known in ({}, plain, directory._entry(there, "second")):
                dn = f"uid=somebody{len(known)},{people}"
                assert not known or ldap.add(dn, known).code == SUCCESS
                assert [each async for each in directory.check(there) if not each.ok] == []
            dn = f"uid=last,{people}"
            whole = directory._entry(there, "last")
            assert ldap.add(dn, whole).code == SUCCESS
            assert ldap.read(dn, ["*"]).keys() == {name.lower() for name in whole}
            while without := ldap.anybody(without_password=True):
                assert ldap.set_password(without.dn, b"vrasto-kerasi-plateia-9").code == SUCCESS
            found = [each async for each in directory.check(there)]
            assert [each for each in found if not each.ok] == []
            assert "everybody has one; the first activation shows it" in str(found)
    finally:
        slapd.stop()


@pytest.fixture
def somebody(stack: TestStack) -> str:
    """Return the name of an entry without a password; of one that is made where there is none."""
    with closing(LdapClient(stack.settings.directory)) as ldap:
        if found := ldap.anybody(without_password=True):
            return found.dn
        dn = f"uid=somebody,{stack.settings.directory.people_dn}"
        person = {"objectClass": ["inetOrgPerson"], "uid": ["somebody"], "cn": ["S"], "sn": ["S"]}
        assert ldap.add(dn, person).code == SUCCESS
    return dn


@pytest.mark.parametrize("asked", ["check_url", "token_url"])
async def test_a_wrong_secret_of_the_gateway_is_told_and_nothing_is_sent(
    gateway: Gateway, secret_file: Path, asked: str
) -> None:
    at = gateway.url.removesuffix("/send")
    more = {"preset": "routee", "token_url": f"{at}/token"} if asked == "token_url" else {}
    if asked == "check_url":
        more = {"auth": "oauth2", "token_url": f"{at}/token", "check_url": f"{at}/oauth"}
    given = {"url": f"{at}/never", "username": "engine", "token_file": secret_file, **more}
    sms = Sms.model_validate(given)
    assert [each async for each in sms_check.check("sms", sms) if not each.ok] == []
    gateway.secret = "another"
    (told,) = [each async for each in sms_check.check("sms", sms) if not each.ok]
    assert "see to sms.token_file" in told.mend
    assert "/never" not in str(gateway.seen)


async def test_a_secret_that_only_a_message_shows_is_not_said_to_be_right(
    stack: TestStack,
) -> None:
    found = [each async for each in sms_check.check("sms", stack.settings.sms)]
    assert any("not tried" in each.about and "--send-test" in each.about for each in found)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as made:
        yield made


@pytest.fixture
def secret_file(gateway: Gateway, tmp_path: Path) -> Path:
    gateway.secret = "sesame"
    file = tmp_path / "secret"
    file.write_text("sesame\n")
    return file


async def test_a_policy_that_wants_more_than_the_page_says_is_told(stack: TestStack) -> None:
    with entry(
        stack, f"dn: {POLICY}\nchangetype: modify\nreplace: pwdMinLength\npwdMinLength: 16\n"
    ):
        found = await wrong(stack.settings, User.DIRECTORY)
    assert "16 characters" in str(found)


@contextmanager
def entry(stack: TestStack, ldif: str) -> Iterator[None]:
    """Change the directory while its server is at rest, and change it back."""
    slapd = stack._stack.directory
    for number in ("16", "12"):
        slapd.stop()
        file = stack.folder / "change.ldif"
        file.write_text(ldif.replace("16", number), "utf-8")
        words = (slapd._software.tool("slapmodify"), "-f", str(slapd.config), "-l", str(file))
        run(words, what="slapmodify", env=slapd.environment())
        slapd.spawn()
        slapd.wait_ready()
        if number == "16":
            yield


async def test_search_attributes_that_are_missing_are_told(
    stack: TestStack, client: Client
) -> None:
    name = "StandsSince"
    space = client.namespace
    await client.operator_service.remove_search_attributes(
        RemoveSearchAttributesRequest(namespace=space, search_attributes=[name])
    )
    try:
        found = await wrong(stack.settings, User.PORTAL)
    finally:
        kind = IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=space, search_attributes={name: kind})
        )
    assert name in str(found)


async def test_temporal_away_and_a_missing_namespace_are_told(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nobodys")
    assert "activation temporal init --create-namespace" in str(
        await wrong(stack.settings, User.PORTAL)
    )
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    assert "TEMPORAL_ADDRESS" in str(await wrong(stack.settings, User.PORTAL))
    del client


async def test_other_keys_are_told(stack: TestStack, tmp_path: Path, client: Client) -> None:
    del client
    settings = stack.settings.model_copy(update={"keys_dir": tmp_path / "others"})
    assert await wrong(stack.settings, User.COMMANDS) == []
    rotation.create(tmp_path / "others", "2026-11")
    assert "not the same key" in str(await wrong(settings, User.COMMANDS))


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_each_clock_that_is_not_ours_is_told(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    del client
    off = timedelta(minutes=minutes)
    monkeypatch.setattr(clocks, "now", lambda: datetime.now(UTC) + off)
    found = await wrong(stack.settings)
    assert {each.part for each in found} == {"clocks"}
    assert len(found) == 3, found
    told = " ".join(each.about for each in found)
    assert all(name in told for name in ("the ledger's", "the directory's at ldaps", "Temporal's"))
    assert all("s apart: let NTP" in each.mend for each in found), found


HOOK = {"webhook_url": "https://chat.university.example/"}
ALERTED = {"email": "alerts@university.example"}
AUDITED = {"audit_email": "auditor@university.example"}


@pytest.mark.parametrize(
    ("taken_by", "says"),
    [({}, "nobody"), (ALERTED, "alerts.email alone"), (HOOK, ""), (AUDITED, "")],
)
def test_that_nobody_takes_the_heads_of_the_audit_is_a_warning(
    stack: TestStack, taken_by: dict[str, str], says: str
) -> None:
    nobody = {"webhook_url": "", "email": "", "audit_email": ""}
    alerts = stack.settings.alerts.model_copy(update=nobody | taken_by)
    settings = stack.settings.model_copy(update={"alerts": alerts})
    for users in (tuple(User), (User.ALERTS,)):
        (told,) = (each for each in on_disk(settings, users) if "heads of the audit" in each.about)
        assert (told.ok, told.is_warning) == (True, bool(says))
        assert says in told.mend
    assert not [each for each in on_disk(settings, (User.MAIN,)) if "audit" in each.about]


@pytest.mark.parametrize(("contact", "warns"), [("", True), ("security@uop.example", False)])
def test_that_nobody_is_told_of_vulnerabilities_is_a_warning(
    stack: TestStack, contact: str, warns: bool
) -> None:
    institution = stack.settings.institution.model_copy(update={"security_contact": contact})
    settings = stack.settings.model_copy(update={"institution": institution})
    (told,) = (each for each in on_disk(settings, (User.PORTAL,)) if "report it" in each.about)
    assert (told.ok, told.is_warning) == (True, warns)
    assert ("security_contact" in told.mend) is warns
    assert not [each for each in on_disk(settings, (User.MAIN,)) if "report it" in each.about]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", None),
        ("{gateway}", ""),
        ("http://127.0.0.1:1/x", "nothing answers"),
        ("127.0.0.1:1/x", "no address"),
        ("https:///x", "no address"),
        ("http://[::1/x", "no address"),
    ],
)
async def test_whether_the_webhook_of_the_alerts_is_there_is_told_and_nothing_is_sent(
    stack: TestStack, gateway: Gateway, url: str, says: str | None
) -> None:
    settings = changed(stack.settings, "alerts.webhook_url", url.format(gateway=gateway.url))
    for users in ((User.ALERTS,), (User.MAIN,)):
        found = await _examine(settings, users, "")
        told = [each.mend for each in found if each.about == "alerts.webhook_url can be reached"]
        assert len(told) == (says is not None and users == (User.ALERTS,))
        assert all(bool(mend) == bool(says) and (says or "") in mend for mend in told)
    assert gateway.seen == []


async def test_a_test_message_is_really_sent(stack: TestStack) -> None:
    for to in ("+306900000077", "doctor@mail.example"):
        assert await wrong(stack.settings, User.PORTAL, to=to) == []
        assert [message["to"] for message in stack.messages(to)] == [to]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (
            {"DIRECTORY__BIND_PASSWORD_FILE": "/nowhere/secret", "KEYS_DIR": "/nowhere/keys"},
            ("no such file", "keys_dir"),
        ),
        (
            {"LEDGER_DSN": "nonsense"},
            ("ledger_dsn",),
        ),
        (
            {"PORTAL__PUBLIC_URL": "https://activate.uni.gr"},
            ("sms.url must be https", "mail.sender is still an example"),
        ),
        (
            {
                "PORTAL__DISCLOSURE": "uniform",
                "PORTAL__SESSION_ABSOLUTE_MINUTES": "721",
                "RETENTION__MISSES_HOURS": "12",
            },
            ("retention.misses_hours may not be less",),
        ),
    ],
    ids=["files", "address", "production", "misses"],
)
async def test_config_check_approves_nothing_that_is_broken(
    stack: TestStack,
    monkeypatch: pytest.MonkeyPatch,
    broken: dict[str, str],
    says: tuple[str, ...],
) -> None:
    assert stack.settings.keys_dir.exists()
    for name, value in broken.items():
        monkeypatch.setenv(f"ACTIVATION_{name}", value)
    refused, examined = await asyncio.gather(
        command("config", "check"), command("doctor", "--json")
    )
    assert (refused.returncode, examined.returncode) == (1, 1)
    assert len(refused.stderr.splitlines()) == 1
    found = json.loads(examined.stdout)
    mends = " ".join(f"{each['about']} {each['mend']}" for each in found if not each["ok"])
    for word in says:
        assert word in refused.stderr
        assert word in mends
