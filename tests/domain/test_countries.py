import pytest
from babel import Locale

from domain import countries
from domain.elot743 import ascii_fold


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *((each, "GR") for each in ("GR", "gr", "EL", "ΕΛ", "ελ", "ΓΡ", "GRC", "300", "Greece")),
        *((each, "GR") for each in ("Ελλάδα", "ΕΛΛΑΔΑ", "ΕΛΛΗΝΙΚΗ", "Hellas", "E L", " el. ")),
        *((each, "GR") for each in ("ΕΛΛΑΣ", "Ελλάς", "ΕΛΛ.", "ΕΛΛΗΝΙΚΗ ΔΗΜΟΚΡΑΤΙΑ")),
        *((each, "US") for each in ("ΗΠΑ", "Η.Π.Α.", "USA")),
        *((each, "GB") for each in ("GB", "UK", "ΥΚ", "ΗΒ", "GBR", "United Kingdom", "826")),
        *((each, "CY") for each in ("CY", "CYP", "ΚΥ", "Κύπρος", "Κυπριακή")),
        ("KY", "KY"),
        ("ΑΤ", "AT"),
        ("Γερμανία", "DE"),
        *(("DEU", "DE"), ("GER", "DE")),
        *((each, None) for each in ("", "-", "XK", "EU", "ZZ", "QQ", "XYZ", "999", "Νησί")),
    ],
)
def test_a_country_is_read_as_its_code_of_iso_3166(written: str, code: str | None) -> None:
    assert countries.code(written) == code


SOUNDS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥ", "AVEZIIKMNORTY", strict=True))
TO_LATIN = str.maketrans("ΑΒΕΗΙΚΜΝΡΤ", "ABEHIKMNPT")
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
            expected = "CY" if code == "KY" and len(greek) == 2 else code
            sound = "".join(map(SOUNDS.get, greek, greek))
            assert countries.code(greek) == (None if another(expected, sound, greek) else expected)
            assert countries.code(greek.lower()) == countries.code(greek)
        assert countries.code(mixed) in {code, countries.code(greek)}


def another(code: str, sound: str, greek: str) -> bool:
    """Whether two Greek letters that look like one country's code sound like another's."""
    return len(greek) == 2 and sound in countries.ISO and code not in (sound, "CY")


def test_a_code_that_looks_like_one_country_and_sounds_like_another_is_none() -> None:
    """To write either into the directory would be a guess at somebody's citizenship."""
    unclear = ["ΒΑ", "ΒΕ", "ΒΗ", "ΒΙ", "ΒΝ", "ΗΜ", "ΗΝ", "ΗΤ", "ΚΗ", "ΚΡ", "ΜΡ", "ΝΡ", "ΡΕ"]
    for written in (*unclear, *map(str.lower, unclear), " Κ.Ρ. "):
        assert countries.code(written) is None
    latin = [each.translate(TO_LATIN) for each in unclear]
    assert [countries.code(each) for each in latin] == latin


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
        *(("ΤΡ", "TR"), ("τρ", "TR"), ("ΔΕ", "DE"), ("ΦΡ", "FR"), ("ΠΛ", "PL")),
        # What they look like comes first, where it sounds like no other country.
        *(("ΡΤ", "PT"), ("ΒΟ", "BO"), ("ΝΟ", "NO"), ("ΙΤ", "IT")),
        # Croatia or Iran; the beginning of another country's name; codes that are no more.
        *((each, None) for each in ("ΗΡ", "ΑΛ", "ΓΑ", "ΓΕ", "ΙΣ", "ΕΣ", "ΣΕ", "ΖΡ", "ΒΥΥ")),
        *(("TP", "TL"), ("ZR", "CD"), ("FX", "FR")),
    ],
)
def test_greek_letters_are_a_code_only_where_one_country_is_meant(
    written: str, code: str | None
) -> None:
    assert countries.code(written) == code


@pytest.mark.parametrize("letter", ["ΰ", "ΐ", "ᾧ", "ﬃ", "ŉ", "İ"])
def test_one_letter_that_has_several_in_capitals_is_no_code(letter: str) -> None:
    assert countries.code(letter) is None


def test_what_is_longer_than_a_line_is_cut_before_it_is_read() -> None:
    assert countries.code("Greece" + " " * 16_000) == "GR"
    assert countries.code("İ" * 16_000) is None


def test_of_a_long_value_no_more_is_read_than_a_name_can_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []

    def fold(text: str) -> str:
        read.append(len(text))
        return ascii_fold(text)

    monkeypatch.setattr(countries, "ascii_fold", fold)
    assert countries.code("ΐ" * 399) is None
    assert sum(read) <= 200
    names = (name for language in ("en", "el") for name in Locale(language).territories.values())
    assert max(map(len, names)) < 100


def test_there_are_the_countries_of_iso_3166() -> None:
    assert len(countries.ISO) == 249
