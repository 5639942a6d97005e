"""Whatever a page asks without a person says so, so that it does not keep a session alive."""

import re
from pathlib import Path

import settings
from web.context import REFRESHED

ROOT = Path(settings.__file__).parents[1]
PRESSED = 'fetch("/session", { method: "POST"'
"""What a script sends because somebody pressed a button or typed."""


def test_scripts_ask_through_the_function_that_says_so() -> None:
    for file in (ROOT / "templates/static").glob("*.js"):
        text = file.read_text("utf-8")
        told = text.count('"Page-Refresh": "1"')
        asked = re.findall(r"\bfetch\(|XMLHttpRequest|EventSource|WebSocket|sendBeacon", text)
        assert len(asked) - text.count(PRESSED) == told, file.name
        for address in re.findall(r"location\.(?:replace|assign)\(([^)]*)\)", text):
            assert REFRESHED in address, file.name
        assert not re.findall(r"location\.reload|location(?:\.href)? = ", text), file.name


def test_pages_that_reload_themselves_open_an_address_that_says_so() -> None:
    sources = [*(ROOT / "templates").rglob("*.html")]
    for room in ("starter", "support", "web"):
        sources += (ROOT / room).rglob("*.py")
    found = set()
    for file in sources:
        text = file.read_text("utf-8")
        if seconds := re.findall(r'(?:http-equiv="refresh" content=|"Refresh": f?)"(.)', text):
            found.add(file.name)
            # At once is the rest of what somebody did.
            assert seconds == ["0"] or REFRESHED in text.casefold(), file.name
    assert found == {"progress.html", "not_activated.py", "console_request.py"}
