"""The longer pages: versions that stay, an institution's own, and slips found at the start."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Language
from settings import Settings
from settings.institution import Institution
from starter import ready_answers
from starter.output import Failed
from starter.portal.info import TITLES
from starter.portal.texts import Texts
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine
from translations import translator

GREEK = re.compile(r"[α-ωά-ώ]")
OTHER_COUNTRY = (
    "I want to use an insurance number of another country (or a European Health Insurance Card)"
)


def written(folder: Path, name: str, version: str, day: str = "2026-09-01") -> None:
    """Write a text as an institution would, in both languages."""
    (folder / name).mkdir(exist_ok=True)
    for language in Language:
        file = folder / name / f"{version}.{language}.md"
        file.write_text(f"{day}\n\n{version} {language} {{{{ institution }}}}\n", "utf-8")


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with a folder of the institution's own."""
    institution = settings.institution.model_copy(update={"texts_folder": tmp_path})
    return settings.model_copy(update={"institution": institution})


def as_kubernetes_mounts(folder: Path, to: Path) -> None:
    """Link files as a volume of a ConfigMap has them: each by a folder that can be exchanged."""
    data = to / "..2026_11_30_12_00_00.1"
    shutil.copytree(folder, data)
    (to / "..data").symlink_to(data.name)
    for file in folder.iterdir():
        (to / file.name).symlink_to(Path("..data") / file.name)


def with_terms(settings: Settings, version: str) -> Settings:
    return settings.model_copy(update={"policy": Policy(terms_version=version)})


@pytest.mark.parametrize("name", TITLES)
def test_both_languages_have_the_same_shape(settings: Settings, name: str) -> None:
    text = Texts(settings).find(name)
    assert text
    greek, english = (re.findall(r"<(h2|li|p|a)\b", text.pages[each]) for each in Language)
    assert greek == english


@pytest.mark.parametrize("name", TITLES)
def test_every_placeholder_is_filled_in(settings: Settings, name: str) -> None:
    text = Texts(settings).find(name)
    assert text
    for language, page in text.pages.items():
        assert not re.search(r"[{}]|\[[^]]*\]|None", page), name
        assert bool(GREEK.search(page)) is (language is Language.EL)


async def test_the_notice_has_what_article_13_wants(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    institution = settings.institution.model_copy(
        update={
            "dpo_email": "dpo@uop.example",
            "sms_provider": "Texto ΑΕ",
            "postal_address_el": "Οδός 1",
        }
    )
    changed = settings.model_copy(update={"institution": institution, "sealed_password_hours": 41})
    page = (await Browser(make_app(changed)).get("/privacy")).text
    for said in (institution.name_el, "Οδός 1", "dpo@uop.example", "Texto ΑΕ", "41 ώρες", "ΑΠΔΠΧ"):
        assert said in page


@pytest.mark.parametrize(
    ("given", "contact"),
    [
        ("security@uop.example", "mailto:security@uop.example"),
        ("https://uop.example/security", "https://uop.example/security"),
    ],
)
async def test_who_found_a_vulnerability_reads_whom_to_tell(
    make_app: Callable[[Settings], FastAPI], settings: Settings, given: str, contact: str
) -> None:
    institution = settings.institution.model_copy(update={"security_contact": given})
    browser = Browser(make_app(settings.model_copy(update={"institution": institution})))
    told = await browser.get("/.well-known/security.txt")
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in told.text.splitlines())
    assert fields["Contact"] == contact
    assert fields["Preferred-Languages"] == "el, en"
    ahead = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=80) < ahead <= timedelta(days=90)
    for language in Language:
        assert f'href="{contact}"' in (await browser.get(f"/help?lang={language}")).text


async def test_without_a_security_contact_there_is_no_security_txt(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    institution = settings.institution.model_copy(update={"security_contact": ""})
    browser = Browser(make_app(settings.model_copy(update={"institution": institution})))
    assert (await browser.get("/.well-known/security.txt")).status_code == 404
    assert "weakness" not in (await browser.get("/help?lang=en")).text


@pytest.mark.parametrize("given", ["http://uop.example", "nobody", "a@b\nEncryption: x", "x:y@z"])
def test_a_security_contact_is_an_address(given: str) -> None:
    with pytest.raises(ValidationError):
        Institution(security_contact=given)


async def test_a_page_tells_its_version_and_its_day(browser: Browser) -> None:
    assert "Έκδοση 1, 23 Νοεμβρίου 2026" in (await browser.get("/terms")).text
    assert "Version 1, of 23 November 2026" in (await browser.get("/terms?lang=en")).text
    assert (await browser.get("/terms/1")).status_code == 200
    assert (await browser.get("/terms/2")).status_code == 404


async def test_an_institution_publishes_its_own_and_the_old_one_stays(
    make_app: Callable[[Settings], FastAPI], own: Settings, tmp_path: Path
) -> None:
    written(tmp_path, "terms", "2026-09")
    written(tmp_path, "terms", "2027-09", "2027-09-01")
    written(tmp_path, "privacy", "2026-10")
    browser = Browser(make_app(with_terms(own, "2027-09")))
    terms = (await browser.get("/terms")).text
    assert f"2027-09 el {own.institution.name_el}" in terms
    assert '<a class="govuk-link" href="/terms/2026-09">1 Σεπτεμβρίου 2026</a>' in terms
    assert 'href="/terms/1"' not in terms
    assert "2026-09 el" in (await browser.get("/terms/2026-09")).text
    assert "2026-10 en" in (await browser.get("/privacy?lang=en")).text
    assert "WCAG 2.2" in (await browser.get("/accessibility?lang=el")).text


async def test_a_consent_is_asked_for_the_words_that_its_page_links_to(
    make_app: Callable[[Settings], FastAPI], own: Settings, tmp_path: Path, engine: MemoryEngine
) -> None:
    written(tmp_path, "terms", "2026-09")
    before = with_terms(own, "2026-09")
    browser = Browser(make_app(before))
    await browser.give_contact()
    mark = engine.started[0].policy.terms_version
    assert re.fullmatch(r"2026-09\.[0-9a-f]{12}", mark)
    assert engine.started[0].policy.deadline == own.policy.deadline
    written(tmp_path, "terms", "2027-09", "2027-09-01")
    later = Texts(with_terms(own, "2027-09"))
    linked, current = later.find("terms", mark), later.find("terms")
    assert linked
    assert current
    assert (linked.version, linked.mark, current.version) == ("2026-09", mark, "2027-09")


def test_words_that_were_changed_in_place_no_longer_have_their_mark(
    own: Settings, tmp_path: Path
) -> None:
    written(tmp_path, "terms", "2026-09")
    settings = with_terms(own, "2026-09")
    marks = {Texts(settings).named_in(Policy()).terms_version}
    file = tmp_path / "terms" / "2026-09.en.md"
    file.write_text(file.read_text("utf-8") + "And more.\n", "utf-8")
    marks.add(Texts(settings).named_in(Policy()).terms_version)
    assert len(marks) == 2


def test_markup_and_reach_of_an_own_text_are_bounded(own: Settings, tmp_path: Path) -> None:
    written(tmp_path, "help", "2")
    file = tmp_path / "help" / "2.en.md"
    file.write_text("2026-09-01\n\n<script>x</script> [a](javascript:b)\n", "utf-8")
    text = Texts(own).find("help")
    assert text
    assert "<script" not in text.pages[Language.EN]
    assert "href" not in text.pages[Language.EN]
    file.write_text("2026-09-01\n\n{{ ''.__class__.__mro__ }}\n", "utf-8")
    with pytest.raises(Failed, match="unsafe"):
        Texts(own)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "privicy").mkdir(), "privicy"),
        (lambda folder: (folder / "help" / "2.en.md").unlink(), r"2\.en\.md"),
        (lambda folder: (folder / "help" / "2.en.md").write_text("2026-13-01\n"), r"2\.en\.md"),
        (lambda folder: (folder / "help" / "2.en.md").write_text("Help\n"), r"2\.en\.md"),
        (lambda folder: (folder / "help" / "2.en.md").write_text("2026-09-02\nx"), "days"),
        (lambda folder: (folder / "help" / "2.en.md").write_text("2026-09-01\n{{ x }}"), "'x'"),
        (
            lambda folder: (folder / "help" / "2.en.md").write_text("2026-09-01\n{% if"),
            r"2\.en\.md",
        ),
    ],
)
def test_a_slip_is_found_at_the_start_and_named(
    own: Settings, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    written(tmp_path, "help", "2")
    Texts(own)
    spoil(tmp_path)
    with pytest.raises(Failed, match=said):
        Texts(own)


def test_terms_that_are_not_there_are_found_at_the_start(settings: Settings) -> None:
    with pytest.raises(Failed, match="2031-01"):
        Texts(with_terms(settings, "2031-01"))


@pytest.mark.parametrize("language", Language)
def test_the_help_names_the_labels_of_the_pages(settings: Settings, language: Language) -> None:
    text = Texts(settings).find("help")
    assert text
    say = translator(language).gettext
    for label in (
        "Activate an account now!",
        "I am a student",
        "Start the activation",
        "Next",
        OTHER_COUNTRY,
        "I agree",
        "The details are wrong",
    ):
        assert say(label) in text.pages[language]


def test_times_are_told_in_the_language_and_number_of_the_reader(settings: Settings) -> None:
    policy = Policy(pin_ttl=timedelta(minutes=1), deadline=timedelta(hours=36))
    changed = settings.model_copy(update={"policy": policy, "sealed_password_hours": 1})
    text = Texts(changed).find("privacy")
    assert text
    for language, told in (
        (Language.EL, ("1 λεπτό", "36 ώρες", "1 ώρα", "30 ημέρες")),
        (Language.EN, ("1 minute", "36 hours", "1 hour", "30 days")),
    ):
        assert [each for each in told if f" {each}" not in text.pages[language]] == []


async def test_the_pictures_of_the_help_are_light_and_fetched_only_when_opened(
    browser: Browser,
) -> None:
    for language in Language:
        page = (await browser.get(f"/help?lang={language}")).text
        pictures = re.findall(r'<details[^>]*><summary.*?<img src="([^"]+)"[^>]*>', page)
        assert len(pictures) == page.count("<img ") == page.count('loading="lazy"') == 5
        for address in pictures:
            assert f".{language}." in address
            picture = await browser.get(address)
            assert picture.headers["content-type"] == "image/webp"
            assert len(picture.content) < 30_000


def test_texts_and_answers_are_read_from_volumes_of_kubernetes(
    own: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source, replies = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("replies")
    written(source, "help", "2026-09")
    as_kubernetes_mounts(source, tmp_path)
    text = Texts(own).find("help")
    assert text
    assert text.version == "2026-09"
    for language in Language:
        (source / "help" / f"halls.{language}.txt").write_text("Title\nText", "utf-8")
        (source / "help" / f"2026-09.{language}.md").unlink()
    as_kubernetes_mounts(source / "help", replies)
    institution = own.institution.model_copy(update={"replies_folder": replies})
    told = ready_answers.own(own.model_copy(update={"institution": institution}))
    assert told["halls"][Language.EL] == ("Title", "Text")
