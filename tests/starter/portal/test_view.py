"""Languages, times and texts."""

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from jinja2 import meta, nodes

from domain.contracts.vocabulary import Language, PasswordRefusal, Step, WaitReason
from domain.rules import InputRule
from starter.portal.info import TITLES
from starter.wording import Wording
from tests.starter.portal.conftest import Browser
from web.view import STATIC, _environment, clock

ATHENS = ZoneInfo("Europe/Athens")


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("el", "el"),
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.8,el;q=0.7", "en"),
        ("en;q=0.3,el;q=0.9", "el"),
        ("fr", "el"),
        ("", "el"),
        ("en;q=x,;;,*", "el"),
    ],
)
async def test_the_browser_chooses_the_language(app: FastAPI, accept: str, language: str) -> None:
    page = await Browser(app, **{"Accept-Language": accept}).get("/")
    assert f'<html lang="{language}"' in page.text


async def test_a_chosen_language_stays(browser: Browser) -> None:
    assert '<html lang="en"' in (await browser.get("/?lang=en")).text
    assert '<html lang="en"' in (await browser.get("/who")).text
    assert '<html lang="el"' in (await browser.get("/who?lang=el")).text
    assert '<html lang="el"' in (await browser.get("/who?lang=xx")).text


async def test_the_other_language_is_a_link_in_its_own_words(browser: Browser) -> None:
    page = (await browser.get("/who")).text
    assert '<a class="govuk-link" href="/who?lang=en" lang="en" hreflang="en">English</a>' in page


@pytest.mark.parametrize("name", [*TITLES, "problem"])
@pytest.mark.parametrize("language", list(Language))
async def test_fixed_pages_exist_in_both_languages(
    browser: Browser, name: str, language: Language
) -> None:
    response = await browser.get(f"/{name}?lang={language}")
    assert response.status_code == 200
    assert response.text.count("<h1") == 1


async def test_a_reference_is_read_as_people_write_it(browser: Browser) -> None:
    page = (await browser.get("/problem/a-7k3f-92qd")).text
    assert "A-7K3F-92QD" in page
    assert (await browser.get("/problem/hello")).status_code == 404


@pytest.mark.parametrize("language", list(Language))
def test_there_are_words_for_everything(language: Language) -> None:
    words = Wording(language)
    said = [words.rule(rule) for rule in InputRule]
    said += [words.refusal(refusal) for refusal in PasswordRefusal]
    said += [words.wait(None, reason) for reason in WaitReason]
    said += [words.wait(step, None) for step in Step]
    assert all(said)


def test_a_time_has_its_date_when_it_is_not_today() -> None:
    tell = partial(clock, language=Language.EL, zone=ATHENS)
    today = datetime.now(ATHENS).replace(hour=9, minute=5, second=7)
    assert tell(today) == "09:05"
    assert tell(today, seconds=True) == "09:05:07"
    assert tell(today.replace(year=2020, month=3, day=1)) == "1 Μαρτίου, 09:05"


def test_templates_name_only_what_pages_are_given() -> None:
    env = _environment("pages", Language.EL, ATHENS)
    given = {
        *("institution", "support_email", "domain", "lag_hours", "brand", "services"),
        "service_desk_url",
        *("password_reset_url", "schemes", "scheme", "wrong", "note", "longest"),
        *("suggestions", "paused", "text"),
        *("ticket", "target", "tries", "iterations", "seconds", "opens", "early", "spent"),
        *("wait", "session_time", "question"),
        *("path", "hidden", "errors", "state"),
        *("look_again", "again", "typed", "not_found", "view", "expired", "usable_until", "sent"),
        *(
            "notice",
            "chosen",
            "refusal",
            "minimum",
            "maximum",
            "kept",
            "sentence",
            "received",
            "with_support",
        ),
        *(
            "delayed",
            "reference",
            "heading",
            "not_before",
            "title",
            "version",
            "published",
            "earlier",
            "form",
            "secret",
            "receipt",
            "next_try_at",
            "locked_until",
            "taken",
            "none_sent",
            "kept_now",
            "kept_from",
            "sending",
            "channels",
            "other_channels",
            "since",
            "told",
        ),
    }
    found: set[str] = set()
    folders = (STATIC.parent / "pages", STATIC.parent / "shared")
    for file in sorted(file for folder in folders for file in folder.rglob("*.html")):
        tree = env.parse(file.read_text("utf-8"))
        found |= meta.find_undeclared_variables(tree) - _made_inside(tree)
    assert found - set(env.globals) - given == set()
    assert given - found == set()


def _made_inside(tree: nodes.Template) -> set[str]:
    names = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    names |= {macro.name for macro in tree.find_all(nodes.Macro)}
    names |= {one.target for one in tree.find_all(nodes.Import)}
    return names | {str(name) for one in tree.find_all(nodes.FromImport) for name in one.names}
