"""The portal as an application in this process: real ledger, real keys, an engine in memory."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import html5lib
import httpx
import pytest
from fastapi import FastAPI

from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.portal import app as portal
from starter.portal.app import assemble, create
from starter.portal.texts import Texts
from starter.portal.time_limit import TimeLimit
from tests.ledger import sealed
from tests.stack import TestStack
from tests.starter.portal.engine import MemoryEngine

HOST = "http://127.0.0.1:8000"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
RANDOM = re.compile(r'(?<= value=")[\w-]{16,}(?=")')
_valid: set[str] = set()


def check_html(page: str) -> None:
    """Raise at the first thing that is no valid HTML, and at an id that stands twice.

    A page that differs from a valid one in random hidden values alone is not parsed again.
    """
    shape = RANDOM.sub("", page)
    if shape in _valid:
        return
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    named = {element.get("for") for element in tree.iter("label")}
    assert named <= {*ids, None}
    _valid.add(shape)


class Browser:
    """An HTTP client that fills in the hidden fields of the form it last saw."""

    def __init__(
        self, app: FastAPI, host: str = HOST, address: str = "127.0.0.1", **headers: str
    ) -> None:
        transport = httpx.ASGITransport(app, client=(address, 50000))
        self.http = httpx.AsyncClient(
            transport=transport, base_url=host, headers={"Accept-Language": "el"} | headers
        )
        self.hidden: dict[str, str] = {}
        self.keys: KeyRing = app.state.context.keys

    async def get(self, path: str) -> httpx.Response:
        return self._seen(await self.http.get(path))

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return self._seen(await self.http.post(path, data=self.hidden | fields))

    async def begin(self) -> None:
        """Come as a student, up to the contact form."""
        await self.get("/who")
        assert (await self.post("/who", who="student")).headers["location"] == "/contact"
        await self.get("/contact")

    async def give_contact(self, mobile: str = "6912345678", email: str = "") -> httpx.Response:
        await self.begin()
        return await self.post("/contact", mobile=mobile, email=email)

    def _seen(self, response: httpx.Response) -> httpx.Response:
        if response.content and response.headers.get("content-type", "").startswith("text/html"):
            check_html(response.text)
        # Of the first form: on a page that brings back what was sent, that is the one.
        found: dict[str, str] = {}
        for name, value in HIDDEN.findall(response.text):
            found.setdefault(name, value)
        if found:
            self.hidden = {name: value for name, value in found.items() if name != "channel"}
        return response


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    # No worker gives back the place of a start here.
    alone = {"public_url": HOST, "starts_under_way": 10_000}
    own = stack.settings.portal.model_copy(update=alone)
    return stack.settings.model_copy(update={"portal": own})


@pytest.fixture(scope="session", autouse=True)
def texts_read_once() -> Iterator[None]:
    """Read the long texts once for the same settings: it is most of what making a portal costs."""
    known: dict[str, Texts] = {}

    def texts(settings: Settings) -> Texts:
        told = settings.model_dump_json()
        if told not in known:
            known[told] = Texts(settings)
        return known[told]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal, "Texts", texts)
        yield


@pytest.fixture
def unheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold no answer back under enumeration protection: what it says is looked at, not when."""

    async def at_once(_: TimeLimit, __: float) -> None: ...

    monkeypatch.setattr(TimeLimit, "not_before", at_once)


async def healthy() -> bool:
    return True


@pytest.fixture
def make_app(stack: TestStack, pool: Pool, engine: MemoryEngine) -> Callable[[Settings], FastAPI]:
    def make(settings: Settings) -> FastAPI:
        return create(assemble(settings, stack.keys, pool, engine, healthy))

    return make


@pytest.fixture
def app(make_app: Callable[[Settings], FastAPI], settings: Settings) -> FastAPI:
    return make_app(settings)


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    return Browser(app)


async def change(pool: Pool, browser: Browser, changes: str, *values: object) -> None:
    """Change this browser's session as the portal itself would, with a new seal."""
    await sealed.change(pool, browser.keys, browser.http.cookies["session"], changes, *values)


async def proved(pool: Pool, browser: Browser, reference: str | None = None) -> None:
    """Let this browser have proved its contact, be it for another activation than its own."""
    changes = "proofs = '{pin}', reference = coalesce($2, reference)"
    await change(pool, browser, changes, reference)


@pytest.fixture
async def student(browser: Browser) -> Browser:
    """Return a browser whose student waits for the PIN."""
    await browser.give_contact()
    return browser
