import pytest

from domain.text import has_greek, identifier, is_greek_only, note, plain, squash


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  ０１２ ٣٤٥ ", "012 345"),
        ("a\u200bb\ufeff", "ab"),
        ("ﬁn", "fin"),
        ("a\x00b\x1b\u202ec", "abc"),
        ("a\t\r\nb\u2028c", "a   b c"),
        ("a" * 500, "a" * 400),
        ("", ""),
    ],
)
def test_plain_keeps_what_is_visible(raw: str, expected: str) -> None:
    assert plain(raw) == expected


def test_a_note_keeps_its_lines_and_loses_what_a_screen_might_obey() -> None:
    assert (
        note(" Δεν\tήρθε\r\n\r\nο κωδικός\x00\x07\x1b\u202e\u200b.\n") == "Δεν ήρθε\n\nο κωδικός."
    )
    assert note(" \x00\n") == ""


def test_squash_drops_what_separates() -> None:
    assert squash("01-01.05/000 13–4") == "0101050001" + "34"


def test_identifier_reads_greek_look_alikes_as_latin() -> None:
    assert identifier("αβ-χ 12") == "ABX12"
    assert identifier("Λ1") == "Λ1"


def test_greek_letters_are_recognised() -> None:
    assert has_greek("abcό")
    assert has_greek("ἄ")
    assert not has_greek("abc-é")
    assert is_greek_only("παράδειγμα-1")
    assert not is_greek_only("cοm")
