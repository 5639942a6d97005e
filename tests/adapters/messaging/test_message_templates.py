import re

import pytest

from adapters.messaging.message_templates import Words
from domain.contracts.message_io import NoticeKind
from domain.contracts.vocabulary import Language
from settings import Settings
from settings.section import TREE
from tests.gsm import is_one_part
from tests.stack import TestStack

REFERENCE = "A-7K3F-92QD"
GIVEN: dict[str, str | int] = {
    "reference": REFERENCE,
    "group": "A-7K3F",
    "code": "012345",
    "minutes": 15,
    "username": "konstantinopoulos.al",
}
NOT_ME = "https://uregister.uop.example/not-me?mark=A-7K3F"
TEMPLATES = ["pin", *NoticeKind]


@pytest.fixture(scope="module")
def settings(stack: TestStack) -> Settings:
    """Give names as long as a real institution's."""
    settings = stack.settings
    institution = settings.institution.model_copy(
        update={"sms_name": "UOPELOPONNESE", "support_email": "studentaccount@uop.example"}
    )
    portal = settings.portal.model_copy(update={"public_url": "https://uregister.uop.example/"})
    return settings.model_copy(update={"institution": institution, "portal": portal})


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_sms_is_one_part_of_seven_bits(
    settings: Settings, name: str, language: Language
) -> None:
    text = Words(settings).sms(name, language, **GIVEN)
    assert is_one_part(text), f"{len(text)}: {text}"
    assert "A-7K3F" in text
    assert REFERENCE not in text
    assert "http" not in text


@pytest.mark.parametrize("language", Language)
def test_the_last_line_of_a_pin_names_the_portal_for_browsers(
    settings: Settings, language: Language
) -> None:
    lines = Words(settings).sms("pin", language, **GIVEN).split("\n")
    assert lines[-1] == "@uregister.uop.example #012345"
    assert lines[-2] == ""
    assert "15" in lines[0]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_line_browsers_read_ends_the_pin_and_no_other_message(
    settings: Settings, name: str, language: Language
) -> None:
    lines = Words(settings).sms(name, language, **GIVEN).splitlines()
    assert lines[-1].startswith("@") is (name == "pin")
    assert not any(line.startswith("@") for line in lines[:-1])


@pytest.mark.parametrize("language", Language)
def test_an_address_with_a_port_can_be_typed_from_every_sms(
    settings: Settings, language: Language
) -> None:
    portal = settings.portal.model_copy(update={"public_url": "http://127.0.0.1:8000"})
    words = Words(settings.model_copy(update={"portal": portal}))
    templates = [each.stem for each in (TREE / "templates" / "sms").glob("*.txt")]
    assert {*templates} > {*TEMPLATES}
    texts = [words.sms(name, language, **GIVEN) for name in templates]
    # Browsers read the last line of the code, which has no port.
    named = [text for text in texts if "127.0.0.1" in text.replace("@127.0.0.1", "")]
    assert len(named) > 3
    assert all("127.0.0.1:8000" in text for text in named)


def test_one_minute_is_told_as_one(settings: Settings) -> None:
    words, given = Words(settings), {**GIVEN, "minutes": 1}
    assert "1 minute." in words.sms("pin", Language.EN, **given)
    assert "1 λεπτό." in words.letter("pin", Language.EL, **given).text


@pytest.mark.parametrize("name", TEMPLATES)
def test_letters_are_light_or_dark_and_fetch_nothing(settings: Settings, name: str) -> None:
    html = Words(settings).letter(name, Language.EL, **GIVEN).html
    assert html is not None
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert not re.search(r"<(img|link|script|table)|url\(|@import", html)
    links = set(re.findall(r'href="([^"]*)"', html))
    reset = settings.institution.password_reset_url
    assert links <= {settings.portal.public_url, NOT_ME, reset, "mailto:studentaccount@uop.example"}
    assert (reset in links) == (name == NoticeKind.ACTIVE)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_letter_says_the_same_in_text_and_html(
    settings: Settings, name: str, language: Language
) -> None:
    letter = Words(settings).letter(name, language, **GIVEN)
    institution = settings.institution
    named = institution.name_el if language is Language.EL else institution.name_en
    assert letter.html is not None
    for part in (letter.text, letter.html):
        assert REFERENCE in part
        assert named in part
        assert institution.support_email in part
    assert f'<html lang="{language}">' in letter.html
    assert f"<title>{letter.subject}</title>" in letter.html
    assert "\n\n\n\n" not in letter.text


@pytest.mark.parametrize("language", Language)
def test_the_code_is_in_the_letter_but_not_in_its_subject(
    settings: Settings, language: Language
) -> None:
    letter = Words(settings).letter("pin", language, **GIVEN)
    assert letter.html is not None
    assert "012345" in letter.text
    assert "012345" in letter.html
    assert "012345" not in letter.subject
    assert "A-7K3F" in letter.subject


def test_every_text_is_translated(settings: Settings) -> None:
    words = Words(settings)
    for name in TEMPLATES:
        greek, english = (words.letter(name, language, **GIVEN) for language in Language)
        shared = set(greek.text.splitlines()) & set(english.text.splitlines())
        assert shared <= {"", "--", "012345", "https://uregister.uop.example/", NOT_ME}
        assert words.sms(name, Language.EL, **GIVEN) != words.sms(name, Language.EN, **GIVEN)


def test_html_is_escaped(settings: Settings) -> None:
    letter = Words(settings).letter("active", Language.EL, **{**GIVEN, "username": "<b>&"})
    assert letter.html is not None
    assert "&lt;b&gt;&amp;" in letter.html
    assert "<b>&" in letter.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("username", "noted", "address"),
    [
        ("maria", None, "maria@university.example"),
        ("maria@university.example", None, "maria@university.example"),
        ("maria@lab.university.example", None, "maria@lab.university.example"),
        ("maria@other.example", None, None),
        ("maria", "maria.p@university.example", "maria.p@university.example"),
        ("maria", "", None),
    ],
)
def test_the_letter_tells_an_address_that_can_be_the_accounts(
    settings: Settings, language: Language, username: str, noted: str | None, address: str | None
) -> None:
    given = GIVEN | {"username": username, "address": noted}
    letter = Words(settings).letter("active", language, **given)
    told = {each for each in (username, address) if each}
    for part in (letter.text, letter.html):
        assert part is not None
        found = set(re.findall(r"[\w.@-]*maria[\w.@-]*", part))
        assert found == told
