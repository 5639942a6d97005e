"""What each of the directory's refusals leads to: waiting, waiting to be mended, or support."""

import ipaddress
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from adapters.directory.ldap_directory import LdapDirectory
from demo.place import HOST
from domain.contracts.vocabulary import Choice
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case
from tests.activities.conftest import ruled, writing
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
from tests.stack import TestStack

SLOW = (timedelta(seconds=30), timedelta(minutes=5))


class Then(Enum):
    """What comes of a failure: soon another try, a slow one, or none before support say so."""

    SOON = "DIRECTORY_DOWN"
    SLOWLY = "CONFIGURATION"
    SUPPORT = "CONFIGURATION, for good"


async def told(activities: DirectoryActivities, case: Case, sealed: str) -> tuple[str, Then]:
    """Return the detail that was raised, and what Temporal will do about it."""
    with pytest.raises(ApplicationError) as raised:
        await case.provision(activities, sealed)
    error = raised.value
    kind, _, detail = error.message.partition(": ")
    assert kind == error.type
    if error.non_retryable:
        assert kind == "CONFIGURATION"
        return detail, Then.SUPPORT
    if kind == "CONFIGURATION":
        least, most = SLOW
        assert error.next_retry_delay
        assert least <= error.next_retry_delay <= most
    else:
        assert error.next_retry_delay is None
    return detail, Then(kind)


@pytest.mark.parametrize(
    ("rules", "message", "then"),
    [
        (("maxsize", "readonly on\nmaxsize"), "LDAP 53", Then.SOON),
        (("=asrcxd", "=srcxd"), "LDAP 50", Then.SLOWLY),
        (("database mdb", "security ssf=512\ndatabase mdb"), "LDAP 13", Then.SLOWLY),
        (("database mdb", "require SASL\ndatabase mdb"), "LDAP 8", Then.SLOWLY),
    ],
    ids=["read-only", "no right to add", "more encryption wanted", "stronger bind wanted"],
)
async def test_it_goes_on_by_itself_once_slapds_rules_are_mended(
    stack: TestStack,
    activities: DirectoryActivities,
    case: Case,
    *,
    rules: tuple[str, str],
    message: str,
    then: Then,
) -> None:
    sealed = await case.choose(PASSWORD)
    with ruled(stack, *rules):
        for _ in range(2):
            assert await told(activities, case, sealed) == (message, then)
    assert await case.provision(activities, sealed) == ACTIVE


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("seeAlso=no name of an entry", 21),
        ("associatedDomain={domain}", 65),
        ("noSuchAttribute={domain}", 17),
    ],
)
async def test_what_breaks_the_schema_is_for_support(
    stack: TestStack, pool: Pool, case: Case, written: str, code: int
) -> None:
    await case.consent(Choice.DIRECTORY_LISTING)
    sealed = await case.choose(PASSWORD)
    async with writing(stack, pool, choices={Choice.DIRECTORY_LISTING: written}) as wrong:
        assert await told(wrong, case, sealed) == (f"LDAP {code}", Then.SUPPORT)
    assert not case.can_bind(PASSWORD)


async def test_a_place_that_is_no_name_is_for_support(
    stack: TestStack, pool: Pool, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    async with writing(stack, pool, people_dn="people") as wrong:
        assert await told(wrong, case, sealed) == ("LDAP 34", Then.SUPPORT)


@pytest.fixture
def middle(stack: TestStack) -> Iterator[Between]:
    with between(stack) as made:
        yield made


@pytest.mark.few(9)
@pytest.mark.parametrize("moment", [SERVICE_BIND, SEARCH, ADD, MODIFY, SET_PASSWORD, STUDENTS_BIND])
@pytest.mark.parametrize(
    ("code", "then"),
    [
        (3, Then.SOON),
        (51, Then.SOON),
        (52, Then.SOON),
        (80, Then.SOON),
        (48, Then.SLOWLY),
        (64, Then.SUPPORT),
    ],
)
async def test_what_slapd_does_not_say_here_is_understood_at_every_moment(
    stack: TestStack,
    pool: Pool,
    middle: Between,
    case: Case,
    *,
    moment: Moment,
    code: int,
    then: Then,
) -> None:
    await case.consent(*Choice)
    sealed = await case.choose(PASSWORD)
    async with writing(stack, pool, urls=[middle.url]) as far:
        middle.answer(moment, code)
        assert await told(far, case, sealed) == (f"LDAP {code}", then)
        assert await case.provision(far, sealed) == ACTIVE


async def test_a_wrong_service_password_raises_no_storm_and_a_new_one_needs_no_restart(
    stack: TestStack, pool: Pool, middle: Between, case: Case, tmp_path: Path
) -> None:
    sealed = await case.choose(PASSWORD)
    right = stack.settings.directory.bind_password_file.read_text()
    file = tmp_path / "password"
    async with writing(stack, pool, urls=[middle.url], bind_password_file=file) as far:
        missing = ("FileNotFoundError", Then.SLOWLY)
        assert await told(far, case, sealed) == missing
        file.write_text("from before the rotation")
        for _ in range(20):
            assert await told(far, case, sealed) == ("LDAP 49", Then.SLOWLY)
        assert middle.asked == [SERVICE_BIND]
        assert isinstance(far._directory, LdapDirectory)
        far._directory._ldap._connections._rested_at = 0  # A minute later.
        assert await told(far, case, sealed) == ("LDAP 49", Then.SLOWLY)
        assert middle.asked == [SERVICE_BIND] * 2
        file.write_text(right)
        assert await case.provision(far, sealed) == ACTIVE


def certificate(folder: Path, *, address: str = HOST, days: int = 1) -> tuple[Path, Path]:
    """Write an authority of another, the certificate it gave a server, and that one's key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Directory")])
    until = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    whole, private = folder / "directory.pem", folder / "directory.key"
    whole.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return whole, private


@pytest.mark.parametrize("wrong", [{"days": -1}, {"address": "192.0.2.1"}], ids=["old", "other"])
async def test_nothing_is_said_to_a_server_whose_certificate_is_expired_or_anothers(
    stack: TestStack, pool: Pool, case: Case, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    sealed = await case.choose(PASSWORD)
    whole, key = certificate(tmp_path, **wrong)
    with between(stack, whole, key) as middle:
        async with writing(stack, pool, urls=[middle.url], ca_file=whole) as far:
            assert await told(far, case, sealed) == (
                "certificate not trusted",
                Then.SLOWLY,
            )
        assert middle.asked == []


async def test_an_authority_that_was_replaced_is_read_without_a_restart(
    stack: TestStack, pool: Pool, case: Case, tmp_path: Path
) -> None:
    sealed = await case.choose(PASSWORD)
    whole, key = certificate(tmp_path)
    trusted = tmp_path / "ca.pem"
    shutil.copy(stack._stack.place.ca_file, trusted)
    with between(stack, whole, key) as middle:
        async with writing(stack, pool, urls=[middle.url], ca_file=trusted) as far:
            untrusted = ("certificate not trusted", Then.SLOWLY)
            assert await told(far, case, sealed) == untrusted
            assert middle.asked == []
            trusted.write_bytes(whole.read_bytes())
            assert await told(far, case, sealed) == untrusted
            assert await case.provision(far, sealed) == ACTIVE
