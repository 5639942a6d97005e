"""The address table tells a person everything they need to begin."""

import sys
from pathlib import Path

import pytest

from demo import table as tables
from demo.place import Place
from demo.samples import SAMPLES
from demo.stack import Stack
from demo.table import address_table


def test_it_names_the_addresses_and_each_sample_with_what_is_special(tmp_path: Path) -> None:
    stack = Stack(Place(tmp_path))
    table = address_table(stack)
    for name in ("PORTAL_URL", "INBOX_URL", "TEMPORAL_UI_URL", "LDAP_URL", "LDAPS_URL"):
        assert stack.environment()[name] in table
    for sample in SAMPLES:
        assert (sample.mobile or sample.email or "") in table
        (line,) = (each for each in table.splitlines() if sample.special_en in each)
        assert all(f" {row['registrationid']}" in line for row in sample.rows)
        assert sample.special_el in table
        assert sample.special_en in table
    assert "demo walkthrough" in table


def test_an_installation_names_its_own_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(Place(tmp_path))
    assert " .venv/bin/activation support list" in address_table(stack)
    monkeypatch.setattr(tables, "DEMO", Path(sys.prefix) / ".demo")
    assert f" {sys.prefix}/bin/activation support list" in address_table(stack)
