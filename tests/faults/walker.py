"""A student who goes on whatever happens, and remembers what they were told.

A page that cannot be had is asked for again, as people do; an answer that was accepted is never
given again: whoever is asked a second time for it waits, and in the end the run says so.
"""

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import httpx

from demo.visitor import Form, Page, Visitor
from domain.references import first_group
from tests.faults.world import Person, World
from tests.whole import student as whole

PATIENCE_SECONDS = 130.0
until = partial(whole.until, within=PATIENCE_SECONDS)
ENDS = frozenset({"/done", "/ended", "/continued"})
_PAUSE = 0.4
_UNAVAILABLE = 503
_FINE = (200, 422, _UNAVAILABLE)


class Gate:
    """Where everybody waits for the fault to begin."""

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self._expected = number
        self._arrived = threading.Semaphore(0)
        self._open = threading.Event()

    def pass_through(self) -> None:
        self._arrived.release()
        assert self._open.wait(PATIENCE_SECONDS), "the fault never began"

    def all_here(self, walks: Sequence[Future[str]]) -> None:
        """Wait for everybody; who fails on the way fails the run at once."""
        for _ in range(self._expected):
            until(partial(self._one_more, walks))

    def _one_more(self, walks: Sequence[Future[str]]) -> bool:
        for walk in walks:
            if walk.done():
                raise AssertionError(f"a student never came to {self.path}") from walk.exception()
        return self._arrived.acquire(timeout=_PAUSE)

    def open(self) -> None:
        self._open.set()


class Undesigned(AssertionError):
    """A student saw a page nobody designed."""


class _Browser(Visitor):
    slowest = 0.0
    refused = 0

    def _look(self, response: httpx.Response) -> Page:
        for each in (*response.history, response):
            self.slowest = max(self.slowest, each.elapsed.total_seconds())
        self.refused += response.status_code == _UNAVAILABLE
        known = response.status_code in _FINE and "Traceback" not in response.text
        if response.status_code == _UNAVAILABLE:
            known &= "retry-after" in response.headers
        if not known:
            raise Undesigned(f"{response.status_code} at {response.url.path}")
        return super()._look(response)


class Walker:
    """Walks on until an end. `again` names the pages whose answer may be asked for twice.

    `clicks` sends each form so many times at once; who `leaves_at` a page closes the browser there.
    """

    def __init__(
        self,
        world: World,
        student: Person,
        *,
        gate: Gate | None = None,
        again: frozenset[str] = frozenset(),
        answers: Mapping[str, dict[str, str]] | None = None,
        clicks: int = 1,
        leaves_at: str = "",
    ) -> None:
        self.student = student
        self.tried: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.ended_at: float | None = None
        self.reference = ""
        self._world = world
        self._gate = gate
        self.again = again
        self._answers = dict(answers or {})
        self._clicks = clicks
        self.leaves_at = leaves_at
        self._browser = _Browser(world.url, "el")
        self._path = "/who"
        self._sent: dict[str, str] = {}
        self._deadline = math.inf
        self._refused_pin: str | None = None

    @property
    def slowest(self) -> float:
        return self._browser.slowest

    @property
    def unavailable(self) -> int:
        """How many pages said that they cannot be had now."""
        return self._browser.refused

    @property
    def page(self) -> Page:
        return self._browser.page

    def walk(self) -> str:
        """Walk to the end and give its path; how long the fault may last, the run decides."""
        self._visit("/who")
        while self.page.path not in {*ENDS, self.leaves_at}:
            if time.monotonic() > self._deadline:
                raise AssertionError(f"{self.student.number} came no further than {self._told()}")
            self._step()
        self.ended_at = time.monotonic()
        return self.page.path

    def be_patient(self) -> None:
        """Be at the end in a while from now."""
        self._deadline = time.monotonic() + PATIENCE_SECONDS

    def give_up(self) -> None:
        self._deadline = 0.0

    def ask_for_help(self) -> None:
        """Write to support from the page that carries this activation's reference."""
        self._browser.visit(f"/problem/{self.reference}")
        student = self.student
        self._browser.submit(name=student.number, reply_to=student.mailbox, text="Βοήθεια!")

    def close(self) -> None:
        self._browser._http.close()

    def _told(self) -> str:
        return f"{self.page.path} ({self.page.status}), having answered {dict(self.accepted)}"

    def _step(self) -> None:
        path = self.page.path
        kept = self._kept_form()
        if kept:
            time.sleep(_PAUSE)
            self._submit(path, self._sent, kept)
        elif self.page.status == _UNAVAILABLE or path == "/progress":
            self._pause("/progress" if self.accepted["/contact"] else self._path)
        elif self.accepted[path] and path not in self.again:
            self._pause("/progress")
        else:
            self._path = path
            self._meet_fault(path)
            answers = self._fill_in(path)
            if answers is None:
                self._pause(path)
            else:
                self._submit(path, answers)

    def _kept_form(self) -> Form | None:
        """Return the form that a page of failure keeps, to be sent again as it was."""
        if self.page.status != _UNAVAILABLE:
            return None
        forms = (form for form in self.page.forms if form.action == self._path)
        return next(forms, None) if self._sent else None

    def _meet_fault(self, path: str) -> None:
        gate, self._gate = self._gate, None
        if gate and path == gate.path:
            gate.pass_through()
        else:
            self._gate = gate

    def _fill_in(self, path: str) -> dict[str, str] | None:
        if path == "/pin" and path not in self._answers:
            return self._fill_in_pin()
        student = self.student
        answers = {
            "/who": {"who": "student"},
            "/contact": student.typed,
            "/insurance": {"number": student.amka},
            "/identify": {"answer": f"{student.born:%d/%m/%Y}"},
            "/review": {"decision": "agree", "choice": "recovery_mobile"},
            "/password": {"password": student.password},
        } | self._answers
        if path not in answers:
            raise Undesigned(f"a student came to {path}")
        return answers[path]

    def _fill_in_pin(self) -> dict[str, str] | None:
        """Type the newest code; where the page has none to type, or the last has expired, ask."""
        pin = self.newest_pin()
        asked_for = any("pin" in form.names for form in self.page.forms)
        if not asked_for or (pin and pin == self._refused_pin):
            self._ask_for_another()
            return None
        return {"pin": pin} if pin else None

    def _ask_for_another(self) -> None:
        form = next((form for form in self.page.forms if form.action == "/pin/resend"), None)
        if form:
            self._send(form, {})

    def newest_pin(self) -> str | None:
        """Read the code out of the message that carries this page's mark."""
        if not self.reference:
            self.reference = self._ask_reference()
        mark = first_group(self.reference) if self.reference else "-"
        messages = self._world.messages(self.student.to)
        texts = [message["text"] for message in messages if mark in message["text"]]
        pins = [pin for text in texts for pin in re.findall(r"(?<!\d)\d{6}(?!\d)", text)]
        return pins[-1] if pins else None

    def _ask_reference(self) -> str:
        try:
            answer = self._browser._http.get("/progress.json")
            return str(answer.json()["reference"]) if answer.is_success else ""
        except (httpx.TransportError, ValueError):
            return ""

    def _submit(self, path: str, answers: dict[str, str], kept: Form | None = None) -> None:
        self.tried[path] += 1
        self._sent = answers
        try:
            with ThreadPoolExecutor(self._clicks) as fingers:
                for _ in range(self._clicks - 1):
                    fingers.submit(self._click, answers)
                page = self._send(kept, answers) if kept else self._browser.submit(**answers)
        except httpx.TransportError:
            # The answer was lost: what became of it only the next page tells.
            self._pause("/progress" if self.accepted["/contact"] else path)
            return
        if page.status == _UNAVAILABLE:
            return
        taken = page.path not in (path, "/ended")
        (self.accepted if taken else self.refused)[path] += 1
        if not taken:
            self._refused_pin = answers.get("pin")

    def _send(self, form: Form, answers: dict[str, str]) -> Page:
        data = form.fields | answers
        return self._browser._look(self._browser._http.post(form.action, data=data))

    def _click(self, answers: dict[str, str]) -> None:
        """Send the form once more from the same browser, and look at nothing that comes back."""
        form = next(form for form in self.page.forms if answers.keys() <= form.names)
        cookies = dict(self._browser._http.cookies)
        data = form.fields | answers
        httpx.post(f"{self._world.url}{form.action}", data=data, cookies=cookies, timeout=30)

    def _pause(self, path: str) -> None:
        time.sleep(_PAUSE)
        self._visit(path)

    def _visit(self, path: str) -> None:
        try:
            self._browser.visit(path)
        except httpx.TransportError:
            time.sleep(_PAUSE)
