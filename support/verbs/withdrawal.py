"""Staff note that a student takes back a choice, or the whole consent."""

from collections.abc import Collection

from domain.contracts.vocabulary import Choice
from ledger import activations, consents
from ledger.consents import Consent
from support.verbs.actions import ActRefused
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action
from support.verbs.staff_context import StaffContext
from translations import N_


async def withdraw(
    ctx: StaffContext,
    choices: Collection[Choice],
    *,
    reference: str,
    reason: str,
) -> Consent:
    """Take back these choices, or without any the whole consent; return what stands then.

    Temporal may have forgotten the activation: the ledger knows what was agreed to. Said again
    it is the same withdrawal; where the directory could not follow, it tries again. Raises
    `ActRefused`.
    """
    ctx.staff.check(Action.WITHDRAW)
    noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    if not ctx.staff.sees(noted.department if noted else None):
        raise UnknownReference
    if noted and noted.erased:
        raise ActRefused(
            N_(
                "The activation was erased: the engine no longer knows whose account it is of. The"
                " directory's administrators can take out of the entry what the choices wrote."
            )
        )
    agreed = await consents.standing(ctx.pool, reference)
    if agreed is None:
        raise ActRefused(N_("Nothing was agreed to in this activation."))
    if not set(choices) <= {*agreed.choices, *agreed.withdrawn}:
        raise ActRefused(N_("That was not chosen in this activation."))
    await ctx.record(Action.WITHDRAW, reference, reason)
    stands = await consents.withdraw(ctx.pool, reference, choices)
    await ctx.activations.apply_withdrawal(reference, stands.id)
    return stands


def told(stands: Consent, *, account: bool) -> str:
    """Say what stands now, and what becomes of the account."""
    lines = ["The whole consent is withdrawn."]
    if stands.agreed:
        lines = [f"Withdrawn. Still chosen: {', '.join(stands.choices) or 'nothing'}."]
    if account:
        lines += [
            "The account stays, for the engine never deletes one.",
            "What the withdrawn choices wrote leaves its entry.",
        ]
    elif not stands.agreed:
        lines.append("No account is made without a new consent.")
    return "\n".join(lines)
