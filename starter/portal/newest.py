"""The newest answer of the engine, encrypted in the session for the page after a redirect."""

from contextlib import suppress

from cryptography.exceptions import InvalidTag

from domain.contracts.views import Progress
from ledger.sessions import Newest, Session
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing


def sealed(keys: KeyRing, progress: Progress) -> Newest | None:
    """Encrypt an answer; None for one of a worker of an older version, which counts none."""
    if progress.run is None or progress.version is None:
        return None
    with suppress(KeyUnavailable):
        box = keys.encrypt("typed", _context(progress.reference), progress.model_dump_json())
        return Newest(progress.reference, progress.run, progress.version, box)
    return None


def opened(keys: KeyRing, session: Session) -> Progress | None:
    """Decrypt the answer that this session has for its page, None without one."""
    if session.progress is None or session.reference is None:
        return None
    with suppress(KeyUnavailable, InvalidTag, ValueError):
        text = keys.decrypt("typed", _context(session.reference), session.progress)
        return Progress.model_validate_json(text)
    return None


def _context(reference: str) -> str:
    """Return what tells this column from the contacts that were typed, under the same key."""
    return f"{reference}\0progress"
