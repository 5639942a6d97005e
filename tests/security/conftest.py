"""What the tests of this room share: keys in a folder of their own, and a real Temporal."""

from pathlib import Path

import pytest

from security import keys, rotation
from tests.server import client, reference, world

__all__ = ["client", "reference", "world"]

EPOCH = "2026-11"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rotation.create(tmp_path, EPOCH)
    return tmp_path


@pytest.fixture
def ring(folder: Path) -> keys.KeyRing:
    return keys.KeyRing(folder)
