"""The pages of docs/reference/ and what writes each; that of the tables needs a ledger."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.reference import commands_page, metrics_page, settings_page, states_pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
TABLES = "tables.md"
WRITERS: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page.write,
    "failure-types.md": states_pages.write_failures,
    "metrics.md": metrics_page.write,
    "settings.md": settings_page.write,
    "states.md": states_pages.write_states,
}
