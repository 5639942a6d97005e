"""Key files: 64 hexadecimal digits each, written atomically, and validated when read.

A file that is empty, truncated, unreadable or malformed is never used as a key: reading it raises
`KeyUnavailable`, whose text names the file and never its content.
"""

import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path

_KEY = re.compile(rb"[0-9a-fA-F]{64}")


class KeyUnavailable(LookupError):
    """A key is missing, or its file cannot be used; the text says which, and what to do."""


class BrokenKey(KeyUnavailable):
    """The file exists, but cannot be read as a key."""


def read_key(path: Path) -> bytes:
    """Return the 32 bytes of a key file as it is now; raises `KeyUnavailable`."""
    key = find_key(path)
    if key is None:
        raise KeyUnavailable(
            f"the key file {path} is missing: copy it here from the backup, or from the machine"
            " on which keys are made"
        )
    return key


def find_key(path: Path) -> bytes | None:
    """Return the 32 bytes of a key file as it is now, None without one; raises `BrokenKey`."""
    try:
        return _read_key(path, *written(path))
    except FileNotFoundError:
        return None
    except OSError:
        raise BrokenKey(
            f"the key file {path} cannot be read by this process: see to its owner and mode"
        ) from None


def written(path: Path) -> tuple[int, int, int]:
    """Return what differs after a file was written or replaced; raises `OSError`."""
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=512)
def _read_key(path: Path, *_written: int) -> bytes:
    """Read a file; its stat is part of the cache key, so that a rewritten file is read again."""
    text = path.read_bytes().strip()
    if not _KEY.fullmatch(text):
        raise BrokenKey(
            f"the key file {path} is empty, cut short or no key: copy it here again from the"
            " backup, or from the machine on which keys are made"
        )
    return bytes.fromhex(text.decode("ascii"))


def write_once(path: Path, text: str) -> bool:
    """Write a new file, synced to disk, mode 600; return False where there is one already."""
    written = _write_temporary(path, text)
    try:
        os.link(written, path)
    except FileExistsError:
        return False
    finally:
        written.unlink()
    _sync(path.parent)
    return True


def replace(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old text or the new one, never a part."""
    _write_temporary(path, text).rename(path)
    _sync(path.parent)


def _write_temporary(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    return Path(name)


def _sync(folder: Path) -> None:
    """Sync the folder to disk, so that its new names survive a power failure."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
