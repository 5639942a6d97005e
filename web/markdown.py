"""Renders Markdown with the classes of govuk-frontend; raw HTML is escaped.

`![What it shows](help-pin.el.webp)` is a static picture in a closed `<details>`, loaded lazily.
"""

from collections.abc import Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from web.view import static_path

WIDTH, HEIGHT = 390, 640
"""All pictures have this size in pixels, so that the layout does not shift on loading."""

_CLASSES = {
    "p": "govuk-body",
    "h2": "govuk-heading-m",
    "h3": "govuk-heading-s",
    "ul": "govuk-list govuk-list--bullet govuk-list--spaced",
    "ol": "govuk-list govuk-list--number govuk-list--spaced",
    "a": "govuk-link",
    "img": "app-picture",
}
_OPENING = (
    '<details class="govuk-details"><summary class="govuk-details__summary">'
    '<span class="govuk-details__summary-text">{}</span></summary>'
    '<div class="govuk-details__text">'
)
_PICTURE: dict[str, str | int | float] = {
    "width": WIDTH,
    "height": HEIGHT,
    "loading": "lazy",
    "decoding": "async",
}


def html(text: str, classes: Mapping[str, str] = _CLASSES) -> Markup:
    """Render a text, with HTML in it escaped and a CSS class on each tag."""
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(text)
    for at, token in enumerate(tokens):
        for each in (token, *(token.children or ())):
            _set_class(each, classes)
        match token.children:
            case [Token(type="image", content=shown)]:
                _wrap_in_details(shown, tokens[at - 1], tokens[at + 1])
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 - escaped


def _set_class(token: Token, classes: Mapping[str, str]) -> None:
    if token.nesting >= 0 and token.tag in classes:
        token.attrSet("class", classes[token.tag])
    if token.tag == "img":
        token.attrSet("src", f"{static_path()}/{token.attrGet('src')}")
        token.attrs |= _PICTURE


def _wrap_in_details(shown: str, before: Token, after: Token) -> None:
    """Wrap a picture that is its own paragraph in a closed `<details>`, so that it loads lazily."""
    before.type = after.type = "html_block"
    before.content = _OPENING.format(escape(shown))
    after.content = "</div></details>\n"
