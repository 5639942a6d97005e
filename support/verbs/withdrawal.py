"""Records for staff that a student withdraws a choice, or the whole consent."""

from collections.abc import Collection

from domain.contracts.vocabulary import Choice
from ledger import activations, consents
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_


async def withdraw(
    ctx: StaffContext, choices: Collection[Choice], *, reference: str, reason: str
) -> consents.Consent:
    """Withdraw these choices, or if none is given the whole consent; return the new consent.

    It works after Temporal's retention too: the ledger keeps the consent. Idempotent; a repetition
    retries a failed change of the directory. Raises `ActionRefused`.
    """
    ctx.staff.check(Action.WITHDRAW)
    noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    ctx.check_sight(noted.department if noted else None)
    if noted and noted.erased:
        raise ActionRefused(
            N_(
                "The activation was erased: the engine no longer knows whose account it"
                " was for. The directory's administrators can remove from the entry what"
                " the choices wrote."
            )
        )
    agreed = await consents.standing(ctx.pool, reference)
    if agreed is None:
        raise ActionRefused(N_("Nothing was agreed to in this activation."))
    if not set(choices) <= {*agreed.choices, *agreed.withdrawn}:
        raise ActionRefused(N_("That was not chosen in this activation."))
    await ctx.record(Action.WITHDRAW, reference, reason)
    stands = await consents.withdraw(ctx.pool, reference, choices)
    await ctx.activations.apply_withdrawal(reference, stands.id)
    return stands


def outcome_text(stands: consents.Consent, *, account: bool) -> str:
    """Return a text with the choices that remain and the effect on the account."""
    lines = ["The whole consent is withdrawn."]
    if stands.agreed:
        lines = [f"Withdrawn. Still chosen: {', '.join(stands.choices) or 'nothing'}."]
    if account:
        lines += [
            "The account stays, for the engine never deletes one.",
            "What the withdrawn choices wrote leaves its entry.",
        ]
    elif not stands.agreed:
        lines.append("No account is created without a new consent.")
    return "\n".join(lines)
