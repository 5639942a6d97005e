"""A cookie copied before the PIN, as on a shared computer, against the whole engine."""

import re
import threading
import time

import httpx

from tests.stack import WholeStack
from tests.whole.student import Student, Walk, walking

_ROUNDS = 3
_PAGES = ("/", "/who", "/contact", "/pin", "/review", "/password", "/progress", "/done", "/problem")
_FIELDS = {
    "mobile": "6900000000",
    "pin": "000000",
    "channel": "sms",
    "decision": "agree",
    "shown_hash": "0" * 64,
    "password": "the-thief-takes-it-9",
}


class Thief(threading.Thread):
    """Asks for everything with a cookie that was copied, and keeps whatever it is answered."""

    def __init__(self, url: str, cookie: str, form: dict[str, str], secrets: list[str]) -> None:
        super().__init__()
        self._http = httpx.Client(base_url=url, headers={"Cookie": f"session={cookie}"}, timeout=30)
        self._form = form
        self._secrets = secrets
        self.over = threading.Event()
        self.proved = threading.Event()
        self.rounds = 0
        self.found: list[str] = []

    def run(self) -> None:
        with self._http:
            self._look_about()

    def _look_about(self) -> None:
        while not self.over.is_set():
            # Before the proof the copy is as good as the cookie itself: it may look, not send.
            after = self.proved.is_set()
            for path in (*_PAGES, "/progress.json"):
                self._note(path, self._http.get(path), after=after)
            for path in ("/pin", "/pin/resend", "/review", "/password") if after else ():
                answer = self._http.post(path, data=self._form | _FIELDS)
                self._note(path, answer, after=after)
            self.rounds += after

    def _note(self, path: str, answer: httpx.Response, *, after: bool) -> None:
        told = answer.text + str(answer.headers.get("set-cookie", ""))
        self.found += [f"{path}: {secret}" for secret in self._secrets if secret in told]
        inside = answer.headers.get("location", "/who?again").startswith("/who?again")
        if after and path not in ("/", "/who", "/problem") and not inside:
            self.found.append(f"{path}: {answer.status_code} {answer.headers.get('location')}")


def cookie_of(walk: Walk) -> str:
    return str(walk._visitor._http.cookies["session"])


def test_a_cookie_copied_before_the_pin_is_worth_nothing_after_it(whole_stack: WholeStack) -> None:
    env, student = whole_stack.env, Student()
    with walking(env, student) as walk:
        walk.to_the_code()
        hidden = walk._visitor.page.forms[0].fields
        personal = [student.login, student.number, student.last.el]
        thief = Thief(env["PORTAL_URL"], cookie_of(walk), hidden, personal)
        thief.start()
        try:
            page = walk.prove()
            thief.proved.set()
            assert page.path == "/review"
            tokens = {cookie_of(walk)}
            assert walk.agree().path == "/password"
            tokens.add(cookie_of(walk))
            # While the student thinks of a password, the thief asks for all several times over.
            wanted = thief.rounds + _ROUNDS
            while thief.rounds < wanted and thief.is_alive():
                assert walk._visitor.visit("/password").path == "/password"
                time.sleep(0.5)
            assert walk.choose_password().path in ("/done", "/progress")
            walk.arrive("/done")
        finally:
            thief.over.set()
            thief.join()
    assert thief.rounds
    assert thief.found == []
    assert len(tokens) == 2
    assert student.logs_in(env)


def test_a_lost_answer_locks_nobody_out(whole_stack: WholeStack) -> None:
    env, student = whole_stack.env, Student()
    with walking(env, student) as walk:
        walk.to_the_code()
        form = walk._visitor.page.forms[0]
        answer = httpx.post(
            env["PORTAL_URL"].rstrip("/") + form.action,
            data=form.fields | {"pin": student.pin},
            headers={"Cookie": f"session={cookie_of(walk)}"},
        )
        assert answer.status_code == 303
        assert walk.prove().path == "/review"
        (given,) = re.findall(r"session=([^;]+)", answer.headers["set-cookie"])
        assert cookie_of(walk) == given
