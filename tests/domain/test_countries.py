import pytest
from babel import Locale

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


MIXED = str.maketrans("ΑαΟο", "AaOo")
LOOK_ALIKES = str.maketrans("ABEZHIKMNOPTYXabeikmnoptyx", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧΑΒΕΙΚΜΝΟΡΤΥΧ")


@pytest.mark.parametrize("code", sorted(countries.ISO))
def test_a_code_is_read_in_letters_that_look_the_same(code: str) -> None:
    three = [old for old, new in countries._aliases().items() if new == code and old.isalpha()]
    for written in (code, *(each for each in three if len(each) == 3)):
        assert countries.code(written.lower()) == code
        greek = written.translate(LOOK_ALIKES)
        mixed = written[0].translate(LOOK_ALIKES) + written[1:]
        if not greek.isascii() and not any(c.isascii() for c in greek):
            assert countries.code(greek) == ("CY" if code == "KY" and len(greek) == 2 else code)
            assert countries.code(greek.lower()) == countries.code(greek)
        assert countries.code(mixed) in {code, countries.code(greek)}


@pytest.mark.parametrize("language", ["en", "el"])
def test_a_country_is_read_by_its_name(language: str) -> None:
    for code in countries.ISO:
        name = str(Locale(language).territories[code])
        for written in (name, name.upper(), name.lower(), f" {name} ", name.translate(MIXED)):
            assert countries.code(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        # No code by what they look like: read as they sound, where that is one country only.
        *(("ΤΡ", "TR"), ("τρ", "TR"), ("ΔΕ", "DE"), ("ΦΡ", "FR"), ("ΚΗ", "KH"), ("ΠΛ", "PL")),
        # What they look like comes first.
        *(("ΡΤ", "PT"), ("ΡΕ", "PE"), ("ΗΝ", "HN"), ("ΒΕ", "BE"), ("ΝΟ", "NO"), ("ΙΤ", "IT")),
        # Croatia or Iran; the beginning of another country's name; codes that are no more.
        *((each, None) for each in ("ΗΡ", "ΑΛ", "ΓΑ", "ΓΕ", "ΙΣ", "ΕΣ", "ΣΕ", "ΖΡ", "ΒΥΥ")),
        *(("TP", "TL"), ("ZR", "CD"), ("FX", "FR")),
    ],
)
def test_greek_letters_are_a_code_only_where_one_country_is_meant(
    written: str, code: str | None
) -> None:
    assert countries.code(written) == code


def test_there_are_the_countries_of_iso_3166() -> None:
    assert len(countries.ISO) == 249
