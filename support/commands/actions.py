"""`activation support retry`, `cancel`, `note`, ...: the commands that change an activation."""

from functools import partial
from typing import Annotated

import typer

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Choice, WaitReason
from ledger import activations
from ledger.consents import Consent
from starter.output import Failed, Json
from support.commands.terminal import Reason, Reference, run, show_outcome, unless_asked
from support.verbs import actions, erasure, notes, typed_insurance, unlock_send, withdrawal
from support.verbs import reopen as reopening
from support.verbs import retry_all as retry_all_of
from support.verbs.staff import Action, StaffContext
from support.verbs.unlock_send import UnlockOutcome

commands = typer.Typer()


@commands.command()
def note(
    reference: Reference,
    text: Annotated[
        str, typer.Option(callback=unless_asked, help="The note, which is asked for without this.")
    ] = "-",
    to: Annotated[
        str, typer.Option(help="A colleague who signed in within a day; without it, all of them.")
    ] = "",
    json: Json = False,
) -> None:
    """Add a note to a case for other staff, with no more personal data than necessary."""
    run(partial(notes.write, text=text, reference=reference, addressee=to))
    show_outcome({"reference": reference, "noted": True}, "Noted.", json=json)


@commands.command()
def erase(reference: Reference, reason: Reason, json: Json = False) -> None:
    """Erase a completed activation; its account stays. This cannot be undone."""
    run(partial(erasure.erase, reference=reference, reason=reason))
    text = "Erased. The account in the directory was not touched."
    show_outcome({"reference": reference, "erased": True}, text, json=json)


@commands.command(help=actions.EFFECTS[Action.REOPEN])
def reopen(reference: Reference, reason: Reason, json: Json = False) -> None:
    run(partial(reopening.reopen, reference=reference, reason=reason))
    show_outcome({"reference": reference, "open": True}, "Open again.", json=json)


@commands.command(help=actions.EFFECTS[Action.INSURANCE])
def insurance(reference: Reference, reason: Reason, json: Json = False) -> None:
    at_once = run(partial(typed_insurance.take_back, reference=reference, reason=reason))
    show_outcome({"reference": reference, "answered": at_once}, _text(at_once), json=json)


@commands.command()
def retry_all(
    wait_reason: Annotated[str, typer.Option(help="Whom to wake: e.g. DIRECTORY_DOWN.")],
    reason: Reason,
    over: Annotated[float, typer.Option(min=0, help="Spread over so many seconds.")] = 30,
    json: Json = False,
) -> None:
    """Retry now every activation with this wait reason."""
    if wait_reason not in set(WaitReason):
        raise Failed(f"no such wait reason; there are {', '.join(WaitReason)}")

    async def woken_by(ctx: StaffContext) -> int:
        cause = WaitReason(wait_reason)
        batch = await retry_all_of.retry_all(ctx, cause, reason=reason, over=over)
        return await batch.taken()

    woken = run(woken_by)
    show_outcome({"wait_reason": wait_reason, "woken": woken}, f"Woken: {woken}.", json=json)


@commands.command()
def withdraw(
    reference: Reference,
    reason: Reason,
    choice: Annotated[
        list[Choice] | None, typer.Option(help="One choice; without any, the whole consent.")
    ] = None,
    json: Json = False,
) -> None:
    """Record that a student withdraws a choice, or the whole consent."""

    async def withdrawn(ctx: StaffContext) -> tuple[Consent, bool]:
        stands = await withdrawal.withdraw(ctx, choice or [], reference=reference, reason=reason)
        return stands, await activations.username(ctx.pool, ctx.keys, reference) is not None

    stands, account = run(withdrawn)
    kept = {"agreed": stands.agreed, "choices": stands.choices, "account": account}
    text = withdrawal.outcome_text(stands, account=account)
    show_outcome({"reference": reference} | kept, text, json=json)


def _submit(action: Action, reference: str, reason: str, channel: Channel, json: bool) -> None:
    verb = partial(
        actions.submit, action=action, reference=reference, reason=reason, channel=channel
    )
    at_once = run(verb)
    show_outcome({"reference": reference, "answered": at_once}, _text(at_once), json=json)


def _text(at_once: bool) -> str:
    return "Done." if at_once else "Taken in; it counts as soon as a worker is back."


_UNLOCKED = {
    UnlockOutcome.BOTH: "Unlocked, and a code was sent.",
    UnlockOutcome.SENT: "A code was sent. Nothing was unlocked: it was not locked.",
    UnlockOutcome.TAKEN: _text(at_once=False),
}


def _add(action: Action) -> None:
    def command(reference: Reference, reason: Reason, json: Json = False) -> None:
        _submit(action, reference, reason, Channel.SMS, json)

    commands.command(action.value, help=actions.EFFECTS[action])(command)


_WAYS = f"[{'|'.join(Channel.all())}]"
_By = Annotated[Channel, typer.Option(help="By which way.", parser=Channel, metavar=_WAYS)]
_BySent = Annotated[
    Channel | None,
    typer.Option(help="By which way it is sent; default: sms.", parser=Channel, metavar=_WAYS),
]


@commands.command(help=actions.EFFECTS[Action.RESEND])
def resend(
    reference: Reference, reason: Reason, channel: _By = Channel.SMS, json: Json = False
) -> None:
    _submit(Action.RESEND, reference, reason, channel, json)


@commands.command(help=actions.EFFECTS[Action.UNLOCK])
def unlock(
    reference: Reference,
    reason: Reason,
    send: Annotated[bool, typer.Option("--send", help="Also send a code, in one act.")] = False,
    channel: _BySent = None,
    json: Json = False,
) -> None:
    if channel and not send:
        raise Failed("--channel goes with --send: without it no code is sent")
    by = channel or Channel.SMS
    if not send:
        _submit(Action.UNLOCK, reference, reason, by, json)
        return
    done = run(partial(unlock_send.unlock_and_send, reference=reference, reason=reason, channel=by))
    answered = {"answered": done is not UnlockOutcome.TAKEN}
    show_outcome({"reference": reference, "done": done} | answered, _UNLOCKED[done], json=json)


for each in actions.SUBMISSIONS:
    # They have commands of their own.
    if each not in (Action.RESEND, Action.UNLOCK, Action.INSURANCE):
        _add(each)
