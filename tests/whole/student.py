"""A student nobody else plays, walking through the real portal one page at a time."""

import random
import re
import string
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, TypeVar

import asyncpg
import httpx
import ldap3

from demo.names import Spelled
from demo.part import aside
from demo.students import COLUMNS, DEPARTMENTS, Row, amka, make_row
from demo.visitor import Page, Visitor

PATIENCE_SECONDS = 90
Found = TypeVar("Found")


def until(load_case: Callable[[], Found | None], within: float = PATIENCE_SECONDS) -> Found:
    """Look until there is something to see."""
    deadline = time.monotonic() + within
    while not (found := load_case()):
        assert time.monotonic() < deadline, "nothing came of it in time"
        time.sleep(0.25)
    return found


CHANCE = random.SystemRandom()
HELP = "I need help."
"""What students write who ask for it."""
_SAFE = string.ascii_letters + string.digits


class Student:
    """Everything about them is drawn at random, so that it is found wherever it is written."""

    def __init__(self, *, insured: bool = True, draw: random.Random = CHANCE) -> None:
        def letters(alphabet: str, count: int) -> str:
            return "".join(draw.choices(alphabet, k=count)).capitalize()

        self.serial = draw.randrange(100, 1000)
        self.number = f"98{draw.randrange(10**8):08d}"
        self.born = date(1990, 1, 1) + timedelta(days=draw.randrange(6000))
        self.amka = amka(self.born, self.serial, gender="F")
        self.mobile = f"69{draw.randrange(10**8):08d}"
        self.first = Spelled(letters("αβγδεζηικλμνοπρτυφω", 12), letters("abdefgklmnoprst", 12))
        self.last = Spelled(letters("αβγδεζηικλμνοπρτυφω", 14), letters("abdefgklmnoprst", 14))
        self.login = letters("abcdefghijkmnopqrstuvwxyz", 12).lower()
        self.mail = f"{self.login}@mail.example"
        self.password = letters(_SAFE, 24)
        self.insured = insured
        self.pin = ""

    def row(self) -> Row:
        number = self.amka if self.insured else None
        return make_row(
            self.number,
            self.first,
            self.last,
            self.born,
            DEPARTMENTS[0],
            gender="F",
            mobilephone=self.mobile,
            loginname=self.login,
            ssn=number,
            ssncountry="GR" if number else None,
        )

    def enrol(self, registrar_dsn: str) -> None:
        aside(_insert(registrar_dsn, self.row()))

    def logs_in(self, env: Mapping[str, str]) -> bool:
        name = f"uid={self.login},{env['LDAP_PEOPLE_DN']}"
        with ldap3.Connection(ldap3.Server(env["LDAP_URL"]), name, self.password) as connection:
            return bool(connection.bound)


async def _insert(dsn: str, *rows: Row) -> None:
    records = await asyncpg.connect(dsn)
    try:
        await records.copy_records_to_table(
            "v_vd_sis",
            records=[tuple(row[name] for name in COLUMNS) for row in rows],
            columns=COLUMNS,
        )
    finally:
        await records.close()


class Walk:
    """One student at one browser; each method is one page."""

    def __init__(self, visitor: Visitor, env: Mapping[str, str], student: Student) -> None:
        self._visitor = visitor
        self._env = env
        self._student = student

    def to_the_code(self) -> str:
        """Come up to the PIN page, wait for the message, and give the activation's reference."""
        self._visitor.visit("/who")
        self._visitor.submit(who="student")
        assert self._visitor.submit(mobile=self._student.mobile, email="").path == "/pin"
        self._student.pin = until(self._read_pin)
        return str(self.where()["reference"])

    def where(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._visitor._http.get("/progress.json").json()
        return answer

    def prove(self) -> Page:
        return self._visitor.submit(pin=self._student.pin)

    def insure(self) -> Page:
        return self._visitor.submit(number=self._student.amka)

    def agree(self) -> Page:
        return self._visitor.submit(decision="agree", choice="recovery_mobile")

    def choose_password(self) -> Page:
        return self._visitor.submit(password=self._student.password)

    def arrive(self, path: str) -> None:
        """Look at the waiting page until it leads on, as a student would."""
        until(lambda: self._visitor.visit("/progress").path == path)

    def walk_by_help(self) -> str:
        """Mistype the code and ask for help on the way, so that each process works."""
        student = self._student
        reference = self.to_the_code()
        self._visitor.visit(f"/problem/{reference}")
        given = {"name": student.first.latin, "reply_to": student.mail}
        self._visitor.submit(**given, text=HELP)
        self._visitor.visit("/pin")
        self._visitor.submit(pin="000000" if student.pin != "000000" else "000001")
        self.prove()
        self.insure()
        self.agree()
        self.choose_password()
        self.arrive("/done")
        return reference

    def walk(self) -> str:
        """Go all the way and give the reference."""
        reference = self.to_the_code()
        page = self.prove()
        if not self._student.insured:
            assert page.path == "/insurance"
            page = self.insure()
        assert page.path == "/review"
        assert self.agree().path == "/password"
        assert self.choose_password().path in ("/done", "/progress")
        self.arrive("/done")
        return reference

    def _read_pin(self) -> str | None:
        query = {"to": f"+30{self._student.mobile}"}
        messages = httpx.get(f"{self._env['INBOX_URL']}/messages.json", params=query).json()
        pins = [re.findall(r"(?<!\d)\d{6}(?!\d)", message["text"]) for message in messages]
        return str(pins[-1][-1]) if pins else None


@contextmanager
def walking(env: Mapping[str, str], student: Student) -> Iterator[Walk]:
    student.enrol(env["REGISTRAR_DSN"])
    with Visitor(env["PORTAL_URL"], "el") as visitor:
        yield Walk(visitor, env, student)
