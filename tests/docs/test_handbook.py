"""The support handbook has a section for each cause staff meet, in both languages, no other."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from typer.main import get_command

from domain.contracts.vocabulary import Language, WaitReason
from support.commands.main import commands
from support.console.handbook import GUIDES, HandbookSection, sections
from support.verbs import actions
from support.verbs.alerts import (
    ATTACK,
    CERTIFICATE_ENDS,
    FINDINGS,
    NO_WORKER,
    SMS_BUDGET,
    STAFF,
    SWEEP_LATE,
    TASK_FAILS,
    TEMPORAL_DOWN,
    USED,
)
from support.verbs.head_letters import BEHIND, UNSENT
from support.verbs.staff import Action
from translations import standing, translator

ROOT = Path(__file__).parents[2]
CALLS = "CALLS"
CAUSES = (
    *WaitReason,
    NO_WORKER,
    ATTACK,
    STAFF,
    USED,
    SMS_BUDGET,
    SWEEP_LATE,
    CERTIFICATE_ENDS,
    FINDINGS,
    TEMPORAL_DOWN,
    TASK_FAILS,
    UNSENT,
    BEHIND,
)
POINTS = {
    Language.EL: (
        "Τι σημαίνει",
        "Τι βλέπει ο φοιτητής",
        "Τι του λέτε",
        "Τι γίνεται αυτόματα",
        "Τι μπορείτε να κάνετε",
        "Ποιον καλείτε",
    ),
    Language.EN: (
        "What it means",
        "What the student sees",
        "What to say",
        "What happens automatically",
        "What you may do",
        "Whom to call",
    ),
}
GREEK = re.compile(r"[α-ωά-ώ]")


def causes(language: Language) -> list[HandbookSection]:
    return [section for section in sections(language) if section.anchor not in GUIDES]


@pytest.mark.parametrize("language", Language)
def test_each_reason_has_its_section_and_nothing_else_has(language: Language) -> None:
    anchors = [section.anchor for section in sections(language)]
    assert len(anchors) == len(set(anchors))
    assert set(anchors) == {*GUIDES, *CAUSES}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", CAUSES)
def test_each_section_makes_every_point_in_its_own_language(
    reason: str, language: Language
) -> None:
    (section,) = [each for each in causes(language) if each.anchor == reason]
    made = re.findall(r"<strong>([^<]+):</strong> (.+)", section.html)
    assert tuple(point for point, _ in made) == POINTS[language]
    for point, text in made:
        assert bool(GREEK.search(text)) is (language is Language.EL), (reason, point)


@pytest.mark.parametrize("language", Language)
def test_what_to_say_is_one_sentence_to_read_out(language: Language) -> None:
    opening, closing = "«»" if language is Language.EL else "“”"
    point = POINTS[language][2]
    for section in causes(language):
        (said,) = re.findall(rf"<strong>{point}:</strong> (.+)</li>", section.html)
        assert said.startswith(opening), section.anchor
        assert said.endswith(closing), section.anchor
        assert not re.search(r"[.!]\s", said), section.anchor


_ALWAYS_WRITTEN_TO = {
    WaitReason.WAITING_PIN,
    WaitReason.DATA_DISPUTED,
    WaitReason.REGISTRAR_DOWN,
    WaitReason.DIRECTORY_DOWN,
}
"""Where a message comes, or has come, however short the wait is."""


@pytest.mark.parametrize("language", Language)
def test_a_message_is_promised_only_after_a_wait_that_brings_one(language: Language) -> None:
    greek = language is Language.EL
    promise = r"θα σας (έρθει|γράψ|ειδοπ)" if greek else "get a message|write to you|you know"
    told = "πάνω από δέκα λεπτά" if greek else "longer than ten minutes"
    for section in sections(language):
        said = re.findall("[«“][^»”]+[»”]", section.html.replace("&#34;", "“"))
        for each in said if section.anchor not in _ALWAYS_WRITTEN_TO else ():
            assert told in each or not re.search(promise, each), section.anchor


def test_every_command_it_names_exists() -> None:
    text = standing.HANDBOOK.read_text("utf-8")
    known = set(vars(get_command(commands))["commands"])
    named = set(re.findall(r"\(`([a-z-]+)`\)", text))
    assert named
    assert named <= known


@pytest.mark.parametrize("language", Language)
def test_every_act_has_the_name_of_its_button(language: Language) -> None:
    text = "".join(section.html for section in sections(language))
    named = re.findall(r"<strong>([^<]+)</strong> \(<code>([a-z-]+)</code>\)", text)
    assert len(named) == text.count("(<code>")
    say = translator(language).gettext
    for name, verb in named:
        assert name == say(actions.LABELS[Action(verb.replace("-", "_"))]), verb


@pytest.mark.parametrize("language", Language)
def test_what_it_quotes_is_what_the_pages_say(language: Language) -> None:
    """The rest of what stands in quotes is for staff to say, or what students say."""
    with (ROOT / "translations" / "el.po").open("rb") as source:
        known = [text.casefold() for text in _told(read_po(source), language)]
    quoted = [
        (section.anchor, quote.rstrip(".").casefold())
        for section in sections(language)
        for quote in _quotes(section, language)
    ]
    assert quoted
    assert [each for each in quoted if not any(each[1] in text for text in known)] == []


def _told(catalogue: Iterable[Any], language: Language) -> Iterator[str]:
    for message in catalogue:
        text = message.string if language is Language.EL else message.id
        yield from (text,) if isinstance(text, str) else text


def _quotes(section: HandbookSection, language: Language) -> Iterator[str]:
    """Yield the quotes of pages: those within words to say, and those in what a page shows."""
    outer, inner = (
        ("«([^»]+)»", "“([^”]+)”") if language is Language.EL else ("“([^”]+)”", "‘([^’]+)’")
    )
    text = section.html.unescape()
    yield from re.findall(inner, text)
    if section.anchor == CALLS:
        yield from re.findall(f"{outer}:", text)
    for point, told in re.findall("<strong>([^<]+):</strong> (.+)", text):
        yield from re.findall(outer, told) if point != POINTS[language][2] else ()


@pytest.mark.parametrize("language", Language)
def test_a_page_or_button_in_bold_has_its_own_name(language: Language) -> None:
    """Only Greek inflects, and only where the name is within a sentence."""
    say = translator(language).gettext
    with (ROOT / "translations" / "el.po").open("rb") as source:
        known = {say(str(each.id)).casefold() for each in read_po(source) if each.id}
    known.add("έλεγχο μητρώου")
    for section in sections(language):
        for name in re.findall(r"<strong>([^<]+)</strong>", section.html):
            if not name.endswith((":", "»", "&quot;")):
                assert name.casefold() in known, (section.anchor, name)


def test_markup_in_it_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "support.md"
    file.write_text("## X\n\n### Α\n\n<b>α</b>\n\n### A\n\n<script>a</script>\n", "utf-8")
    monkeypatch.setattr(standing, "HANDBOOK", file)
    (section,) = sections.__wrapped__(Language.EN)
    assert "<script>" not in section.html
    assert "&lt;script&gt;" in section.html
