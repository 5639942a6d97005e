"""Keeps what was measured in `bench/results.json`, each part under a name of its own."""

import json
from pathlib import Path

_FILE = Path(__file__).with_name("results.json")


def keep(name: str, figures: object) -> None:
    """Replace the part of this name, and leave the others."""
    kept = json.loads(_FILE.read_text("utf-8")) if _FILE.exists() else {}
    _FILE.write_text(json.dumps({**kept, name: figures}, indent=1) + "\n", "utf-8")
