"""An optional setting that is empty leaves no hole in anything that people read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from pydantic import BaseModel, ValidationError

from domain.contracts.vocabulary import Language
from settings import Settings
from settings.institution import Institution, Service
from settings.pages import Console, Portal
from starter.brand import pages
from starter.commands import templates
from support.console import handbook
from support.verbs import reply_texts
from tests.stack import TestStack

SERVICE = {
    "name_el": "Ταχυδρομείο-σήμα",
    "name_en": "Mailbox-mark",
    "url": "https://mail.uni.gr/mark",
    "about_el": "Περιγραφή-σήμα",
    "about_en": "About-mark",
}
TOLD: dict[str, Any] = {
    "name_el": "Ίδρυμα-σήμα",
    "name_en": "Institute-mark",
    "sms_name": "MARK",
    "domain": "mark.uni.gr",
    "support_email": "support-mark@uni.gr",
    "service_desk_url": "https://desk.uni.gr/mark",
    "password_reset_url": "https://password.uni.gr/mark",
    "dpo_email": "dpo-mark@uni.gr",
    "security_contact": "security-mark@uni.gr",
    "postal_address_el": "Οδός-σήμα 1",
    "postal_address_en": "Street-mark 1",
    "sms_provider": "Provider-mark",
    "services": (Service.model_validate(SERVICE),),
}
"""The settings of the institution that people read, each with a value to be found again."""
NOT_TOLD = {
    *("own_domains", "common_words", "plain_words", "texts_folder", "code_country", "timezone"),
    *("default_language", "registrar_sync_lag_hours", "colour", "colour_dark", "logo"),
    "replies_folder",
}
"""Those that stand in no sentence, or that are never empty."""
_BLOCKS = frozenset(
    {
        *("p", "li", "h1", "h2", "h3", "h4", "td", "th", "dt", "dd"),
        *("legend", "label", "summary", "title", "a", "button"),
    }
)
_POINTS = re.compile(r"\b(there|that page|[εΕ]κεί|εκείνη)\b")
_HOLES = (
    re.compile(r"\S {2,}\S"),
    re.compile(r" [.,;:·!)»”]( |$)"),
    re.compile(r"[(«“][ ]*[)»”]"),
    re.compile(r"\b(at|στη διεύθυνση|στο|στον|στην)[.,;·]"),
    re.compile(r"[{}]|%\("),
)


def may_be_empty(model: type[BaseModel], given: dict[str, Any], name: str) -> bool:
    empty = () if isinstance(given[name], tuple) else ""
    try:
        model.model_validate(given | {name: empty})
    except ValidationError:
        return False
    return True


OPTIONAL = [name for name in TOLD if may_be_empty(Institution, TOLD, name)]
ABOUT = [name for name in SERVICE if may_be_empty(Service, SERVICE, name)]


@dataclass
class Shown:
    """What one place shows: its blocks of text, each with the list or part that it stands in."""

    links: list[str] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of_html(cls, html: str) -> "Shown":
        shown = cls()
        tree = html5lib.parse(html, namespaceHTMLElements=False)
        for number, parent in enumerate(tree.iter()):
            shown.links += [value for name, value in parent.items() if name in ("href", "src")]
            for child in parent:
                if child.tag in _BLOCKS:
                    # What has a link of its own points to that.
                    linked = child.find(".//a") is not None
                    part = "" if linked else f"{number} {parent.tag}"
                    shown.blocks.append((part, _text(child)))
        return shown

    @classmethod
    def of_text(cls, text: str) -> "Shown":
        return cls(blocks=[("", line.rstrip()) for line in text.splitlines()])

    def holes(self) -> set[str]:
        """Return links that lead nowhere, and texts in which something seems to be missing."""
        nowhere = re.compile(r"(mailto:|https?:/*)?(\?|$)")
        links = {f"a link leads to {link!r}" for link in self.links if nowhere.match(link)}
        texts = {text for _, text in self.blocks if any(hole.search(text) for hole in _HOLES)}
        return links | texts

    def unfinished(self) -> set[str]:
        """Return blocks that announce what has to follow in the same block or after it."""
        then = [*(text for _, text in self.blocks[1:]), ""]
        pairs = zip(self.blocks, then, strict=False)
        return {f"{text} | {next_}" for (_, text), next_ in pairs if text.endswith(":")}

    def left_pointing(self, whole: "Shown") -> Iterator[str]:
        """Yield what points to an item of a list before it, which the `whole` alone has."""
        here, poorer = {text for _, text in self.blocks}, set()
        for part, text in whole.blocks:
            if text not in here:
                poorer.add(part)
            elif part in poorer and part[-2:] in ("ol", "ul") and _POINTS.search(text):
                yield text


def _text(block: Element) -> str:
    """Return a block's text with the line ends of the template as single spaces."""
    return re.sub(r"\s*\n\s*", " ", "".join(block.itertext())).strip()


async def read_all(settings: Settings) -> dict[str, Shown]:
    """Return all that people read, by where it stands."""
    rendered = await pages.render(settings)
    shown = {f"page {name} {lang}": Shown.of_html(h) for (name, lang), h in rendered.html.items()}
    for message in templates.messages(settings):
        for channel, preview in message.shown():
            where = f"{channel} {message.name} {message.language}"
            shown[where] = Shown.of_text(f"{preview.about}\n{preview.text}")
            for ending, text in preview.files.items():
                if ending == "html":
                    shown[f"{where} html"] = Shown.of_html(text)
    for language in Language:
        for name, reply in reply_texts.replies(settings).items():
            shown[f"answer {name} {language}"] = Shown.of_text(reply[language].text)
        for section in handbook.sections(language):
            html = handbook.filled(section, settings, {}, {}).html
            shown[f"handbook {section.anchor} {language}"] = Shown.of_html(html)
            shown[f"say {section.anchor} {language}"] = Shown.of_text(
                handbook.to_say(section.anchor, language)
            )
    return shown


def told(stack: TestStack, **changes: object) -> Settings:
    place = stack.settings.institution.model_copy(update=TOLD | changes)
    return stack.settings.model_copy(update={"institution": place})


@pytest.fixture(scope="module")
async def whole(stack: TestStack) -> dict[str, Shown]:
    """Return all that people read where every setting is set."""
    return await read_all(told(stack))


def test_each_setting_of_the_institution_is_known_here() -> None:
    assert TOLD.keys() | NOT_TOLD == Institution.model_fields.keys()
    assert TOLD.keys().isdisjoint(NOT_TOLD)
    assert {"password_reset_url", "service_desk_url", "services", "sms_provider"} <= {*OPTIONAL}
    assert ABOUT == ["about_el", "about_en"]


@pytest.mark.parametrize("address", ["", "activate.uni.gr", "https://"])
def test_pages_have_an_address_in_any_case(address: str) -> None:
    for model in (Portal, Console):
        with pytest.raises(ValidationError):
            model(public_url=address)


def test_where_all_is_set_nothing_is_missing(whole: dict[str, Shown]) -> None:
    assert {hole for each in whole.values() for hole in each.holes()} == set()
    text = "\n".join(
        text for each in whole.values() for text in (*each.links, *(t for _, t in each.blocks))
    )
    for name in (*OPTIONAL, *SERVICE):
        marked = SERVICE.get(name) or TOLD[name]
        assert name == "services" or marked in text, name


@pytest.mark.few(4)
@pytest.mark.parametrize("name", [*OPTIONAL, *ABOUT, "all of them"])
async def test_an_empty_setting_leaves_no_hole(
    stack: TestStack, whole: dict[str, Shown], name: str
) -> None:
    empty: dict[str, object] = {
        one: type(TOLD[one])() for one in OPTIONAL if name in (one, "all of them")
    }
    if name in ABOUT:
        empty["services"] = (Service.model_validate(SERVICE | {name: ""}),)
    shown = await read_all(told(stack, **empty))
    wrong = []
    for where, each in shown.items():
        wrong += [f"{where}: {hole}" for hole in each.holes() - whole[where].holes()]
        wrong += [f"{where}: {text}" for text in each.unfinished() - whole[where].unfinished()]
        wrong += [f"{where}: {text}" for text in each.left_pointing(whole[where])]
    assert not wrong, "\n".join(wrong)
