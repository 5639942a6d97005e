"""A browser's session: a token in its cookie, of which the ledger knows only the hash.

The cookie carries a random token and nothing else: a name the session keeps, and a secret that
changes when the session is worth more: with each contact given and with each proof. The new one
follows from the old one and the submission, so that the same submission once more, be it a second
click or a lost answer, is given the same new token; with anything else the old one is worth
nothing. A browser that has not begun gets a token without a row, so that its first form has a CSRF
token like every other.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from ledger import sessions as ledger
from postgres import UNAVAILABLE, Pool
from settings import Portal
from web.forms import name_of


async def _twice(change: Callable[[], Awaitable[bool]]) -> bool:
    """Make an idempotent change, once more where the connection was lost in the midst of it.

    Whether it was made is then unknown, and a browser left with the old token may have lost its
    session. A ledger that does not answer in time is not asked again.
    """
    try:
        return await change()
    except TimeoutError:
        raise
    except UNAVAILABLE:
        return await change()


class Sessions:
    def __init__(self, pool: Pool, portal: Portal, key: bytes) -> None:
        self._pool = pool
        self._key = key
        self._idle = timedelta(minutes=portal.session_idle_minutes)
        self._absolute = timedelta(minutes=portal.session_absolute_minutes)

    def draw(self) -> str:
        """Return a token for a browser that has no session yet."""
        return f"{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"

    async def find(self, token: str | None, submission_id: str | None) -> ledger.Session | None:
        if not token:
            return None
        return await ledger.find(
            self._pool, token, submission_id, idle=self._idle, absolute=self._absolute
        )

    async def begin(self, old: str | None) -> str:
        """Start anew, whoever used this browser before, and return the new token."""
        if old:
            await self.end(old)
        token = self.draw()
        await ledger.create(self._pool, token)
        return token

    async def attach(
        self, token: str, submission_id: str, reference: str, typed: bytes | None
    ) -> str | None:
        """Let the session stand for this activation; returns its new token, as `rotate`."""
        fresh = self.successor(token, submission_id)
        attach = partial(ledger.attach, self._pool, token, fresh, submission_id)
        return fresh if await _twice(partial(attach, reference=reference, typed=typed)) else None

    async def take_over(
        self, token: str, reference: str, proof: str | None, typed: bytes | None
    ) -> None:
        await ledger.take_over(self._pool, token, reference, proof, typed)

    async def rotate(self, token: str, submission_id: str) -> str | None:
        """Return the token that follows this one; None where there is none to follow."""
        fresh = self.successor(token, submission_id)
        rotate = partial(ledger.rotate, self._pool, token, fresh, submission_id)
        return fresh if await _twice(rotate) else None

    def successor(self, token: str, submission_id: str) -> str:
        named = b"\0".join((b"rotate", token.encode(), submission_id.encode()))
        return f"{name_of(token)}.{hmac.digest(self._key, named, 'sha256').hex()}"

    async def end(self, token: str) -> None:
        await ledger.drop(self._pool, token)
