"""Examples are told from addresses that somebody owns."""

import pytest

from domain.addresses import is_loopback, is_plain, names_example, typed


@pytest.mark.parametrize(
    "text",
    [
        "university.example",
        "support@university.example",
        "https://password.university.example",
        "https://password.university.EXAMPLE/reset?x=1",
        "ldaps://ldap1.university.example:636",
        "postgresql://activation@db.university.example/ledger",
        "postgresql://activation:p@ss@db.test:5432/ledger",
        "smtp.example.com",
        "example.org",
        "a@example.net",
        "relay.invalid",
        "db.localhost",
        "university.example.",
        '{"host": "x.example"}',
    ],
)
def test_what_rfc_2606_reserves_is_an_example(text: str) -> None:
    assert names_example(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "uth.gr",
        "support@example.edu.gr",
        "example.gr",
        "myexample.com",
        "https://example.com.gr/",
        "https://test.uni.gr/example",
        "localhost",
        "postgresql://activation@localhost/ledger",
        "127.0.0.1",
        "cn=activation,dc=university,dc=example",
        "contest",
        "a.testing",
    ],
)
def test_what_somebody_may_own_is_none(text: str) -> None:
    assert not names_example(text)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000", True),
        ("http://LOCALHOST:8000/", True),
        ("http://demo.localhost", True),
        ("https://activate.uni.gr", False),
        ("http://10.0.0.1", False),
        ("https://127.0.0.1.uni.gr", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_this_machine_is_told_from_all_others(url: str, *, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_only_https_is_not_plain() -> None:
    assert [is_plain(url) for url in ("https://a", "HTTPS://a", "http://a", "a", "")] == [
        False,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://activation.uni.gr", "activation.uni.gr"),
        ("https://activation.uni.gr:443/", "activation.uni.gr"),
        ("https://uni.gr/activation/", "uni.gr/activation"),
        ("https://activation.uni.gr:8443/", "https://activation.uni.gr:8443"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:80", "localhost"),
        ("http://[::1]:8000/", "[::1]:8000"),
    ],
)
def test_what_is_typed_leads_to_the_address(url: str, what: str) -> None:
    assert typed(url) == what
