"""A small directory that speaks JSON over HTTP, for tests of the adapter that asks it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple
from uuid import uuid4

from demo.place import HOST
from domain.entry_values import CODES

TOKEN = "sesame"
_SHORTEST = 12
_UNIQUE = CODES.lower()


class StoreAnswer(NamedTuple):
    code: int
    body: object = None


class Store:
    """The entries and their passwords; the next answer to a method in `losing` is lost."""

    def __init__(self) -> None:
        self.url = ""
        self.losing: list[str] = []
        self._entries: dict[str, dict[str, Any]] = {}
        self._passwords: dict[str, list[str]] = {}
        self._lock = Lock()

    def plant(self, uid: str, **values: list[str]) -> None:
        """Put an entry made elsewhere into the directory."""
        self._keep({"uid": [uid], **values}, made_by="somebody")

    def answer(self, method: str, path: str, body: Any) -> StoreAnswer:
        with self._lock:
            match (method, *path.strip("/").split("/")):
                case ("POST", "search"):
                    return StoreAnswer(200, [each for each in self._all() if _fits(each, body)])
                case ("POST", "entries"):
                    return self._add(body)
                case ("PATCH", "entries", key):
                    return self._change(self._entries[key]["attributes"], body)
                case ("PUT", "entries", key, "password"):
                    return self._set_password(self._passwords[key], body["password"])
                case ("POST", "entries", key, "verify"):
                    return StoreAnswer(200, self._passwords[key][-1:] == [body["password"]])
            return StoreAnswer(404)

    def _all(self) -> list[dict[str, Any]]:
        return [
            {**each, "has_password": bool(self._passwords[each["id"]])}
            for each in self._entries.values()
        ]

    def _keep(self, attributes: dict[str, list[str]], made_by: str) -> None:
        key = str(uuid4())
        values = {name.lower(): list(given) for name, given in attributes.items()}
        self._entries[key] = {"id": key, "attributes": values, "made_by": made_by}
        self._passwords[key] = []

    def _add(self, attributes: dict[str, list[str]]) -> StoreAnswer:
        if any(_fits(each, [{"uid": attributes["uid"][0]}]) for each in self._all()):
            return StoreAnswer(409)
        taken = [{_UNIQUE: code} for code in attributes.get(CODES, [])]
        if any(_fits(each, taken) for each in self._all()):
            return StoreAnswer(412)
        self._keep(attributes, made_by="activation")
        return StoreAnswer(201)

    def _change(self, values: dict[str, list[str]], body: dict[str, Any]) -> StoreAnswer:
        for name, given in body.get("add", {}).items():
            there = values.setdefault(name.lower(), [])
            there += [value for value in given if value not in there]
        for name, given in body.get("remove", {}).items():
            left = [value for value in values.pop(name.lower(), []) if value not in given]
            values |= {name.lower(): left} if left else {}
        return StoreAnswer(204)

    def _set_password(self, used: list[str], password: str) -> StoreAnswer:
        if len(password) < _SHORTEST:
            return StoreAnswer(422)
        if password in used:
            return StoreAnswer(409)
        used.append(password)
        return StoreAnswer(204)


def _fits(entry: dict[str, Any], any_of: list[dict[str, str]]) -> bool:
    """Whether an entry holds all the values of one of these."""
    held = {(name, value.lower()) for name, given in entry["attributes"].items() for value in given}
    return any(
        held.issuperset((name.lower(), value.lower()) for name, value in each.items())
        for each in any_of
    )


@contextmanager
def serving() -> Iterator[Store]:
    """Serve an empty directory at the store's `url`."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
            answer = store.answer(self.command, self.path, body) if allowed else StoreAnswer(403)
            step = f"{self.command} {self.path.rpartition('/')[2]}"
            lost = next((each for each in store.losing if each in (self.command, step)), None)
            if lost:
                store.losing.remove(lost)
                self.close_connection = True
                return
            text = json.dumps(answer.body).encode() if answer.code == 200 else b""
            self.send_response(answer.code)
            if answer.code != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_PATCH(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    store.url = f"http://{HOST}:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
