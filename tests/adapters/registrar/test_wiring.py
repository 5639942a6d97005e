"""One module says which registrar the engine works with; nothing above it knows a view."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("activities", "recognition", "web", "starter", "support", "workflows")
OF_THE_VIEW = re.compile(
    r"adapters\.registrar\.(?!port\b|wiring\b)|registrar\.(?:dsn|view|columns)\b"
)


def test_only_the_wiring_knows_that_the_registrar_is_a_view() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    found = {
        str(file.relative_to(ROOT))
        for file in [*files, ROOT / "worker.py"]
        if OF_THE_VIEW.search(file.read_text("utf-8"))
    }
    assert found == set()
