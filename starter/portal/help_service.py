"""Takes requests for help: keeps them in the ledger, and has them mailed to support staff."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from domain.contracts.vocabulary import Language
from ledger import support_requests
from ledger.support_requests import HelpRequest
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from starter.client.activations import ActivationEnded
from starter.client.connect import NO_ANSWER
from starter.page_state import Engine
from web import times

Read = TypeVar("Read")
_AWAY: tuple[type[Exception], ...] = (ActivationEnded, *NO_ANSWER)


@dataclass(frozen=True)
class HelpService:
    pool: Pool
    keys: KeyRing
    engine: Engine

    async def unless_away(self, reading: Awaitable[Read]) -> Read | None:
        """Return what is read from the ledger; None if it does not answer at once."""
        with suppress(*UNAVAILABLE):
            async with asyncio.timeout(times.HELP_SECONDS):
                return await reading
        return None

    async def state_text(self, reference: str) -> str | None:
        """Return step and wait reason; None if Temporal does not answer at once."""
        with suppress(*_AWAY):
            async with asyncio.timeout(times.HELP_SECONDS):
                recorded = await self.engine.recorded_state(reference)
                return " ".join(word for word in recorded[:2] if word) if recorded else None
        return None

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
        with suppress(*_AWAY):
            async with asyncio.timeout(times.HELP_SECONDS):
                await self.engine.mail_support_request(request_id)
