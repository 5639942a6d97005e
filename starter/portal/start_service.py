"""Starts activations: admits each at the workers' rate, records it in the ledger and starts it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.contracts.channels import Channel
from domain.contracts.submissions import ActivationStart
from domain.contracts.views import Progress
from domain.contracts.vocabulary import Language
from ledger import activations, starts
from ledger.refusals import passed_over
from postgres import Pool
from security import log_context
from security.keys import KeyRing
from settings import Settings
from starter.page_state import Engine
from starter.portal.texts import Texts
from web import times

Contacts = Mapping[str, str | None]
"""`mobile` and `email` in normalised form, None where not given."""


@dataclass(frozen=True)
class StartService:
    """The work of the portal between the contact form and the workflow's first task."""

    pool: Pool
    keys: KeyRing
    settings: Settings
    texts: Texts
    engine: Engine

    async def admit(self, reference: str) -> bool:
        """Take a lease for this start; returns False at the limit over all portals.

        `reference` identifies the form, so that a repeated form counts once.
        """
        most = self.settings.portal.starts_under_way
        return await starts.admit(self.pool, reference, most=most, lease=times.START_LEASE)

    async def release(self, reference: str) -> None:
        """Release the lease of this start."""
        await starts.release(self.pool, reference)

    @asynccontextmanager
    async def released_on_failure(self, reference: str) -> AsyncIterator[None]:
        """Release the lease if the block fails or is cancelled by the request's time limit."""
        try:
            yield
        except BaseException:
            with passed_over():  # The lease expires by itself.
                async with asyncio.timeout(times.RELEASE_SECONDS):
                    await self.release(reference)
            raise

    async def goes_on_for(self, contacts: Contacts) -> bool:
        """Return whether an activation that began with one of these contacts is running."""
        found = contacts.get("mobile"), contacts.get("email")
        return bool(await activations.begun_with(self.pool, self.keys, *found))

    async def began_with(self, reference: str, contacts: Contacts) -> bool:
        """Return whether this activation began with exactly these contacts."""
        given = contacts.get("mobile"), contacts.get("email")
        return await activations.same_contact(self.pool, self.keys, reference, *given)

    async def note(
        self, references: Collection[str], language: Language, contacts: Contacts
    ) -> str:
        """Record an activation in the ledger under the first free reference, and return that."""
        for reference in references:
            if await activations.begin(
                self.pool, self.keys, reference=reference, language=language, **contacts
            ):
                return reference
        raise LookupError("every reference drawn is taken")

    async def start(
        self, reference: str, language: Language, contacts: Contacts, *, within: timedelta
    ) -> Progress | None:
        """Start the workflow; idempotent by reference.

        Returns the progress once the student was looked up, None if that takes longer.
        """
        log_context.about(reference)
        # Otherwise the question, or none, would tell whether the second contact is on file.
        conceals = self.settings.portal.disclosure == "uniform" and None not in contacts.values()
        start = ActivationStart(
            reference=reference,
            language=language,
            policy=self.texts.named_in(self.settings.policy),
            always_ask=self.settings.identity.always_ask or conceals,
            channels=Channel.all(),
            utc_offset=datetime.now(self.settings.institution.timezone).utcoffset(),
            **contacts,
        )
        return await self.engine.look_up(start, within=within)
