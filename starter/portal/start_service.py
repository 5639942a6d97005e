"""Starts activations: notes each in the ledger, admits it at the workers' pace, hands it over."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from domain.contracts.channels import Channel
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Language
from ledger import activations, starts
from postgres import NO_RESULT, Pool
from security.keys import KeyRing
from settings import Settings
from starter.portal.page_state import Engine
from starter.portal.texts import Texts

Contacts = Mapping[str, str | None]
"""`mobile` and `email`, each in the spelling that is compared, None where it was not given."""
_LEASE = timedelta(seconds=10)
"""How long a start is counted whose end nobody reports: workers or registrar are away."""
_RELEASED_WITHIN = 0.2
"""Seconds for reporting the end where the request failed."""


@dataclass(frozen=True)
class StartService:
    """What the portal does between the contact form and the workflow's first task."""

    pool: Pool
    keys: KeyRing
    settings: Settings
    texts: Texts
    engine: Engine

    async def admit(self, reference: str) -> bool:
        """Count this start among those under way, over all portals; False where there are enough.

        `reference` names the form, so that the same form again counts once.
        """
        most = self.settings.portal.starts_under_way
        return await starts.admit(self.pool, reference, most=most, lease=_LEASE)

    async def release(self, reference: str) -> None:
        """Count this start no longer."""
        await starts.release(self.pool, reference)

    @asynccontextmanager
    async def released_on_failure(self, reference: str) -> AsyncIterator[None]:
        """Release the start where the block fails, or is cut by the request's time limit."""
        try:
            yield
        except BaseException:
            with suppress(*NO_RESULT):  # The lease ends then.
                async with asyncio.timeout(_RELEASED_WITHIN):
                    await self.release(reference)
            raise

    async def goes_on_for(self, contacts: Contacts) -> bool:
        """Return whether an activation that began with one of these contacts goes on."""
        found = contacts.get("mobile"), contacts.get("email")
        return bool(await activations.begun_with(self.pool, self.keys, *found))

    async def began_with(self, reference: str, contacts: Contacts) -> bool:
        """Return whether this activation began with these very contacts."""
        given = contacts.get("mobile"), contacts.get("email")
        return await activations.same_contact(self.pool, self.keys, reference, *given)

    async def note(
        self, references: Collection[str], language: Language, contacts: Contacts
    ) -> str:
        """Write an activation down and return its reference, the first that is not another's."""
        for reference in references:
            if await activations.begin(
                self.pool, self.keys, reference=reference, language=language, **contacts
            ):
                return reference
        raise LookupError("every reference drawn is taken")

    async def start(self, reference: str, language: Language, contacts: Contacts) -> None:
        """Start the workflow; once more for the same reference changes nothing."""
        await self.engine.start(
            ActivationStart(
                reference=reference,
                language=language,
                policy=self.texts.named_in(self.settings.policy),
                always_ask=self.settings.identity.always_ask,
                channels=Channel.all(),
                **contacts,
            )
        )
