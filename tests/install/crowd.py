"""Students who come one after the other and go their whole way, and what they were answered."""

import math
import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus

import httpx

from adapters.directory.ldap_client import LdapClient
from demo.crowd import Player, World, invent
from demo.part import PartFailed
from demo.place import Place
from demo.slapd import PEOPLE_DN, SERVICE_DN
from demo.stack import Stack
from demo.students import Row
from demo.visitor import Visitor
from settings.systems import DirectorySettings
from tests.install.recipe import DocumentedDirectory, DocumentedPostgres
from tests.progress import say

COUNT = 100
AT_ONCE = 12
IN_ENGLISH = 0.25
BY_EMAIL = 0.25
SERVER_ERRORS = 500
_SLOW_SECONDS = 17
"""Within which the documentation promises each page, also while Temporal is busy."""


class Watched(Visitor):
    """A browser that notes each answer."""

    def __init__(self, url: str, language: str, crowd: "Crowd") -> None:
        super().__init__(url, language)
        self._http.event_hooks = {"response": [crowd.note]}


class Crowd:
    def __init__(
        self, place: Place, postgres: DocumentedPostgres, directory: DocumentedDirectory, url: str
    ) -> None:
        self._postgres, self._url = postgres, url
        settings = {
            "urls": [directory.ldaps_url],
            "ca_file": place.ca_file,
            "bind_dn": SERVICE_DN,
            "bind_password_file": directory.service_password_file,
            "people_dn": PEOPLE_DN,
        }
        self._ldap = LdapClient(DirectorySettings.model_validate(settings))
        env = {**Stack(place).environment(), "REGISTRAR_DSN": postgres.registrar_dsn}
        self._world = World(env | {"PORTAL_URL": url}, self._ldap)
        draw = random.Random(1)  # noqa: S311 - invented people need no secrecy
        self._rows = [invent(n, draw) for n in range(1, COUNT + 1)]
        self._draw = draw
        self._answers: Counter[tuple[int, str, str]] = Counter()
        self._slowest = 0.0
        self._busy = 0
        self._lock = threading.Lock()
        self._browsers = ThreadPoolExecutor(AT_ONCE)
        self._walks: list[Future[str]] = []
        self._begun = time.monotonic()

    def come(self, share: float) -> None:
        """Let this share of the students come, unless all have."""
        come = len(self._walks)
        rows = self._rows[come : come + math.ceil(share * COUNT)]
        self._world.enrol(rows)
        for row in rows:
            language = "en" if self._draw.random() < IN_ENGLISH else "el"
            by_email = self._draw.random() < BY_EMAIL
            self._walks.append(self._browsers.submit(self._walk, row, language, by_email))

    @property
    def is_walking(self) -> bool:
        return not all(walk.done() for walk in self._walks)

    def wait(self) -> None:
        self._browsers.shutdown()

    def note(self, response: httpx.Response) -> None:
        """Count an answer, and keep how long it took until its head came."""
        with self._lock:
            code = response.status_code
            if code == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in response.headers:
                self._busy += 1  # The portal's own page for a moment without an answer in time.
            self._answers[code, response.request.method, response.url.path] += 1
            response.read()
            self._slowest = max(self._slowest, response.elapsed.total_seconds())

    def _walk(self, row: Row, language: str, by_email: bool) -> str:
        """Go the whole way; return "" or why it ended early."""
        visitor = Watched(self._url, language, self)
        player = Player(self._world, row, language=language, by_email=by_email, visitor=visitor)
        try:
            with closing(player):
                player.come()
                player.prove()
                player.agree()
                player.choose_password()
                player.arrive("/done")
        except (PartFailed, httpx.HTTPError, StopIteration) as error:
            return f"{type(error).__name__} {error} at {visitor.page.path}: {visitor.page.title}"
        return ""

    def tell(self) -> None:
        """Print what became of the students, and raise if one was lost or saw an error."""
        lost = [walk.result() for walk in self._walks if walk.result()]
        codes = Counter[int]()
        for (code, _, _), count in self._answers.items():
            codes[code] += count
        errors = {key: n for key, n in self._answers.items() if key[0] >= SERVER_ERRORS}
        active, accounts = self._postgres.consents(), self._entries()
        say(
            f"{COUNT - len(lost)} of {COUNT} students active after"
            f" {time.monotonic() - self._begun:.0f} s, {active} consents, {accounts} accounts"
        )
        told = ", ".join(f"{n} x {code}" for code, n in sorted(codes.items()))
        say(f"answers through nginx: {told}; the slowest after {self._slowest:.1f} s")
        say(f"of these {self._busy} were the portal's own page that asks to wait")
        for reason in lost:
            say(f"lost: {reason}")
        for (code, method, path), count in errors.items():
            say(f"error: {count} x {code} {method} {path}")
        counts = {active, accounts}
        if (
            lost
            or sum(errors.values()) > self._busy
            or counts != {COUNT}
            or self._slowest > _SLOW_SECONDS
        ):
            raise SystemExit("students were lost, waited too long or saw an error")

    def _entries(self) -> int:
        """Return how many of the students have an account with a password."""
        found = 0
        for row in self._rows:
            uid = row["loginname"]
            found += len(self._ldap.search(PEOPLE_DN, f"(&(uid={uid})(pwdChangedTime=*))", ["uid"]))
        return found
