"""A slip in the domain of an address is asked about; what exists is never doubted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_typos import _REAL, PROVIDERS, meant

SLIPS = {
    "gmail.com": (
        *("gmial.com", "gamil.com", "gmai.com", "gmal.com", "gmil.com", "gnail.com", "gmaill.com"),
        *("gmail.con", "gmail.co", "gmail.cm", "gmail.om", "gmail.comm", "gmail.gr", "g.mail.com"),
    ),
    "hotmail.com": ("hotmial.com", "hotmal.com", "hotnail.com", "hotmai.com", "hotmail.con"),
    "hotmail.gr": ("hotmial.gr", "hotmai.gr", "hotmail.g"),
    "yahoo.gr": ("yaho.gr", "yahho.gr", "yhoo.gr"),
    "yahoo.com": ("yaho.com", "yahoo.co", "yahoo.con"),
    "outlook.com": ("outlok.com", "outloook.com", "outlook.con"),
    "icloud.com": ("iclod.com", "icloud.con", "icloud.gr"),
    "otenet.gr": ("otnet.gr", "otenet.g"),
}


@pytest.mark.parametrize(
    ("typed", "right"), [(slip, right) for right, slips in SLIPS.items() for slip in slips]
)
def test_a_slip_is_asked_about(typed: str, right: str) -> None:
    assert meant(f"maria@{typed}") == f"maria@{right}"


@pytest.mark.parametrize(
    "domain",
    [
        *sorted(PROVIDERS | _REAL),
        *("uoi.gr", "uoa.gr", "auth.gr", "uth.gr", "upatras.gr", "ntua.gr", "ucy.ac.cy"),
        *("mail.example", "papadopoulos.gr", "hotmail.se", "web.de", "yandex.ru", "in.gr"),
        *("uop.gr", "go.uop.gr"),
    ],
)
def test_what_exists_is_not_doubted(domain: str) -> None:
    assert meant(f"maria@{domain}", own=["uop.gr"]) is None


def test_the_institutions_own_domain_is_meant_where_it_may_be() -> None:
    assert meant("maria@uop.g", own=["uop.gr"]) == "maria@uop.gr"
    assert meant("maria@uop.g") is None


@given(st.text(max_size=40), st.text(max_size=300))
def test_whatever_is_typed_the_name_stays(local: str, domain: str) -> None:
    found = meant(f"{local}@{domain}")
    assert found is None or found.rpartition("@")[0] == f"{local}@{domain}".rpartition("@")[0]
