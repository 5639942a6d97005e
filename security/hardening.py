"""Sets up a process that holds secrets: redacted logs, and no core dump with its memory."""

import resource
from contextlib import suppress
from pathlib import Path

from security import redaction

_FILTER = Path("/proc/self/coredump_filter")


def harden(log_level: str) -> None:
    """Redact this process's logs, and keep its memory out of core dumps."""
    redaction.configure(log_level)
    refuse_dumps()


def refuse_dumps() -> None:
    """Keep this process's memory out of core dumps.

    A limit of 0 ends dumps that the kernel writes itself. A handler such as systemd-coredump gets
    them in spite of it: the filter leaves all memory out. Both pass on to child processes.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Where /proc may not be written, the limit is left.
        _FILTER.write_text("0", "ascii")
