"""A third channel for tests: known while a test runs, and to no other test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from unittest.mock import patch

from adapters.messaging.port import WIRINGS
from domain.contracts.channels import Channel

_MODULE = "tests.adapters.messaging.folders"


@contextmanager
def more_channels() -> Iterator[None]:
    """Forget at the end what was registered meanwhile."""
    with patch.dict(Channel._registered), patch.dict(WIRINGS):
        yield
        sys.modules.pop(_MODULE, None)


def third_channel() -> ModuleType:
    """Import the module of the third channel: all that its wiring is."""
    return import_module(_MODULE)
