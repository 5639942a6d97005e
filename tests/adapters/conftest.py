"""What the tests of adapters share: an SMS gateway, and its secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.activities.conftest import make_person
from tests.adapters.gateway import Gateway, running

__all__ = ["make_person"]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as made:
        yield made


@pytest.fixture
def secret(gateway: Gateway, tmp_path: Path) -> Path:
    gateway.secret = "sesame"
    file = tmp_path / "secret"
    file.write_text("sesame\n")
    return file
