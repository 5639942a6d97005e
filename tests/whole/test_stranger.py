"""Whose messages a stranger has spent still comes to an account: by a second datum, or by staff."""

import re
from collections.abc import Mapping
from functools import partial

from domain.references import first_group
from tests.stack import WholeStack
from tests.whole.student import Student, until
from tests.whole.test_journeys import Browser, browsing, enrol, messages


def code_of(env: Mapping[str, str], to: str, browser: Browser) -> str | None:
    """Return the code in a message to this contact with the mark of the browser's activation."""
    mark = first_group(browser.reference)
    texts = (message["text"] for message in messages(env, to) if mark in message["text"])
    return next((re.findall(r"(?<!\d)\d{6}(?!\d)", text)[-1] for text in texts), None)


def begin(browser: Browser, student: Student) -> None:
    browser.visit("/who")
    browser.submit(who="student")
    browser.submit(mobile=student.mobile)
    browser.arrive("/pin")


def test_the_owner_of_a_mobile_that_a_stranger_spent_gets_in_all_the_same(
    whole_stack: WholeStack,
) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    to = f"+30{student.mobile}"

    code = partial(code_of, env, to)

    for _ in range(3):
        with browsing(env, "el") as stranger:
            begin(stranger, student)
            until(partial(code, stranger))
            assert stranger.submit(pin="000000").path == "/pin"
    with browsing(env, "el") as owner:
        begin(owner, student)
        assert "Δεν στείλαμε εξαψήφιο κωδικό (pin)" in owner.visit("/pin").title
        wrong = owner.submit(answer="1/1/1901")
        assert any("Απομένουν 2 προσπάθειες" in line for line in wrong.lines)
        assert owner.submit(answer=f"{student.born:%d/%m/%Y}").path == "/pin"
        until(partial(code, owner))
    # The browser is closed before the code is typed, and the kept one has gone.
    with browsing(env, "el") as owner:
        begin(owner, student)
        assert not any("answer" in form.names for form in owner.visit("/pin").forms)
        words = ("support", "resend", owner.reference, "--reason", "asked at the desk")
        sent = whole_stack.command(*words)
        assert (sent.returncode, sent.stdout) == (0, "Done.\n"), sent.stderr
        again = whole_stack.command(*words)
        assert "staff" in again.stderr
        owner.visit("/pin")
        assert owner.submit(pin=str(until(partial(code, owner)))).path == "/review"
        owner.submit(decision="agree")
        owner.submit(password=student.password)
        owner.arrive("/done")
    assert student.logs_in(env)
    assert len([m for m in messages(env, to) if re.search(r"(?<!\d)\d{6}(?!\d)", m["text"])]) == 5
