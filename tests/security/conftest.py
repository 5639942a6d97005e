"""What the tests of this room share: keys in a folder of their own, and a real Temporal."""

import shutil
from pathlib import Path

import pytest

from security import keys, rotation
from tests.server import client, reference, world

__all__ = ["client", "reference", "world"]

EPOCH = "2026-11"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    rotation.create(folder, EPOCH)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a folder of keys that the test may change; all tests begin with the same."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def ring(folder: Path) -> keys.KeyRing:
    return keys.KeyRing(folder)
