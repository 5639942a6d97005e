"""Operators pause new activations, in words that students read, and let them begin again."""

from ledger import pauses
from support.verbs.actions import Refused
from support.verbs.desk import Desk
from support.verbs.staff import Action
from translations import N_

LONGEST = 500


async def pause(desk: Desk, *, el: str, en: str, reason: str) -> None:
    """Let no new activation begin; the same words once more change nothing. Raises `Refused`."""
    desk.staff.check(Action.OPERATE)
    greek, english = (" ".join(text.split()) for text in (el, en))
    if not greek or not english:
        raise Refused(N_("Write what students read, in Greek and in English."))
    if max(len(greek), len(english)) > LONGEST:
        raise Refused(N_("What students read may have 500 characters at most."))
    now = await pauses.current(desk.pool)
    if now and (now.text_el, now.text_en) == (greek, english):
        return
    await desk.record(Action.OPERATE, reason=f"pause: {reason}")
    await pauses.begin(desk.pool, el=greek, en=english)


async def resume(desk: Desk, *, reason: str) -> bool:
    """Let new activations begin again; False when they could already."""
    desk.staff.check(Action.OPERATE)
    if await pauses.current(desk.pool) is None:
        return False
    await desk.record(Action.OPERATE, reason=f"resume: {reason}")
    return await pauses.end(desk.pool)
