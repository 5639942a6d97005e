"""The certificate authorities that the tests trust by default."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi

_NAME = "SSL_CERT_FILE"
SYSTEMS = {name: value for name, value in os.environ.items() if name == _NAME}
"""The variable for the system's own authorities, if there is one: for what asks other servers."""
_END = "-----END CERTIFICATE-----\n"


@contextmanager
def a_single_one() -> Iterator[None]:
    """Let this process, and those that it starts, trust one public authority by default.

    To load all of them takes 30 ms of a core for each client that the tests make.
    """
    first, end, _ = Path(certifi.where()).read_text("utf-8").partition(_END)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(first + end)
        file.flush()
        os.environ[_NAME] = file.name
        yield
    os.environ.pop(_NAME)
    os.environ.update(SYSTEMS)
