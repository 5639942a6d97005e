"""Whom `populate` plays do what a page says, also where the portal is slow or busy."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.directory.ldap_client import LdapClient
from demo.crowd import Player, World, invent
from demo.part import PartFailed
from demo.visitor import Visitor
from tests.stack import TestStack

KEPT = '<form action="/contact"><input type="hidden" name="mobile" value="6911000001"></form>'
CODE = '<form action="/pin"><input name="pin"></form>'
REFERENCE = "A-7K3F-92QD"


class Portal(ThreadingHTTPServer):
    """A portal that is busy at first, and answers a typed code by the waiting page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.begun: list[str] = []
        self.typed: list[str] = []
        self.looks = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def waits(self) -> bool:
        """Whether the waiting page is shown: at each first look."""
        self.looks += 1
        return self.looks % 2 == 1


class Pages(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        match urlsplit(self.path).path:
            case "/who":
                self._page('<form action="/who"><input name="who"></form>')
            case "/contact":
                self._page('<form action="/contact"><input name="mobile"></form>')
            case "/progress" if self.server.waits():
                self._page("")
            case "/progress":
                self._see("/pin")
            case "/progress.json":
                self._page(f'{{"reference": "{REFERENCE}"}}')
            case "/messages.json":
                self._page(f'[{{"text": "123456 {REFERENCE}"}}]')
            case _:
                self._page(CODE)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.path == "/contact":
            # What its page keeps is another number here, to tell it from what was typed.
            self.server.begun += given["mobile"]
            self._page(KEPT, 503) if len(self.server.begun) < 3 else self._see("/pin")
        elif self.path == "/pin":
            self.server.typed += given["pin"]
            self._see("/progress")
        else:
            self._see("/contact")

    def _page(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def _see(self, path: str) -> None:
        self.send_response(303)
        self.send_header("Location", path)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal() as portal:
        serving = Thread(target=portal.serve_forever)
        serving.start()
        yield portal
        portal.shutdown()
        serving.join()


@contextmanager
def player(stack: TestStack, portal: Portal) -> Iterator[Player]:
    env = {"PORTAL_URL": portal.url, "INBOX_URL": portal.url}
    with closing(LdapClient(stack.settings.directory)) as ldap:
        row = invent(1, random.Random(1))  # noqa: S311 - invented people need no secrecy
        playing = Player(World(env, ldap), row, language="en", by_email=False)
        with closing(playing):
            yield playing


def test_a_busy_portal_gets_the_form_of_its_own_page_again(
    stack: TestStack, portal: Portal
) -> None:
    """Beginning anew would make another activation each time, until its contact gets no code."""
    with player(stack, portal) as playing:
        playing.come(mobile="6900000000")
    assert portal.begun == ["6900000000", "6911000001", "6911000001"]


def test_wrong_codes_are_typed_where_each_answer_takes_a_while(
    stack: TestStack, portal: Portal
) -> None:
    with player(stack, portal) as playing:
        playing.come(mobile="6900000000")
        playing.prove_not()
    assert portal.typed == ["123457"] * 5


def test_a_form_that_is_not_there_is_told_in_one_line(portal: Portal) -> None:
    with Visitor(portal.url, "en") as visitor:
        visitor.visit("/pin")
        with pytest.raises(PartFailed, match=r"^/pin \(200, \) has no form for number$"):
            visitor.submit(number="1")
        with pytest.raises(PartFailed, match=r"has no form for /review$"):
            visitor.press("/review")
