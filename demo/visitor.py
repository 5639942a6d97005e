"""A browser without a window: visits pages, reads them in words, and submits their forms."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any, Self

import httpx

from demo.part import PartFailed

VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"))
BLOCKS = frozenset(("h1", "h2", "h3", "p", "li", "dt", "dd", "label", "legend", "button", "div"))
CONTROLS = frozenset(("input", "select", "textarea", "button"))
SILENT = frozenset(("script", "style", "noscript", "template"))
TLS = ssl.create_default_context()
"""Shared by all clients: reading the certificates takes longer than most requests."""


@dataclass
class Form:
    """A form of a page: `fields` has the values that a browser would send unchanged.

    `names` are those of all inputs, choices and buttons.
    """

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Collects the title, the text of the main part line by line, and the forms."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.lines: list[str] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms and given.get("type") == "hidden":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag in CONTROLS and self.forms and "name" in given:
            self.forms[-1].names.add(given["name"])
        if tag in BLOCKS:
            self._end_line()
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS or tag == "main":
            self._end_line()
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
        elif "main" in self._open and not SILENT.intersection(self._open):
            self._words.append(data)

    def _end_line(self) -> None:
        line = " ".join("".join(self._words).split())
        if line:
            self.lines.append(line)
        self._words.clear()


@dataclass(frozen=True)
class Page:
    path: str
    status: int
    title: str
    lines: tuple[str, ...]
    forms: tuple[Form, ...]

    def asks_for(self, field: str) -> bool:
        """Whether a form of this page has this field."""
        return any(field in form.names for form in self.forms)


class Visitor:
    """One person at one browser; `page` is the present page."""

    def __init__(self, url: str, language: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            follow_redirects=True,
            timeout=30,
            verify=TLS,
            # Shorter than uvicorn's five seconds, which else may end just as a form is sent.
            limits=httpx.Limits(keepalive_expiry=3),
            headers={"Accept-Language": language},
        )
        self.page = Page("", 0, "", (), ())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def move(self, url: str) -> None:
        """Go on at this address, as the same browser, with its page reloaded."""
        self._http.base_url = url
        self.visit(self.page.path)

    def close(self) -> None:
        self._http.close()

    def visit(self, path: str) -> Page:
        return self._look(self._http.get(path))

    def submit(self, **answers: str) -> Page:
        """Fill in and send the form of the page that has all these fields."""
        form = self._form(lambda form: answers.keys() <= form.names, ", ".join(answers))
        return self._look(self._http.post(form.action, data=form.fields | answers))

    def press(self, action: str) -> Page:
        """Submit the form with this action, unchanged."""
        form = self._form(lambda form: form.action == action, action)
        return self._look(self._http.post(action, data=form.fields))

    def _form(self, fits: Callable[[Form], bool], what: str) -> Form:
        for form in filter(fits, self.page.forms):
            return form
        page = self.page
        raise PartFailed(f"{page.path} ({page.status}, {page.title}) has no form for {what}")

    def where(self) -> dict[str, Any]:
        """Return reference, step and wait reason of this browser's activation; wait while busy."""
        answer = self._http.get("/progress.json")
        while answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            time.sleep(float(answer.headers["Retry-After"]))
            answer = self._http.get("/progress.json")
        progress: dict[str, Any] = answer.json()
        return progress

    def _look(self, response: httpx.Response) -> Page:
        reader = _Reader()
        reader.feed(response.text)
        self.page = Page(
            response.url.path,
            response.status_code,
            " ".join(reader.title.split()),
            tuple(reader.lines),
            tuple(reader.forms),
        )
        return self.page
