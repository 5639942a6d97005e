"""One sign-in between its two halves: what the browser keeps, and what is derived from it.

The browser keeps a value with a random part, an end, the page to go on to, and what the browser is
known by, as the way back brings no strict cookie. State, nonce and
PKCE verifier are HMACs of it, so no store is needed, and no state fits a value that was changed or
came from another browser. That each is used once, the ledger counts.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.oidc.provider import Secrets
from web import forms

LIFETIME = timedelta(minutes=10)
_LONGEST_PATH = 500


@dataclass(frozen=True)
class Flow:
    """A sign-in under way."""

    kept: str
    onward: str
    ends: datetime
    browser: str

    def secrets(self, key: bytes) -> Secrets:
        state, nonce, verifier = (
            hmac.digest(key, f"oidc {purpose}\0{self.kept}".encode(), "sha256").hex()
            for purpose in ("state", "nonce", "verifier")
        )
        return Secrets(state, nonce, verifier)


def begin(onward: str, browser: str, now: datetime) -> Flow:
    """Return a new sign-in that goes on to this page of the console."""
    path = onward if len(onward) <= _LONGEST_PATH else "/"
    ends = now + LIFETIME
    encoded = base64.urlsafe_b64encode(path.encode()).decode()
    kept = f"{forms.draw()}{forms.draw()}.{int(ends.timestamp())}.{encoded}.{browser}"
    return Flow(kept, path, ends, browser)


def read(kept: str | None) -> Flow | None:
    """Return the sign-in of a browser's value, which only its state proves; None if it is none."""
    try:
        _, ends, encoded, browser = (kept or "").split(".")
        path = base64.urlsafe_b64decode(encoded).decode()
        return Flow(kept or "", path, datetime.fromtimestamp(int(ends), UTC), browser)
    except (ValueError, OverflowError, OSError):
        return None


def fits(flow: Flow, key: bytes, states: list[str], now: datetime) -> bool:
    """Whether the provider's answer is to this browser's own sign-in, and in time."""
    state = states[0] if len(states) == 1 else ""
    expected = flow.secrets(key).state
    return hmac.compare_digest(state.encode(errors="replace"), expected.encode()) and (
        now < flow.ends
    )
