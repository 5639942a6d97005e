import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from activities import errors
from activities.errors import guarded
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import LdapResult, _policy_error, reject
from adapters.errors import AdapterError, Refused
from domain.contracts.vocabulary import FailureType
from settings.systems import DirectorySettings
from tests.stack import TestStack

REFUSES_TLS = bytes.fromhex("300c02010178070a01350400 0400".replace(" ", ""))


def changed(stack: TestStack, **changes: object) -> DirectorySettings:
    return stack.settings.directory.model_copy(update=changes)


def ask(settings: DirectorySettings) -> int:
    ldap = LdapClient(settings)
    try:
        return len(ldap.search(settings.people_dn, "(uid=nobody)", ["uid"]))
    finally:
        ldap.close()


@pytest.fixture
def eavesdropper() -> Iterator[tuple[int, list[bytes]]]:
    """Stand in the middle, answer StartTLS with a refusal, and keep all that is heard."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            peer.settimeout(5)
            heard.append(peer.recv(4096))
            peer.sendall(REFUSES_TLS)
            heard.append(peer.recv(4096))

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], heard
    listener.close()
    thread.join(5)


def test_both_ldaps_and_starttls_work(stack: TestStack) -> None:
    (ldaps,) = stack.settings.directory.urls[:1]
    port = stack._stack.directory.ldap_url
    assert ldaps.startswith("ldaps://")
    assert ask(changed(stack, urls=[ldaps])) == 0
    assert ask(changed(stack, urls=[port])) == 0


def test_an_unknown_authority_is_refused(stack: TestStack) -> None:
    for url in (stack.settings.directory.urls[0], stack._stack.directory.ldap_url):
        with pytest.raises(AdapterError) as raised:
            ask(changed(stack, ca_file=None, urls=[url]))
        assert raised.value.message == "CONFIGURATION: certificate not trusted"
        assert not isinstance(raised.value, Refused)


def test_nothing_is_said_in_clear(stack: TestStack, eavesdropper: tuple[int, list[bytes]]) -> None:
    port, heard = eavesdropper
    settings = changed(stack, urls=[f"ldap://127.0.0.1:{port}"])
    with pytest.raises(AdapterError) as raised:
        ask(settings)
    assert raised.value.type == "DIRECTORY_DOWN"
    assert settings.bind_password_file.read_bytes().strip() not in b"".join(heard)
    assert settings.bind_dn.encode() not in b"".join(heard)


def test_the_next_server_is_asked_when_the_first_is_away(stack: TestStack) -> None:
    there = stack.settings.directory.urls[0]
    assert ask(changed(stack, urls=["ldaps://127.0.0.1:9", there])) == 0


def test_no_server_at_all_is_the_directory_being_away(stack: TestStack) -> None:
    with pytest.raises(AdapterError) as raised:
        ask(changed(stack, urls=["ldaps://127.0.0.1:9"]))
    assert raised.value.type == "DIRECTORY_DOWN"


def test_a_silent_server_is_given_up(stack: TestStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ldaps://127.0.0.1:{silent.getsockname()[1]}"
        settings = changed(stack, urls=[url], receive_timeout_seconds=1)
        with pytest.raises(AdapterError) as raised:
            ask(settings)
    assert raised.value.type == "DIRECTORY_DOWN"


def test_a_wrong_service_password_is_something_to_mend(stack: TestStack, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wrong-password-of-the-service")
    with pytest.raises(AdapterError) as raised:
        ask(changed(stack, bind_password_file=file))
    assert raised.value.message == "CONFIGURATION: LDAP 49"


@pytest.mark.parametrize(
    ("code", "kind", "permanent"),
    [
        (51, "DIRECTORY_DOWN", False),
        (53, "DIRECTORY_DOWN", False),
        (80, "DIRECTORY_DOWN", False),
        (20, "DIRECTORY_DOWN", False),
        (50, "CONFIGURATION", False),
        (8, "CONFIGURATION", False),
        (65, "CONFIGURATION", True),
        (21, "CONFIGURATION", True),
    ],
)
def test_result_codes(code: int, kind: str, permanent: bool) -> None:
    with pytest.raises(AdapterError) as raised:
        reject(LdapResult(code), 19)
    assert (raised.value.type, isinstance(raised.value, Refused)) == (kind, permanent)


def test_a_read_only_directory_calls_for_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_alarmed", {})
    with (
        capture_logs() as lines,
        pytest.raises(ApplicationError),
        guarded(FailureType.LEDGER_DOWN, ()),
    ):
        reject(LdapResult(53))
    assert [line["outcome"] for line in lines] == ["DIRECTORY_DOWN: LDAP 53"]


def test_expected_codes_pass() -> None:
    reject(LdapResult(0))
    reject(LdapResult(19), 19)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("3000", None),
        ("3003810108", 8),
        ("3003810106", 6),
        ("3008a0038001 0a810105", 5),
        ("3005a00380010a", None),
        ("", None),
    ],
)
def test_the_policys_own_error_is_read(value: str, error: int | None) -> None:
    assert _policy_error(bytes.fromhex(value.replace(" ", ""))) == error
