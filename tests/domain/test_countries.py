import pytest

from domain import countries


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *((each, "GR") for each in ("GR", "gr", "EL", "ΕΛ", "ελ", "ΓΡ", "GRC", "300", "Greece")),
        *((each, "GR") for each in ("Ελλάδα", "ΕΛΛΑΔΑ", "ΕΛΛΗΝΙΚΗ", "Hellas", "E L", " el. ")),
        *((each, "GB") for each in ("GB", "UK", "ΥΚ", "ΗΒ", "GBR", "United Kingdom", "826")),
        *((each, "CY") for each in ("CY", "CYP", "ΚΥ", "Κύπρος", "Κυπριακή")),
        ("KY", "KY"),
        ("ΑΤ", "AT"),
        ("Γερμανία", "DE"),
        ("DEU", "DE"),
        *((each, None) for each in ("", "-", "XK", "EU", "ZZ", "QQ", "XYZ", "999", "Νησί")),
    ],
)
def test_a_country_is_read_as_its_code_of_iso_3166(written: str, code: str | None) -> None:
    assert countries.code(written) == code


def test_there_are_the_countries_of_iso_3166() -> None:
    assert len(countries.ISO) == 249
