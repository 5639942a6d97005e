"""Makes students for `populate.py`, and plays what each does in a browser, page by page.

The seed of the random generator determines them. They are inserted into the registrar's table, and
use the real portal with the real codes from the inbox.
"""

import random
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import TypeVar

import asyncpg
import httpx

from adapters.directory.ldap_client import LdapClient
from demo.names import MEN, SURNAMES, WOMEN
from demo.part import PartFailed, aside
from demo.students import COLUMNS, DEPARTMENTS, Row, amka, make_row
from demo.visitor import TLS, Page, Visitor
from domain.contacts import emails_on_file, mobiles_on_file
from domain.contracts.vocabulary import WaitReason
from domain.references import first_group

NUMBERED = "2025"
PATIENCE_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.5
RESEND_SECONDS = 60
_PIN = re.compile(r"(?<!\d)\d{6}(?!\d)")
_TRIES_A_CODE = 5
Seen = TypeVar("Seen")


def invent(n: int, draw: random.Random, **more: str | None) -> Row:
    """Generate the student with this number; everything is on file unless `more` overrides it."""
    gender = draw.choice("MF")
    first = draw.choice(MEN if gender == "M" else WOMEN)
    surname = draw.choice(SURNAMES)
    last = surname.man if gender == "M" else surname.woman
    born = date(2006, 1, 1) + timedelta(days=draw.randrange(365))
    row = make_row(
        f"{NUMBERED}{n:05d}",
        first,
        last,
        born,
        draw.choice(DEPARTMENTS),
        gender=gender,
        mobilephone=f"6911{n:06d}",
        extemail=f"{first.latin}.{last.latin}.{n}@mail.example".lower(),
        loginname=f"{first.latin[0]}{last.latin[:8]}{1000 + n}".lower(),
        ssn=amka(born, n % 5000, gender=gender),
        ssncountry="GR",
    )
    return row | more


class World:
    """The students' environment: the URLs, the registrar's table and the directory."""

    def __init__(self, env: Mapping[str, str], ldap: LdapClient) -> None:
        self.env = env
        self._ldap = ldap

    def enrol(self, rows: Sequence[Row]) -> None:
        aside(insert(self.env["REGISTRAR_DSN"], rows))

    def enrolled(self) -> int:
        """Return the number of generated students in the registrar."""
        count = "SELECT count(*) FROM v_vd_sis WHERE registrationid LIKE $1 || '_____'"
        found: int = aside(_ask(self.env["REGISTRAR_DSN"], count, NUMBERED))
        return found

    def strike_off(self, row: Row) -> None:
        """End a student's enrolment, as the secretariat does."""
        gone = "UPDATE v_vd_sis SET enrollmentstatus = 'inactive' WHERE registrationid = $1"
        aside(_ask(self.env["REGISTRAR_DSN"], gone, row["registrationid"]))

    def occupy(self, row: Row) -> None:
        """Add another person's entry with this student's username."""
        uid = str(row["loginname"])
        entry = {
            "objectClass": ["inetOrgPerson", "schacPersonalCharacteristics"],
            "uid": [uid],
            "cn": [uid],
            "sn": [uid],
            "schacDateOfBirth": ["19500101"],
        }
        self._ldap.add(f"uid={uid},{self.env['LDAP_PEOPLE_DN']}", entry)


class Player:
    """One student in one browser; each method is what they do on one page."""

    def __init__(
        self,
        world: World,
        row: Row,
        *,
        language: str,
        by_email: bool,
        visitor: Visitor | None = None,
    ) -> None:
        self.world = world
        self.row = row
        self.reference = ""
        self.typed = _email(row) if by_email or not row["mobilephone"] else _mobile(row)
        self._visitor = visitor or Visitor(world.env["PORTAL_URL"], language)
        self._language = language

    def again(self) -> "Player":
        """Return the same student in another browser."""
        return Player(self.world, self.row, language=self._language, by_email="email" in self.typed)

    def come(self, onward: str = "/pin", **typed: str) -> None:
        """Begin an activation; a busy portal's page keeps the form, which counts once."""
        self._visitor.visit("/who")
        self._visitor.submit(who="student")
        self._visitor.submit(**typed or self.typed)

        def begun() -> bool:
            if self._visitor.page.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return True
            answer = self._visitor.press("/contact")
            return answer.status != HTTPStatus.SERVICE_UNAVAILABLE

        _until(begun, "a student was never let in")
        if onward:
            self.arrive(onward)
        if onward == "/pin" and not self._visitor.page.asks_for("pin"):
            self._visitor.press("/pin/resend")  # After a delay a code is sent on request only.
        self.reference = str(self._visitor.where()["reference"])

    def prove(self, onward: str = "/review") -> None:
        self._visitor.submit(pin=self.code())
        self.arrive(onward)

    def prove_not(self) -> None:
        """Type wrong codes until the code is locked."""
        wrong = f"{(int(self.code()) + 1) % 10**6:06d}"
        for _ in range(_TRIES_A_CODE):
            self._visitor.submit(pin=wrong)
            self.arrive("/pin")

    def ask_for_another(self) -> None:
        """Request a second code, once a minute has passed since the first message."""
        first = self.code()
        time.sleep(RESEND_SECONDS)

        def sent() -> bool:
            self._visitor.press("/pin/resend")
            return self.code() != first

        _until(sent, "a second code was never sent")

    def insure(self, number: str) -> None:
        self._visitor.submit(number=number)

    def agree(self) -> None:
        self._visitor.submit(decision="agree", choice="recovery_mobile")
        self.arrive("/password")

    def dispute(self) -> None:
        self._visitor.visit("/review/wrong")
        note = "Πέρασα σε άλλο τμήμα."
        self._visitor.submit(decision="dispute", wrong="department", note=note)

    def choose_password(self) -> Page:
        return self._visitor.submit(password=secrets.token_urlsafe(18))

    def ask_for_help(self) -> None:
        self._visitor.visit("/problem")
        name = f"{self.row['firstnameel']} {self.row['lastnameel']}"
        text = "Δεν καταλαβαίνω τι πρέπει να κάνω τώρα."
        self._visitor.submit(name=name, reply_to=str(self.row["extemail"]), text=text)

    def arrive(self, path: str) -> None:
        """Poll the waiting page until it redirects to this path."""

        def there() -> bool:
            page = self._visitor.page
            if page.path == "/progress":
                page = self._visitor.visit("/progress")
            if page.path not in (path, "/progress"):
                raise PartFailed(f"a student came to {page.path} and not to {path}: {page.title}")
            return page.path == path

        _until(there, f"a student never came to {path}")

    def wait_for(self, reason: WaitReason) -> None:
        """Poll until the activation has this wait reason."""
        what = f"an activation never came to wait for {reason}"
        _until(lambda: self._visitor.where()["wait_reason"] == reason, what)

    def close(self) -> None:
        self._visitor.close()

    def code(self) -> str:
        """Read the newest code from the messages that contain this activation's reference."""
        mark = first_group(self.reference)
        (contact,) = self.typed.values()
        inbox = f"{self.world.env['INBOX_URL']}/messages.json"

        def pins() -> list[str]:
            found = httpx.get(inbox, params={"to": contact}, verify=TLS).raise_for_status().json()
            texts = [message["text"] for message in found if mark in message["text"]]
            return [pin for text in texts for pin in _PIN.findall(text)]

        return _until(pins, "no message with a PIN arrived")[-1]


def _until(look: Callable[[], Seen], failing: str) -> Seen:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise PartFailed(failing)
        time.sleep(LOOK_AGAIN_SECONDS)
    return seen


def _mobile(row: Row) -> dict[str, str]:
    return {"mobile": mobiles_on_file(row["mobilephone"], "GR")[0]}


def _email(row: Row) -> dict[str, str]:
    return {"email": emails_on_file(row["extemail"])[0]}


async def insert(dsn: str, rows: Sequence[Row]) -> None:
    records = await asyncpg.connect(dsn)
    try:
        values = [tuple(row[column] for column in COLUMNS) for row in rows]
        await records.copy_records_to_table("v_vd_sis", records=values, columns=COLUMNS)
    finally:
        await records.close()


async def _ask(dsn: str, query: str, *values: object) -> int:
    records = await asyncpg.connect(dsn)
    try:
        return int(await records.fetchval(query, *values) or 0)
    finally:
        await records.close()
