import pytest

from domain.typos import Typo, of_email, of_mobile

MOBILE = "+306912345678"
EMAIL = "nikos.p@gmail.com"


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        ("6912345679", Typo.ONE_WRONG),
        ("+30 691 234 5078", Typo.ONE_WRONG),
        ("6912435678", Typo.SWAPPED),
        ("9612345678", Typo.SWAPPED),
        ("691234567", Typo.ONE_MISSING),
        ("0030691234578", Typo.ONE_MISSING),
        ("69123456788", Typo.ONE_TOO_MANY),
        ("+357 6912345678", None),
        ("6912345678", Typo.COUNTRY),
        ("6912345987", None),
        ("6912785634", None),
        ("", None),
        ("nikos", None),
    ],
)
def test_a_mobile_differs_by_one_slip_or_is_another(typed: str, slip: Typo | None) -> None:
    assert of_mobile(typed, MOBILE) is slip


def test_a_number_of_another_country_is_told_by_its_country() -> None:
    assert of_mobile("99 123456", "+35799123456") is Typo.COUNTRY
    assert of_mobile("00357 99 123465", "+35799123456") is Typo.SWAPPED


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        ("Nikos.p@gmial.com", Typo.SWAPPED),
        ("nikos.p@gmail.con", Typo.ONE_WRONG),
        ("nikosp@gmail.com", Typo.ONE_MISSING),
        ("nikos.p@gmail.comm", Typo.ONE_TOO_MANY),
        ("nikos.p@yahoo.gr", Typo.PROVIDER),
        ("nikos.pgmail.com", Typo.ONE_MISSING),
        ("maria.p@gmail.com", None),
        ("", None),
    ],
)
def test_an_address_differs_by_one_slip_by_its_provider_or_is_another(
    typed: str, slip: Typo | None
) -> None:
    assert of_email(typed, EMAIL) is slip
