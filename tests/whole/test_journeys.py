"""The journeys that are not the plain one, each played over HTTP up to a login that works."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from demo.messages import Message
from demo.part import aside
from demo.students import DEPARTMENTS, make_row
from demo.visitor import Page, Visitor
from domain.gsm import to_gsm_greek
from domain.references import first_group
from tests.stack import WholeStack
from tests.whole.student import Student, _insert, until


class Browser(Visitor):
    """A browser that keeps whatever it was ever shown."""

    def __init__(self, url: str, language: str) -> None:
        super().__init__(url, language)
        self.shown: list[str] = []

    def _look(self, response: httpx.Response) -> Page:
        self.shown.append(response.text)
        return super()._look(response)

    @property
    def reference(self) -> str:
        return str(self._http.get("/progress.json").json()["reference"])

    def submit(self, **answers: str) -> Page:
        """Submit and, where the engine takes more than a moment, wait as the page asks to."""
        page = super().submit(**answers)
        if page.path == "/progress":
            until(lambda: self.visit("/progress").path != "/progress")
        return self.page

    def arrive(self, path: str) -> Page:
        until(lambda: self.visit("/progress").path == path)
        return self.page


@contextmanager
def browsing(env: Mapping[str, str], language: str) -> Iterator[Browser]:
    with Browser(env["PORTAL_URL"], language) as browser:
        yield browser


def enrol(env: Mapping[str, str], student: Student, **more: str | None) -> None:
    columns: dict[str, str | None] = {
        "gender": "F",
        "loginname": student.login,
        "ssn": student.amka,
        "ssncountry": "GR",
    }
    row = make_row(
        student.number,
        student.first,
        student.last,
        student.born,
        DEPARTMENTS[0],
        **columns | more,
    )
    aside(_insert(env["REGISTRAR_DSN"], row))


def messages(env: Mapping[str, str], to: str) -> list[Message]:
    answer = httpx.get(f"{env['INBOX_URL']}/messages.json", params={"to": to})
    found: list[Message] = answer.raise_for_status().json()
    return found


def prove(env: Mapping[str, str], browser: Browser, to: str, **contact: str) -> Page:
    """Come with a contact, and type the code of the message that carries this page's mark."""
    browser.visit("/who")
    browser.submit(who="student")
    assert browser.submit(**contact).path == "/pin"
    mark = first_group(browser.reference)

    def code() -> str | None:
        texts = (message["text"] for message in messages(env, to) if mark in message["text"])
        pins = [pin for text in texts for pin in re.findall(r"(?<!\d)\d{6}(?!\d)", text)]
        return pins[-1] if pins else None

    return browser.submit(pin=until(code))


def test_a_cypriot_without_amka_in_english_by_e_mail_takes_a_suggested_password(
    whole_stack: WholeStack,
) -> None:
    env, student = whole_stack.env, Student()
    email = f"{student.login}@mail.example"
    enrol(env, student, extemail=email, citizenship="CY", ssn=None, ssncountry=None)
    with browsing(env, "en") as browser:
        assert prove(env, browser, email, email=email.upper()).path == "/insurance"
        page = browser.visit("/insurance/other")
        assert any("European Health Insurance Card Cyprus" in line for line in page.lines)
        assert browser.submit(scheme="CY", number=student.number).path == "/review"
        page = browser.submit(decision="agree", choice="recovery_email")
        assert page.path == "/password"
        note_it_down = next(n for n, line in enumerate(page.lines) if "Note it down" in line)
        student.password = page.lines[note_it_down + 2]
        browser.submit(suggestion="2")
        browser.arrive("/done")
        assert student.login in "".join(browser.page.lines)
    assert student.logs_in(env)
    (notice,) = until(lambda: [m for m in messages(env, email) if student.login in m["text"]])
    assert notice["subject"] == "Your institutional account is active"


def test_two_siblings_on_one_mobile_at_the_same_time_never_meet(whole_stack: WholeStack) -> None:
    env, siblings = whole_stack.env, (Student(), Student())
    siblings[1].mobile = siblings[0].mobile
    for student in siblings:
        enrol(env, student, mobilephone=student.mobile)
    to = f"+30{siblings[0].mobile}"
    with browsing(env, "el") as one, browsing(env, "el") as other:
        played = ((one, siblings[0]), (other, siblings[1]))
        for browser, student in played:
            assert prove(env, browser, to, mobile=student.mobile).path == "/identify"
        for browser, student in played:
            page = browser.submit(answer=f"{student.born:%d/%m/%Y}")
            assert page.path == "/review"
        for browser, _ in played:
            assert browser.submit(decision="agree").path == "/password"
        for browser, student in played:
            browser.submit(password=student.password)
        for browser, _ in played:
            browser.arrive("/done")
    for browser, student in played:
        (sibling,) = set(siblings) - {student}
        seen = "".join(browser.shown)
        assert student.login in seen
        for name in (*sibling.first, *sibling.last):
            assert name not in seen
        assert sibling.login not in seen
        assert sibling.number not in seen
        assert student.logs_in(env)


def test_who_leaves_the_laptop_goes_on_with_the_phone_exactly_there(
    whole_stack: WholeStack,
) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    to = f"+30{student.mobile}"
    with browsing(env, "el") as laptop, browsing(env, "el") as phone:
        assert prove(env, laptop, to, mobile=student.mobile).path == "/review"
        assert laptop.submit(decision="agree").path == "/password"
        reference = laptop.reference

        assert prove(env, phone, to, mobile=student.mobile).path == "/password"
        assert phone.reference == reference

        page = laptop.submit(password="not-the-password-of-the-phone")
        assert page.path == "/continued"
        assert any(reference in line for line in page.lines)
        assert laptop.visit("/password").path == "/continued"

        phone.submit(password=student.password)
        phone.arrive("/done")
        assert laptop.visit("/done").path == "/continued"
        assert student.login not in "".join(laptop.page.lines)
    assert student.logs_in(env)
    elsewhere = to_gsm_greek("συνεχίζεται από άλλη συσκευή")
    assert len(until(lambda: [m for m in messages(env, to) if elsewhere in m["text"]])) == 1


def test_the_same_contact_once_more_brings_no_second_message(whole_stack: WholeStack) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    to = f"+30{student.mobile}"
    with browsing(env, "el") as browser:
        browser.visit("/who")
        browser.submit(who="student")
        browser.submit(mobile=student.mobile)
        reference = browser.reference
        until(lambda: messages(env, to))
        browser.visit("/contact")
        assert browser.submit(mobile=f"+30 {student.mobile}").path == "/pin"
        assert browser.reference == reference
        assert len(messages(env, to)) == 1


def test_a_request_for_help_arrives_at_the_desk(whole_stack: WholeStack) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    with browsing(env, "el") as browser:
        browser.visit("/who")
        browser.submit(who="student")
        browser.submit(mobile=student.mobile)
        reference = browser.reference
        browser.visit(f"/problem/{reference.lower()}")
        page = browser.submit(
            name=student.first.el, reply_to="me@mail.example", text="Ο κωδικός δεν ήρθε."
        )
        assert page.path == f"/problem/{reference.lower()}"
        assert page.title.startswith("Το αίτημά σας έφτασε")

    def arrived() -> list[Message]:
        desk = messages(env, "support@university.example")
        return [message for message in desk if reference in message["subject"]]

    (letter,) = until(arrived)
    for told in (reference, "pin", student.first.el, "me@mail.example", "Ο κωδικός δεν ήρθε."):
        assert told in letter["text"]


def test_staff_cancel_from_the_command_line_and_the_page_says_so(whole_stack: WholeStack) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    with browsing(env, "el") as browser:
        browser.visit("/who")
        browser.submit(who="student")
        browser.submit(mobile=student.mobile)
        words = ("support", "cancel", browser.reference, "--reason", "asked at the desk")
        ended = whole_stack.command(*words)
        assert (ended.returncode, ended.stdout) == (0, "Done.\n"), ended.stderr
        assert browser.visit("/pin").path == "/ended"
        assert "ακυρώθηκε" in browser.page.title
    again = whole_stack.command(*words)
    assert again.returncode != 0
    assert "The activation has ended" in again.stderr
