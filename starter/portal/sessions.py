"""Browser sessions: a token in the cookie, of which the ledger keeps only the hash.

The token has a name, which the session keeps, and a secret, which is rotated when the session
gains rights: with each contact given and each proof. The new token is an HMAC of the old one and
the submission id, so that a repeated submission (a double click, a lost response) gets the same new
token; for anything else the old token is invalid. A browser without a session gets a token without
a row, so that its first form has a CSRF token too.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from ledger import posts
from ledger import sessions as ledger
from ledger.budgets import Bound, Taken
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings.pages import Portal
from web import times
from web.forms import name_of

T = TypeVar("T")


async def _twice(change: Callable[[], Awaitable[T]]) -> T:
    """Make an idempotent change, and retry once after a lost connection.

    After a lost connection it is unknown whether the change was made, and a browser with the old
    token might have lost its session. A time-out is not retried.
    """
    try:
        return await change()
    except TimeoutError:
        raise
    except UNAVAILABLE:
        return await change()


class SessionTime(NamedTuple):
    """How many whole seconds a session lasts if it is not used, and at most; when it ends then."""

    idle: int
    in_all: int
    ends_at: datetime

    @property
    def warns(self) -> int:
        """Return how many seconds before the end a page asks whether to go on."""
        return min(int(times.SESSION_WARNING.total_seconds()), self.idle // 3)


class Sessions:
    def __init__(self, pool: Pool, portal: Portal, keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys
        self._key = keys.session_key
        self._idle = timedelta(minutes=portal.session_idle_minutes)
        self._absolute = timedelta(minutes=portal.session_absolute_minutes)

    def draw(self) -> str:
        """Return a token for a browser that has no session yet."""
        return f"{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"

    async def find(
        self,
        token: str | None,
        submission_id: str | None,
        *,
        take: bool = False,
        counts: str | None = None,
        used: bool = True,
    ) -> ledger.Session | None:
        """Return the session; with `take` its newest answer, which then serves no other page.

        `counts` is a submission to count for its activation; not `used`, it ends no later for it.
        """
        if not token:
            return None
        return await ledger.find(
            self._pool,
            self._keys,
            token,
            submission_id,
            idle=self._idle,
            absolute=self._absolute,
            take=take,
            counts=counts,
            used=used,
        )

    def time_left(self, session: ledger.Session, now: datetime) -> SessionTime | None:
        if session.seen_at is None or session.began_at is None:
            return None
        ends = session.seen_at + self._idle, session.began_at + self._absolute
        idle, in_all = (max(int((end - now).total_seconds()), 0) for end in ends)
        return SessionTime(idle, in_all, min(ends))

    async def take_form(
        self, token: str, own: Bound, by_address: Sequence[Bound]
    ) -> dict[str, Taken]:
        """Count a form by its session if that has an activation, else by the client's address."""
        session, lives = ledger.token_hash(token), (self._idle, self._absolute)
        return await posts.take_form(self._pool, session, [own, *by_address], *lives)

    async def keep(self, token: str, newest: ledger.Newest) -> bool:
        return await ledger.keep(self._pool, token, newest)

    async def begin(self, old: str | None) -> str:
        """End the old session of this browser, create a new one and return its token."""
        token = self.draw()
        await ledger.begin(self._pool, token, old)
        return token

    async def attach(
        self, token: str, submission_id: str, reference: str, typed: bytes | None
    ) -> str | None:
        """Attach the session to this activation; returns its new token, as `rotate`."""
        fresh = self.successor(token, submission_id)
        attach = partial(ledger.attach, self._pool, self._keys, token, fresh, submission_id)
        return fresh if await _twice(partial(attach, reference=reference, typed=typed)) else None

    async def take_over(
        self, token: str, reference: str, proof: str | None, typed: bytes | None
    ) -> None:
        await ledger.take_over(self._pool, self._keys, token, reference, proof, typed=typed)

    async def rotate(
        self, token: str, submission_id: str, newest: ledger.Newest | None
    ) -> tuple[str | None, bool]:
        """Rotate the token, and keep an answer as `keep`.

        Returns the new token, None if the session does not exist, and what `keep` returns.
        """
        fresh = self.successor(token, submission_id)
        rotate = partial(ledger.rotate, self._pool, self._keys, token, fresh, submission_id)
        kept = await _twice(partial(rotate, newest=newest))
        return (None if kept is None else fresh), bool(kept)

    def successor(self, token: str, submission_id: str) -> str:
        named = b"\0".join((b"rotate", token.encode(), submission_id.encode()))
        return f"{name_of(token)}.{hmac.digest(self._key, named, 'sha256').hex()}"

    async def end(self, token: str) -> None:
        await ledger.drop(self._pool, token)
