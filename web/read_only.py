"""Makes a page something to look at: its main part, in which nothing works and nothing leads on."""

from html import escape
from html.parser import HTMLParser

from markupsafe import Markup

_KEPT = frozenset(
    {
        *("class", "id", "for", "lang", "dir", "translate", "type", "checked", "hidden"),
        *("alt", "viewbox", "width", "height", "d", "focusable", "fill", "scope", "colspan"),
        *("aria-hidden", "aria-describedby", "aria-labelledby", "aria-label", "start"),
    }
)
"""The attributes that are kept: none of them leads, sends, runs or says what was typed."""
_DISABLED = frozenset({"input", "button", "select", "textarea", "fieldset"})
_LEFT_OUT = frozenset({"script", "noscript", "style", "template", "iframe", "object", "audio"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
)
_CASED = {"viewbox": "viewBox"}


def read_only(page: str, main: str) -> Markup:
    """Return what is inside the element with the id `main`, with everything in it disabled.

    Of a form nothing but its look is left; fields are empty, links have no address.
    """
    reader = _Main(main)
    reader.feed(page)
    reader.close()
    return Markup("".join(reader.written))  # noqa: S704 - written by `_Main` alone, escaped


class _Main(HTMLParser):
    def __init__(self, main: str) -> None:
        super().__init__(convert_charrefs=True)
        self._main = main
        self._open: list[str] = []
        self._skipped = 0
        self.written: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if not self._open:
            if given.get("id") == self._main:
                self._open.append(tag)
            return
        if tag not in _VOID:
            self._open.append(tag)
        if tag in _LEFT_OUT:
            self._skipped += 1
        if self._skipped or (tag == "input" and given.get("type") == "hidden"):
            return
        kept = [_written(name, value) for name, value in attrs if name in _KEPT]
        if tag in _DISABLED:
            kept.append(" disabled")
        self.written.append(f"<{_shown(tag)}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or tag in _VOID:
            return
        self._open.pop()
        if tag in _LEFT_OUT:
            self._skipped = max(self._skipped - 1, 0)
        elif self._open and not self._skipped:
            self.written.append(f"</{_shown(tag)}>")

    def handle_data(self, data: str) -> None:
        if self._open and not self._skipped:
            self.written.append(escape(data, quote=False))


def _shown(tag: str) -> str:
    return "div" if tag == "form" else tag


def _written(name: str, value: str | None) -> str:
    name = _CASED.get(name, name)
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
