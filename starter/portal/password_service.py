"""Checks, suggests and seals passwords; in clear text they exist only in this process's memory.

A form submits a suggestion by its number: the ledger keeps the texts, encrypted, under the key of
the page view that showed them.
"""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from domain import passwords, personal
from domain.contracts.vocabulary import Language
from domain.rules import InputRule
from domain.suggestions import suggest
from ledger import passwords as sealed_passwords
from ledger import suggestions
from ledger.refusals import passed_over
from postgres import Pool
from security import sealing
from security.keys import KeyRing
from settings import Settings

_SUGGESTED = 3
_EXECUTOR = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judging")
"""One thread for checks, which take up to 30 ms of CPU that would block the event loop."""


@dataclass(frozen=True)
class PasswordService:
    """`own` are the student's names and numbers, which no password may contain."""

    pool: Pool
    keys: KeyRing
    settings: Settings

    async def judge(self, chosen: str, own: Sequence[str]) -> Sequence[InputRule]:
        """Return the rules that a password breaks."""
        forbidden = (self._institution_words, self.settings.institution.common_words)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_EXECUTOR, passwords.judge, chosen, own, *forbidden)

    async def seal(self, reference: str, sealed_id: str, chosen: str) -> None:
        """Seal a password for the workers that create accounts, and store it in the ledger."""
        await sealed_passwords.put(
            self.pool,
            reference=reference,
            sealed_id=sealed_id,
            sealed=sealing.seal(self.keys, reference, chosen),
            ttl=timedelta(hours=self.settings.sealed_password_hours),
        )

    def suggest(self, language: Language, own: Sequence[str]) -> list[str]:
        """Return random passwords of common words without the student's own data."""
        avoided = (*own, *self._institution_words)
        return [suggest(language, secrets.randbelow, avoided) for _ in range(_SUGGESTED)]

    async def offer(self, page: str, offered: Sequence[str]) -> None:
        await suggestions.offer(self.pool, self.keys, page=page, suggestions=offered)

    async def offered(self, page: str) -> Sequence[str]:
        """Return the suggestions of this page view; empty once they have expired."""
        return await suggestions.offered(self.pool, self.keys, page=page)

    async def forget(self, page: str) -> None:
        """Delete the suggestions of this page view; if the ledger fails they expire anyway."""
        with passed_over():
            await suggestions.forget(self.pool, self.keys, page=page)

    @property
    def _institution_words(self) -> Sequence[str]:
        institution = self.settings.institution
        names = (institution.name_el, institution.name_en, institution.domain.split(".")[0])
        return personal.without(names, institution.plain_words)
