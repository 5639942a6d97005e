"""Through the real portal: a stranger's activation is stopped by whoever got its message."""

import json
from functools import partial

from domain.references import first_group
from tests.stack import WholeStack
from tests.whole.student import Student, until
from tests.whole.test_journeys import Browser, browsing, enrol
from tests.whole.test_stranger import begin, code_of


def test_whoever_got_the_message_stops_it_and_staff_open_the_contact_again(
    whole_stack: WholeStack,
) -> None:
    env, student = whole_stack.env, Student()
    enrol(env, student, mobilephone=student.mobile)
    to = f"+30{student.mobile}"

    code = partial(code_of, env, to)

    def asks(browser: Browser, mark: str, pin: str) -> tuple[str, str]:
        browser.visit(f"/not-me?mark={mark}")
        page = browser.submit(mark=mark, pin=pin)
        return page.path, page.title

    with browsing(env, "el") as thief, browsing(env, "el") as owner:
        begin(thief, student)
        sent, mark = str(until(partial(code, thief))), first_group(thief.reference)
        # The thief has read the code over a shoulder, and is as far as the password.
        assert thief.submit(pin=sent).path == "/review"
        assert thief.submit(decision="agree").path == "/password"
        wrong = f"{(int(sent) + 1) % 10**6:06d}"
        refused = asks(owner, mark, wrong)
        institution = refused[1].rpartition(" - ")[2]
        assert refused == asks(owner, "A-0000", sent)
        assert asks(owner, mark, sent) == ("/not-me", f"Η ενεργοποίηση σταμάτησε - {institution}")
        assert "σταμάτησε" in thief.submit(password=student.password).title
        reference = thief.reference
        # Nobody gets an ordinary code now, and the one that is there is worth nothing.
        begin(thief, student)
        page = thief.visit("/pin")
        assert "Δεν στείλαμε εξαψήφιο κωδικό (pin)" in page.title
        assert any("δήλωσε ότι δεν τον ζήτησε" in line for line in page.lines)
        assert any("answer" in form.names for form in page.forms)
    shown = json.loads(whole_stack.command("support", "show", reference, "--json").stdout)
    assert (shown["step"], shown["wait_reason"]) == ("cancelled", "NOT_ME")
    assert "δεν το είχε ζητήσει" in shown["sentence"]
    assert ("submitted", "2 x not_me") in {(e["what"], e["detail"]) for e in shown["timeline"]}
    words = ("support", "reopen", reference, "--reason", "it was the student after all")
    opened = whole_stack.command(*words)
    assert (opened.returncode, opened.stdout) == (0, "Open again.\n"), opened.stderr
    again = whole_stack.command(*words)
    assert "No contact" in again.stderr
    with browsing(env, "el") as owner:
        begin(owner, student)
        assert owner.submit(pin=str(until(partial(code, owner)))).path == "/review"
