"""The pause of new activations, and the texts that students read meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from domain.contracts.vocabulary import Language
from postgres import Pool


@dataclass(frozen=True)
class Pause:
    text_el: str
    text_en: str
    since: datetime

    def text(self, language: Language) -> str:
        return self.text_el if language is Language.EL else self.text_en


async def begin(pool: Pool, *, el: str, en: str) -> None:
    """Pause new activations; where they are paused already, change only the texts (upsert)."""
    await pool.execute(
        "INSERT INTO pause (text_el, text_en) VALUES ($1, $2)"
        " ON CONFLICT (one) DO UPDATE SET text_el = $1, text_en = $2",
        el,
        en,
    )


async def end(pool: Pool) -> bool:
    """End the pause; return False when there was none."""
    return await pool.fetchval("DELETE FROM pause RETURNING true") is True


async def current(pool: Pool) -> Pause | None:
    row = await pool.fetchrow("SELECT text_el, text_en, since FROM pause")
    return Pause(**row) if row else None
