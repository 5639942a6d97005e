"""Markdown as the pages write it: with the classes of govuk-frontend, and no HTML of its own."""

from markdown_it import MarkdownIt
from markupsafe import Markup

_CLASSES = {
    "p": "govuk-body",
    "h2": "govuk-heading-m",
    "h3": "govuk-heading-s",
    "ul": "govuk-list govuk-list--bullet govuk-list--spaced",
    "ol": "govuk-list govuk-list--number govuk-list--spaced",
    "a": "govuk-link",
}


def html(text: str) -> Markup:
    """Render a text; whatever looks like HTML in it is escaped."""
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(text)
    for token in tokens:
        for each in (token, *(token.children or ())):
            if each.nesting == 1 and each.tag in _CLASSES:
                each.attrSet("class", _CLASSES[each.tag])
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 - escaped
