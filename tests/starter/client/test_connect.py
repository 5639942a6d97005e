"""Where Temporal is, told by Temporal's own configuration."""

from pathlib import Path

import pytest

from settings import UnreadableSettings
from starter.client import environment
from tests.stack import TestStack


def test_without_an_address_what_is_missing_is_named(
    stack: TestStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "temporal.toml"
    empty.touch()
    settings = stack.settings.model_copy(update={"temporal_config_file": empty})
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    with pytest.raises(UnreadableSettings, match="TEMPORAL_ADDRESS is not set"):
        environment.server(settings)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert environment.server(settings).get("target_host") == "127.0.0.1:1"
