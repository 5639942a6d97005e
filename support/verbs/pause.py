"""Pauses new activations with a text for students, and resumes them, for operators."""

from ledger import pauses
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_

LONGEST = 500


async def pause(ctx: StaffContext, *, el: str, en: str, reason: str) -> None:
    """Stop new activations from starting; idempotent for the same texts. Raises `ActionRefused`."""
    ctx.staff.check(Action.OPERATE)
    greek, english = (" ".join(text.split()) for text in (el, en))
    if not greek or not english:
        raise ActionRefused(N_("Write what students read, in Greek and in English."))
    if max(len(greek), len(english)) > LONGEST:
        raise ActionRefused(N_("What students read may have 500 characters at most."))
    now = await pauses.current(ctx.pool)
    if now and (now.text_el, now.text_en) == (greek, english):
        return
    await ctx.record(Action.OPERATE, reason=f"pause: {reason}")
    await pauses.begin(ctx.pool, el=greek, en=english)


async def resume(ctx: StaffContext, *, reason: str) -> bool:
    """Let new activations start again; return False if they were not paused."""
    ctx.staff.check(Action.OPERATE)
    if await pauses.current(ctx.pool) is None:
        return False
    await ctx.record(Action.OPERATE, reason=f"resume: {reason}")
    return await pauses.end(ctx.pool)
