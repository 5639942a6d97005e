"""A stack of its own at log level DEBUG, where everything anybody typed or was sent is remembered.

Its limits are short, and its SMS gateway can be told to answer a number as bad gateways do: with
our own text in an error, or with something that is not HTTP.
"""

import os
import re
import secrets
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, loads
from pathlib import Path
from tomllib import loads as read_toml

import httpx
from temporalio.client import Client

import postgres
from demo.messages import Message, all_messages
from demo.part import aside
from demo.place import any_port
from demo.students import DEPARTMENTS, make_row
from demo.visitor import Page, Visitor
from domain.references import first_group
from security.codec import data_converter
from security.keys import KeyRing
from support.verbs import actions, cases
from support.verbs.staff import Action
from tests.desk import desk
from tests.stack import WholeStack
from tests.whole.student import Student, _insert, until

_PIN = re.compile(r"(?<!\d)\d{6}(?!\d)")
_TOKEN_AT_LEAST = 20


class Gateway:
    """Hands SMS on to the stack's sink, but first does what it was told to do for this number."""

    def __init__(self) -> None:
        self.sink = ""
        self.tricks: defaultdict[str, list[str]] = defaultdict(list)
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                tricks = gateway.tricks[loads(body)["to"]]
                trick = tricks.pop(0) if tricks else "deliver"
                if trick == "babble":
                    self.wfile.write(b"HTTP/9 " + body + b"\r\n\r\n")
                    self.close_connection = True
                elif trick == "deliver":
                    given = {"Authorization": self.headers["Authorization"]}
                    answer = httpx.post(gateway.sink, content=body, headers=given)
                    self._answer(answer.status_code, answer.content)
                else:
                    self._answer(int(trick), body)

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/messages"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Scene:
    """The stack, and each marked value by the name of its walk and of its kind."""

    def __init__(self, folder: Path, outputs: Path) -> None:
        self.gateway = Gateway()
        self.outputs = outputs
        self._ended = False
        self.marks: dict[str, str] = {}
        self.metrics_ports = {"portal": any_port(), "console": any_port()}
        self.stack = WholeStack(
            folder,
            ACTIVATION_LOG_LEVEL="DEBUG",
            ACTIVATION_SMS__URL=self.gateway.url,
            ACTIVATION_PORTAL__HEALTH_PORT=str(self.metrics_ports["portal"]),
            ACTIVATION_CONSOLE__HEALTH_PORT=str(self.metrics_ports["console"]),
            ACTIVATION_POLICY__PIN_TRIES="4",
            ACTIVATION_POLICY__RESEND_AFTER="PT0.5S",
            ACTIVATION_SEND_BUDGET__PER_HOUR="20",
        )

    @cached_property
    def env(self) -> dict[str, str]:
        return self.stack.env

    def begin(self) -> None:
        self.stack.begin()
        settings = read_toml((self.stack.folder / "activation.toml").read_text("utf-8"))
        self.gateway.sink = settings["sms"]["url"]

    def end(self) -> None:
        """Stop everything, so that nothing moves while it is looked through; safe to repeat."""
        if not self._ended:
            self._ended = True
            self.stack.end()
            self.gateway.close()

    def keep(self, place: str, text: str) -> None:
        """Put what somebody was shown where it is looked through."""
        folder = self.outputs / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / secrets.token_hex(8)).write_text(text, encoding="utf-8")

    def mark(self, kind: str, value: str) -> str:
        """Remember that this value is of this kind, and give it back."""
        self.marks[f"{kind} {secrets.token_hex(4)}"] = value
        return value

    def staff(self, *words: str, place: str = "staff") -> str:
        """Run a command as staff would, and keep what it says."""
        done = self.stack.command(*words)
        self.keep(place, done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @cached_property
    def reason(self) -> str:
        return self.mark("reason", f"rang-{secrets.token_hex(6)}")

    def look(self, reference: str) -> cases.Case:
        """Read a case as `support show` does, without the second a program takes to start."""

        async def look() -> cases.Case:
            return await cases.case(await self._temporal(), reference)

        case = aside(look())
        self.keep("staff", dumps(case.as_dict(""), default=str, ensure_ascii=False))
        return case

    def retry(self, reference: str) -> None:
        """Do what `support retry` does."""

        async def act() -> None:
            async with await postgres.connect(self.env["LEDGER_DSN"]) as ledger:
                keys = KeyRing(self.stack.folder / "keys")
                opened = desk(await self._temporal(), ledger, keys=keys)
                await actions.submit(opened, Action.RETRY, reference=reference, reason=self.reason)

        aside(act())

    async def _temporal(self) -> Client:
        return await Client.connect(
            self.env["TEMPORAL_ADDRESS"],
            namespace=self.env["TEMPORAL_NAMESPACE"],
            data_converter=data_converter(KeyRing(self.stack.folder / "keys")),
        )

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """Go on without this part for a while."""
        os.kill(self.stack.pids[part], signal.SIGTERM)
        try:
            yield
        finally:
            started = self.stack.demo("start", part)
            assert started.returncode == 0, started.stderr

    @contextmanager
    def frozen(self, part: str) -> Iterator[None]:
        """Let this part stand still for a while."""
        pid = self.stack.pids[part]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def enrol(self, *, keeps: bool = False, insured: bool = True, **columns: str | None) -> Student:
        """Put a student into the registrar, by default with mobile, e-mail and AMKA.

        Who `keeps` the contacts is going to choose that the directory may have them.
        """
        student = Student()
        given: dict[str, str | None] = {
            "gender": "F",
            "loginname": student.login,
            "ssn": student.amka if insured else None,
            "ssncountry": "GR" if insured else None,
            "mobilephone": student.mobile,
            "extemail": email(student),
        }
        row = make_row(
            student.number,
            student.first,
            student.last,
            student.born,
            DEPARTMENTS[0],
            **given | columns,
        )
        aside(_insert(self.env["REGISTRAR_DSN"], row))
        for name in (*student.first, *student.last):
            self.mark("name", name)
        self.mark("kept contact" if keeps else "contact", student.mobile)
        self.mark("kept contact" if keeps else "contact", email(student))
        self.mark("number on file" if insured else "insurance", student.amka)
        self.mark("password", student.password)
        self.mark("login", student.login)
        self.mark("student number", student.number)
        self.mark("birth date", f"{student.born:%d/%m/%Y}")
        self.mark("birth date", f"{student.born:%Y-%m-%d}")
        return student

    @contextmanager
    def guest(self, language: str = "el", url: str | None = None) -> Iterator["Guest"]:
        with Guest(self, url or self.env["PORTAL_URL"], language) as guest:
            yield guest

    def messages(self, to: str | None = None) -> list[Message]:
        return all_messages(self.stack.folder / "data/inbox", to)


def email(student: Student) -> str:
    return f"{student.login}@mail.example"


class Guest(Visitor):
    """A browser that keeps what it is shown, where it was, and the cookies it got."""

    def __init__(self, scene: Scene, url: str, language: str) -> None:
        super().__init__(url, language)
        self._scene = scene
        self._tokens: set[str] = set()

    def _look(self, response: httpx.Response) -> Page:
        for answer in (*response.history, response):
            self._scene.keep("pages", answer.text)
            self._scene.keep("addresses", f"{answer.url}\n{answer.headers.get('location')}")
        for value in set(self._http.cookies.values()) - self._tokens:
            if len(value) >= _TOKEN_AT_LEAST:
                self._tokens.add(self._scene.mark("token", value))
        return super()._look(response)

    @property
    def reference(self) -> str:
        return str(self._http.get("/progress.json").json()["reference"])

    @property
    def stands(self) -> tuple[str, str | None]:
        told = self._http.get("/progress.json").json()
        return told["step"], told["wait_reason"]

    def come(self, **contact: str) -> Page:
        self.visit("/who")
        self.submit(who="student")
        return self.submit(**contact)

    def code(self, to: str, *, after: int = 0) -> str:
        """Give the code of the newest message to this contact that carries this page's mark."""
        group = first_group(self.reference)

        def read() -> str | None:
            sent = [one["text"] for one in self._scene.messages(to) if group in one["text"]]
            return str(_PIN.findall(sent[-1])[-1]) if len(sent) > after else None

        return until(read)

    def prove(self, student: Student, **contact: str) -> Page:
        """Come with the mobile, or with this contact, up to the page behind the code."""
        contact = contact or {"mobile": student.mobile}
        to = contact.get("email") or f"+30{student.mobile}"
        assert self.come(**contact).path == "/pin"
        return self.go(pin=self.code(to))

    def go(self, **answers: str) -> Page:
        """Submit, and wait where the engine takes more than a moment."""
        if self.submit(**answers).path == "/progress":
            until(lambda: self.visit("/progress").path != "/progress")
        return self.page

    def refused(self, **answers: str) -> Page:
        assert self.submit(**answers).status == 422, self.page
        return self.page

    def press(self, action: str, **fields: str) -> Page:
        """Send the form with this action and these hidden fields."""
        forms = (form for form in self.page.forms if form.action == action)
        form = next(form for form in forms if fields.items() <= form.fields.items())
        return self._look(self._http.post(action, data=form.fields))

    def finish(self, student: Student, **choices: str) -> None:
        """Agree, choose the password and end active."""
        assert self.go(decision="agree", **choices).path == "/password", self.page
        self.go(password=student.password)
        self.arrive("/done")

    def arrive(self, path: str) -> Page:
        until(lambda: self.visit("/progress").path == path)
        return self.page
