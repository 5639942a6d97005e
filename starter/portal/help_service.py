"""Takes requests for help: keeps them in the ledger, and has them mailed to support staff."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from domain.contracts.vocabulary import Language
from ledger import support_requests
from ledger.refusals import refuses
from ledger.support_requests import HelpRequest
from postgres import UNAVAILABLE, Pool
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from starter.client.activations import ActivationEnded
from starter.client.connect import NO_ANSWER
from starter.page_state import Engine
from web import times

Read = TypeVar("Read")
_AWAY: tuple[type[BaseException], ...] = (
    ActivationEnded,
    KeyUnavailable,
    *NO_ANSWER,
    *UNAVAILABLE,
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HelpService:
    pool: Pool
    keys: KeyRing
    engine: Engine

    async def if_possible(self, asked: Awaitable[Read | None]) -> Read | None:
        """Return what ledger or engine answer; None if that is not at once, or if it fails.

        Whoever asks for help has met a failure already, which may not meet them here again.
        """
        try:
            async with asyncio.timeout(times.HELP_SECONDS):
                return await asked
        except _AWAY:
            return None
        except Exception as error:  # noqa: BLE001 - a bug elsewhere leaves the page of help open
            if not refuses(error):
                # Without the traceback, whose rendering takes the time that the page has left.
                failure = type(error).__name__
                log.error("a request for help goes on without", failure=failure)  # noqa: TRY400
            return None

    async def state_text(self, reference: str) -> str | None:
        """Return step and wait reason; None if Temporal does not tell them."""
        recorded = await self.if_possible(self.engine.recorded_state(reference))
        return " ".join(word for word in recorded[:2] if word) if recorded else None

    async def keep(
        self,
        request_id: str,
        *,
        reference: str | None,
        step: str | None,
        language: Language,
        name: str,
        reply_to: str,
        text: str,
        phone: str,
    ) -> None:
        """Keep a request; idempotent by its id.

        `step` is the state of the activation, if it is known.
        """
        request = HelpRequest(request_id, reference, step, language, name, reply_to, text, phone)
        await support_requests.put(self.pool, self.keys, request)

    async def mail(self, request_id: str) -> None:
        """Start the workflow that mails a kept request; without Temporal the outbox does it."""
        await self.if_possible(self.engine.mail_support_request(request_id))
