"""Checks the contrast of two colours by WCAG 2.2, success criterion 1.4.3."""

import re

from domain.rules import Unfit

LEGIBLE = 4.5
"""Minimum contrast ratio of text and its background."""
_HEX = re.compile(r"#[0-9a-f]{6}")
_LINEAR_BELOW = 0.04045


def check(colour: str, background: str) -> str:
    """Return a colour that is legible on the background; raise `Unfit` with the error."""
    if not _HEX.fullmatch(colour):
        raise Unfit("a colour has the form #7a1f2b")
    if contrast(colour, background) < LEGIBLE:
        raise Unfit(f"its contrast on {background} is below {LEGIBLE}")
    return colour


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 for the same to 21 for black and white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4
