"""A registrar by HTTP: what a university without a view would write, and the server it asks."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

from adapters.errors import translated
from adapters.registrar.port import SharedByMany
from demo.place import HOST
from domain import surnames
from domain.contracts.vocabulary import FailureType
from domain.registrar.caller import numbers
from domain.registrar.humans import humans
from domain.registrar.row_facts import MOST_ROWS
from domain.registrar.rows import Row, enrolment, names, text
from domain.registrar.students import ContactQuery, contacts, display_names, holds, holds_login_name
from domain.text import identifier, student_number

_AWAY = (httpx.TransportError, httpx.HTTPStatusError)


class HttpRegistrar:
    def __init__(self, url: str, region: str) -> None:
        self._client = httpx.AsyncClient(base_url=url)
        self._region = region

    async def close(self) -> None:
        await self._client.aclose()

    async def check_settings(self) -> None: ...

    async def by_contact(self, typed: ContactQuery, beyond: int = 0) -> list[Row]:
        rows = await self._everybody()
        held = [row for row in rows if holds(row, typed)]
        if len(held) <= beyond:
            return []
        if len(held) > MOST_ROWS:
            raise SharedByMany
        return self._with_related(rows, held)

    async def by_insurance(self, number: str) -> list[Row]:
        rows = await self._everybody()
        wanted = identifier(number)
        held = [row for row in rows if identifier(row.get("ssn") or "") == wanted]
        return self._with_related(rows, held)

    async def by_number(self, *wanted: str) -> list[Row]:
        rows = await self._everybody()
        held = [row for row in rows if {*map(student_number, wanted)} & numbers([row])]
        return self._with_related(rows, held)

    async def by_login_name(self, name: str, others: Callable[[Row], bool]) -> list[Row]:
        rows = await self._everybody()
        held = [row for row in rows if holds_login_name(row, name)]
        if not any(map(others, held)):
            return []
        if len(held) > MOST_ROWS:
            raise SharedByMany
        return self._with_related(rows, held)

    async def by_surname(
        self, prefix: str, most: int, before: Callable[[Row], bool]
    ) -> tuple[list[Row], bool]:
        rows = await self._everybody()
        found = sorted(
            (row for row in rows if surnames.begins(names(row), prefix)),
            key=lambda row: (not before(row), *map(surnames.folded, display_names(row))),
        )
        return self._with_related(rows, found[:most]), len(found) > most

    async def batches(self, department: str | None = None) -> AsyncGenerator[list[Row]]:
        yield [
            row
            for row in await self._everybody()
            if department is None or text(row, "departmentid") == department
        ]

    async def crowded(self, most: int) -> set[str]:
        held = Counter(
            contact
            for row in await self._everybody()
            for each in contacts([row], self._region)
            for contact in each
        )
        return {contact for contact, number in held.items() if number > most}

    async def _everybody(self) -> list[Row]:
        with translated(FailureType.REGISTRAR_DOWN, _AWAY):
            answer = await self._client.get("/students")
            answer.raise_for_status()
            found: list[Row] = answer.json()
            return found

    def _with_related(self, rows: Sequence[Row], held: Sequence[Row]) -> list[Row]:
        wanted = {enrolment(row) for row in held}
        theirs = {
            enrolment(row)
            for human in humans(rows, self._region)
            if not wanted.isdisjoint(map(enrolment, human))
            for row in human
        }
        return [row for row in rows if enrolment(row) in theirs]


@contextmanager
def serving(rows: Sequence[Row]) -> Iterator[str]:
    """Serve these rows as JSON; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(rows).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
