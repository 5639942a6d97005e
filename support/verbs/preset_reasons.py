"""The usual reasons of each action, which staff choose instead of typing; the audit keeps them."""

from collections.abc import Callable, Mapping

from support.verbs.staff import Action
from translations import N_

_ASKED = N_("The student asked for it")
_WORKS = N_("What it waited for works again")
_CORRECTED = N_("The secretariat has corrected the records")
PRESETS: Mapping[Action, tuple[str, ...]] = {
    Action.RETRY: (N_("The student called"), _WORKS, _CORRECTED),
    Action.RETRY_ALL: (_WORKS,),
    Action.RESEND: (
        N_("The student called and got no message"),
        N_("The student called and the code had expired"),
    ),
    Action.UNLOCK: (
        N_("The student called and had mistyped codes"),
        N_("The student called and had sent too many answers"),
    ),
    Action.REOPEN: (N_("The caller was identified and has the contact"),),
    Action.REREAD: (_CORRECTED, N_("The student called")),
    Action.RESOLVE: (_CORRECTED, N_("The records are right and the student knows it")),
    Action.INSURANCE: (N_("The student called and had typed a wrong number"),),
    Action.HOLD: (
        N_("Somebody else may have tried codes"),
        N_("The secretariat checks the details"),
    ),
    Action.RELEASE: (N_("It was checked and is in order"),),
    Action.CANCEL: (_ASKED, N_("It was begun with wrong details")),
    Action.WITHDRAW: (N_("The student asked for it in writing"),),
    Action.ERASE: (N_("The student asked for it in writing"),),
    Action.REQUESTS: (
        N_("Settled by telephone"),
        N_("Answered in another request"),
        N_("Not about an activation"),
    ),
}
CHOSEN_FIRST = frozenset(
    {Action.RETRY, Action.RESEND, Action.UNLOCK, Action.REREAD, Action.INSURANCE}
)
"""Actions of a call, after which the student can continue: their most usual reason is chosen
when the page opens. It says nothing that staff have to have checked, because nobody wrote it."""
_BESIDE = " - "


def joined(action: Action, preset: str, text: str) -> str:
    """Return the reason for the audit: a chosen one of the action, the typed text, or both."""
    chosen = preset if preset in PRESETS.get(action, ()) else ""
    return _BESIDE.join(filter(None, (chosen, text)))


def translated(action: str, reason: str, say: Callable[[str], str]) -> str | None:
    """Return a reason that begins with a chosen one in the reader's language; None for others."""
    known = PRESETS.get(Action(action), ()) if action in set(Action) else ()
    chosen = next((each for each in known if reason.startswith(each)), None)
    return say(chosen) + reason.removeprefix(chosen) if chosen else None
