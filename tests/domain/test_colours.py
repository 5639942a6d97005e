"""A colour of the institution's is taken only where text in it can be read."""

import pytest

from domain import colours


def test_contrast_is_that_of_the_standard() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#ffffff", "#ffffff") == 1
    # The grey that is known as the lightest which still passes on white.
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_what_can_be_read_is_taken() -> None:
    assert colours.check("#7a1f2b", "#ffffff") == "#7a1f2b"


@pytest.mark.parametrize(
    ("colour", "says"), [("red", "form"), ("#FFF", "form"), ("#ffdd00", "below 4.5")]
)
def test_what_cannot_be_read_is_refused_in_words(colour: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        colours.check(colour, "#ffffff")
