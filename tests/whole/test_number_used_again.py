"""A student number that the registrar uses again: the newcomer is never shown its first owner."""

import re

import asyncpg

from demo.part import aside
from demo.visitor import Visitor
from tests.stack import WholeStack
from tests.whole.student import Student, until
from tests.whole.test_journeys import browsing, enrol, messages, prove


async def strike(dsn: str, student: Student) -> None:
    records = await asyncpg.connect(dsn)
    try:
        await records.execute("DELETE FROM v_vd_sis WHERE registrationid = $1", student.number)
    finally:
        await records.close()


def test_the_newcomer_waits_for_support_and_sees_nothing_of_the_first_owner(
    whole_stack: WholeStack,
) -> None:
    env, first, newcomer = whole_stack.env, Student(), Student()
    enrol(env, first, mobilephone=first.mobile)
    with browsing(env, "el") as browser:
        prove(env, browser, f"+30{first.mobile}", mobile=first.mobile)
        browser.submit(decision="agree")
        browser.submit(password=first.password)
        browser.arrive("/done")

    aside(strike(env["REGISTRAR_DSN"], first))
    newcomer.number, first.number = first.number, Student().number
    enrol(env, newcomer, mobilephone=newcomer.mobile)
    enrol(env, first, mobilephone=first.mobile, loginname=None)

    with browsing(env, "el") as browser:
        browser.visit("/who")
        browser.submit(who="student")
        browser.submit(mobile=newcomer.mobile)
        (message,) = until(lambda: messages(env, f"+30{newcomer.mobile}"))
        pin = re.findall(r"(?<!\d)\d{6}(?!\d)", message["text"])[-1]
        Visitor.submit(browser, pin=pin)
        until(lambda: "παλαιότερη εγγραφή" in "".join(browser.visit("/progress").lines))
        seen = "".join(browser.shown)
        for others in (first.login, *first.first, *first.last, first.mobile):
            assert others not in seen
    with browsing(env, "el") as browser:
        page = prove(env, browser, f"+30{first.mobile}", mobile=first.mobile)
        assert page.path == "/ended"
        assert first.login in page.lines
    assert first.logs_in(env)
