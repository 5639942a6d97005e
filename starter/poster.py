"""Draws the poster for the hall: a QR code of the portal's address, in Greek and English."""

from domain import addresses
from domain.contracts.vocabulary import Language
from settings import Settings
from starter.vector import Drawing, TextStyle
from translations import N_, translator

SIZES = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}
"""Paper in millimetres."""
_TITLE = N_("Activate your institutional account")
_NEEDS = (
    N_(
        "the mobile phone or the personal e-mail that you gave to the secretariat of your"
        " department, or both"
    ),
    N_("your social security number (AMKA): you may be asked for it"),
)
_NEEDED = N_("What you need")
_SCAN = N_("Scan the QR code, or type the address:")
_BAND, _QR, _MARGIN = 0.13, 0.44, 0.08
"""Shares of the paper's height or width."""
_DARK, _WHITE = "#0b0c0c", "#ffffff"
_PLAIN = TextStyle(_DARK)


def poster(settings: Settings, size: str) -> Drawing:
    """Return the poster on paper of this size; all of it scales with the paper."""
    width, height = SIZES[size]
    address = settings.portal.public_url
    page = Drawing(width, height, f"{settings.institution.name_el}: {address}")
    page.rectangle(0, 0, width, height, _WHITE)
    draw = _Poster(page, settings.institution.colour)
    draw.band(settings.institution.name_el, settings.institution.name_en)
    draw.title()
    draw.code(address, addresses.typed(address))
    draw.needs(settings.institution.support_email)
    return page


class _Poster:
    """The parts of the poster from above to below; `_mm` is a millimetre of A4."""

    def __init__(self, page: Drawing, colour: str) -> None:
        self._page = page
        self._own = TextStyle(colour, bold=True)
        self._mm = page.width / 210
        self._middle = page.width / 2
        self._room = page.width * (1 - 2 * _MARGIN)
        self._y = 0.0

    def band(self, greek: str, english: str) -> None:
        height = self._page.height * _BAND
        self._page.rectangle(0, 0, self._page.width, height, self._own.colour)
        self._y = height * 0.46
        self._line(greek, 9.5, TextStyle(_WHITE, bold=True))
        self._line(english, 6, TextStyle(_WHITE))
        self._y = height + 19 * self._mm

    def title(self) -> None:
        self._line(_said(Language.EL, _TITLE), 11, self._own)
        self._line(_said(Language.EN, _TITLE), 7, _PLAIN)

    def code(self, address: str, typed: str) -> None:
        side = self._page.width * _QR
        self._page.qr(self._middle - side / 2, self._y, side, address)
        self._y += side + 13 * self._mm
        for language in Language:
            self._line(_said(language, _SCAN), 4.6, _PLAIN)
        self._y += 6 * self._mm
        self._line(typed, 10, self._own)
        self._y += 3 * self._mm

    def needs(self, support: str) -> None:
        for language in Language:
            self._line(_said(language, _NEEDED), 4.6, TextStyle(_DARK, bold=True))
            for need in _NEEDS:
                for line in self._page.wrapped(
                    _said(language, need), 4.2 * self._mm, _PLAIN, self._room
                ):
                    self._line(line, 4.2, _PLAIN)
            self._y += 2.5 * self._mm
        self._y = self._page.height - 10 * self._mm
        self._line(support, 4.6, _PLAIN)

    def _line(self, text: str, size: float, style: TextStyle) -> None:
        """Write one line, smaller if it is too long, and go on below it."""
        real = size * self._mm
        length = self._page.length(text, real, style)
        real *= min(1, self._room / length) if length else 1
        self._page.text((self._middle, self._y), real, text, style)
        self._y += size * self._mm * 1.35


def _said(language: Language, text: str) -> str:
    return translator(language.value).gettext(text)
