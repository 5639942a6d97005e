"""Reads the handbook: what each cause means, what to tell the student, what to do.

It is `docs/support.md`, in the reader's language, and holds no personal data. The console fills in
the institution's addresses, leaves out what needs one that is not set, and makes links of the pages
that the handbook names in bold and of the causes, whose codes it shows with their titles.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from markupsafe import Markup, escape

from domain.contracts.vocabulary import Language
from settings import Settings
from starter.ready_answers import addresses
from translations.standing import handbook
from web.markdown import html

GUIDES = ("CALLS", "CONSOLE", "SECRETARIAT")
"""Sections that are about no cause."""
_CLASSES = {"p": "govuk-body", "ul": "govuk-list", "ol": "govuk-list govuk-list--number"}
_CALL = re.compile(
    r'<p class="govuk-body"(?: id="call-\d+")?><strong>(«[^<]+»|&quot;[^<]+&quot;)</strong>'
)
_ITEM = re.compile(r"<li>.*?</li>\n", re.DOTALL)
_CAUSE = re.compile("<code>([A-Z_]+)</code>")
_SENTENCE = {
    Language.EL: re.compile("<strong>Τι του λέτε:</strong> ([^<]+)</li>"),
    Language.EN: re.compile("<strong>What to say:</strong> ([^<]+)</li>"),
}


class HandbookSection(NamedTuple):
    """A section; `anchor` is the name of a wait reason, or of another subject of calls."""

    anchor: str
    title: str
    html: Markup


class Call(NamedTuple):
    """What a caller says first, and where the handbook answers it."""

    anchor: str
    said: Markup


@cache
def sections(language: Language) -> tuple[HandbookSection, ...]:
    """Return the handbook in this language, in the file's order."""
    return tuple(
        HandbookSection(each.anchor, each.title, html(each.text, _CLASSES))
        for each in handbook(language)
    )


def calls(section: HandbookSection) -> list[Call]:
    """Return the calls of a section, which `filled` gives these anchors."""
    found = enumerate(_CALL.findall(section.html), 1)
    return [Call(f"call-{number}", Markup(said)) for number, said in found]  # noqa: S704 - escaped when it was rendered


def to_say(anchor: str | None, language: Language) -> str:
    """Return the sentence that the section has for the student, with its quotes; else nothing."""
    told = (each.html for each in sections(language) if each.anchor == anchor)
    found = _SENTENCE[language].search(next(told, ""))
    return Markup(found[1]).unescape() if found else ""  # noqa: S704 - becomes text again


def _fitting(text: str, name: str, *, there: bool) -> str:
    """Leave out the items of lists for institutions that have, or lack, this address."""
    lacking = f"{{without {name}}}"
    unfit = lacking if there else f"{{{name}}}"
    fitting = _ITEM.sub(lambda item: "" if unfit in item[0] else item[0], text)
    return fitting.replace(f"{lacking} ", "")


def filled(
    section: HandbookSection,
    settings: Settings,
    pages: Mapping[str, str],
    titles: Mapping[str, str],
) -> HandbookSection:
    """Return a section for the console; `pages` are addresses of pages by name in small letters.

    `titles` are those of the sections by anchor: the console names a cause by its title.
    """
    text = str(section.html)
    for name, value in addresses(settings).items():
        text = _fitting(text, name, there=bool(value)).replace(f"{{{name}}}", str(escape(value)))

    def linked(bold: re.Match[str]) -> str:
        address = pages.get(Markup(bold[1]).unescape().casefold())  # noqa: S704 - only looked up
        return f'<a class="govuk-link" href="{address}">{bold[0]}</a>' if address else bold[0]

    def named(cause: re.Match[str]) -> str:
        title = escape(titles.get(cause[1], ""))
        link = f'<a class="govuk-link" href="#{cause[1]}">{title}</a>'
        return f"{link} ({cause[0]})" if title else cause[0]

    text = _CAUSE.sub(named, re.sub("<strong>([^<]+)</strong>", linked, text))
    for call in calls(section):
        text = text.replace(
            f'<p class="govuk-body"><strong>{call.said}</strong>',
            f'<p class="govuk-body" id="{call.anchor}"><strong>{call.said}</strong>',
            1,
        )
    return section._replace(html=Markup(text))  # noqa: S704 - escaped above
