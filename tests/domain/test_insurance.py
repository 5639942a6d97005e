from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.insurance import _FOREIGN, birth_warnings, check
from domain.rules import InputRule, InvalidInput

TODAY = date(2026, 9, 28)


@pytest.mark.parametrize(
    ("scheme", "raw", "number", "warnings"),
    [
        ("GR", "010105-00013", "01010500013", ()),
        ("GR", "010105 00013", "01010500013", ()),
        ("GR", "０１０１０５０００１３\u200b", "01010500013", ()),
        ("EHIC", "8038 0000 9000 9051 0553", "80380000900090510553", ()),
        ("EHIC", "1234567809", "1234567809", ("ehic.unusual",)),
        ("CY", "00123456", "00123456", ()),
        ("FR", "184127645108947", "184127645108947", ("foreign.checksum",)),
        ("FR", "184127645108946", "184127645108946", ()),
        ("AL", "ΑΒ 1234", "AB1234", ()),
    ],
)
def test_good_numbers(scheme: str, raw: str, number: str, warnings: tuple[str, ...]) -> None:
    assert check(scheme, raw, TODAY) == (number, warnings)


@pytest.mark.parametrize(
    ("scheme", "raw", "rule"),
    [
        ("GR", "", InputRule.AMKA_LENGTH),
        ("GR", "0101050001", InputRule.AMKA_LENGTH),
        ("GR", "0101050001A", InputRule.AMKA_LENGTH),
        ("GR", "010105000１4", InputRule.AMKA_CHECKSUM),
        ("GR", "29020500020", InputRule.AMKA_DATE),
        ("GR", "99999999990", InputRule.AMKA_DATE),
        ("EHIC", "123456789", InputRule.EHIC_FORMAT),
        ("CY", "12", InputRule.FOREIGN_FORMAT),
        ("CY", "1234A", InputRule.FOREIGN_FORMAT),
        ("CY", "-", InputRule.FOREIGN_FORMAT),
        ("CY", "N/A", InputRule.FOREIGN_FORMAT),
        ("CY", "ΔΕΝ ΕΧΕΙ", InputRule.FOREIGN_FORMAT),
        ("DE", "A" * 31, InputRule.FOREIGN_FORMAT),
        ("CY", "000000", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "１１１-１１１-１１１", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "123456789", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "0123456789012", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "987654", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "xxxxxx", InputRule.INSURANCE_PLACEHOLDER),
        ("AL", "ΚΑΝΕΝΑ", InputRule.INSURANCE_PLACEHOLDER),
        ("EHIC", "0" * 20, InputRule.INSURANCE_PLACEHOLDER),
        ("EHIC", "12345678901234567890", InputRule.INSURANCE_PLACEHOLDER),
        ("GR", "00000000000", InputRule.INSURANCE_PLACEHOLDER),
        ("CY", "Ω1234", InputRule.FOREIGN_FORMAT),
    ],
)
def test_numbers_that_cannot_be(scheme: str, raw: str, rule: InputRule) -> None:
    with pytest.raises(InvalidInput) as raised:
        check(scheme, raw, TODAY)
    assert raised.value.rule == rule


def test_a_leap_day_is_read_in_the_century_that_has_it() -> None:
    assert check("GR", "29020400031", TODAY) == ("29020400031", ())


def test_a_birth_still_to_come_is_no_birth() -> None:
    assert check("GR", "01010500013", date(1905, 1, 1))[0] == "01010500013"
    with pytest.raises(InvalidInput) as raised:
        check("GR", "01010500013", date(1904, 12, 31))
    assert raised.value.rule is InputRule.AMKA_DATE


@pytest.mark.parametrize(
    ("scheme", "birth_date", "warnings"),
    [
        ("GR", date(2005, 1, 1), ()),
        ("GR", date(1905, 1, 1), ()),
        ("GR", None, ()),
        ("CY", date(2004, 1, 1), ()),
        ("GR", date(2004, 1, 1), ("amka.birth_mismatch",)),
    ],
)
def test_another_birth_date_than_the_registrars_warns(
    scheme: str, birth_date: date | None, warnings: tuple[str, ...]
) -> None:
    assert birth_warnings(scheme, "01010500013", birth_date) == warnings


def test_what_is_no_number_at_all_warns_and_does_not_raise() -> None:
    assert birth_warnings("GR", "x", date(2004, 1, 1)) == ("amka.birth_mismatch",)


@given(
    st.text(alphabet="0123456789 -./ΑΒaz\u200b", max_size=30),
    st.sampled_from(["GR", "EHIC", "CY", *_FOREIGN]),
)
def test_a_number_is_read_once_and_for_all(raw: str, scheme: str) -> None:
    try:
        number, warnings = check(scheme, raw, TODAY)
    except InvalidInput:
        return
    assert check(scheme, number, TODAY) == (number, warnings)
