import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.insurance import amka, check
from domain.rules import InvalidInput, Rule

TODAY = date(2026, 9, 28)


@pytest.mark.parametrize(
    ("scheme", "raw", "birth", "number", "warnings"),
    [
        ("GR", "010105-00013", date(2005, 1, 1), "01010500013", ()),
        ("GR", "010105 00013", None, "01010500013", ()),
        ("GR", "０１０１０５０００１３\u200b", date(1905, 1, 1), "01010500013", ()),
        ("GR", "01010500013", date(2004, 1, 1), "01010500013", ("amka.birth_mismatch",)),
        ("EHIC", "8038 0000 9000 9051 0553", None, "80380000900090510553", ()),
        ("EHIC", "1234567890", None, "1234567890", ("ehic.unusual",)),
        ("CY", "00123456", None, "00123456", ()),
        ("FR", "184127645108947", None, "184127645108947", ("foreign.checksum",)),
        ("FR", "184127645108946", None, "184127645108946", ()),
        ("AL", "ΑΒ 1234", None, "AB1234", ()),
    ],
)
def test_good_numbers(
    scheme: str, raw: str, birth: date | None, number: str, warnings: tuple[str, ...]
) -> None:
    assert check(scheme, raw, birth, TODAY) == (number, warnings)


@pytest.mark.parametrize(
    ("scheme", "raw", "rule"),
    [
        ("GR", "", Rule.AMKA_LENGTH),
        ("GR", "0101050001", Rule.AMKA_LENGTH),
        ("GR", "0101050001A", Rule.AMKA_LENGTH),
        ("GR", "010105000１4", Rule.AMKA_CHECKSUM),
        ("GR", "29020500020", Rule.AMKA_DATE),
        ("GR", "99999999990", Rule.AMKA_DATE),
        ("EHIC", "123456789", Rule.EHIC_FORMAT),
        ("CY", "12", Rule.FOREIGN_FORMAT),
        ("CY", "Ω1234", Rule.FOREIGN_FORMAT),
    ],
)
def test_numbers_that_cannot_be(scheme: str, raw: str, rule: Rule) -> None:
    with pytest.raises(InvalidInput) as raised:
        check(scheme, raw, None, TODAY)
    assert raised.value.rule == rule


def test_a_leap_day_is_read_in_the_century_that_has_it() -> None:
    assert amka("29020400031", date(2004, 2, 29), TODAY) == ("29020400031", ())


def test_a_birth_in_the_future_is_no_candidate() -> None:
    assert amka("01010500013", date(2005, 1, 1), date(2004, 12, 31))[1] == ("amka.birth_mismatch",)


@given(
    st.text(alphabet="0123456789 -./ΑΒaz\u200b", max_size=30),
    st.sampled_from(["GR", "EHIC", "DE", "FR", "IT", "PL"]),
)
def test_a_number_is_read_once_and_for_all(raw: str, scheme: str) -> None:
    try:
        number, warnings = check(scheme, raw, None, TODAY)
    except InvalidInput:
        return
    assert check(scheme, number, None, TODAY) == (number, warnings)


@pytest.mark.parametrize("letter", ["1", "Ａ", "ﷺ", "\u200b", "α."])
@pytest.mark.parametrize("scheme", ["GR", "EHIC", "FR", "CY"])
def test_a_very_long_number_is_refused_at_once(scheme: str, letter: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidInput):
        check(scheme, letter * 16384, None, date(2026, 9, 28))
    assert time.process_time() - begun < 0.1
