"""Explains in one sentence why an activation waits, and whether anyone must act."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from babel.support import NullTranslations

from domain.contracts.systems import OUTAGES
from domain.contracts.vocabulary import Step, WaitReason, Waker
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.system_texts import TEXTS
from translations import N_
from workflows import steps

_BY_REASON = {outage: TEXTS[system].away for system, outage in OUTAGES.items()} | {
    WaitReason.WAITING_PIN: N_("Waits for the student to type the six-digit code."),
    WaitReason.PIN_LOCKED: N_(
        "Locked for a while after too many wrong codes. It opens by itself; nobody has to act."
    ),
    WaitReason.SEND_LIMIT: N_(
        "No code was sent: the contact, the student or the university has had as many messages as"
        " may go for now. The page tells the student from when one may be asked for."
    ),
    WaitReason.WAITING_IDENTITY: N_(
        "Waits for the student to answer the question that tells who has the contact."
    ),
    WaitReason.WAITING_INSURANCE: N_("Waits for the student's insurance number."),
    WaitReason.WAITING_CONSENT: N_("Waits for the student to check the details and agree."),
    WaitReason.DATA_DISPUTED: N_(
        "The student says the details are wrong. The secretariat must correct them; the"
        " registrar is read again every few hours, and at once when staff say so. When they are"
        " right as they are, staff resolve it."
    ),
    WaitReason.WAITING_PASSWORD: N_("Waits for the student to choose a password."),
    WaitReason.CONFIGURATION: N_(
        "A system refuses the engine, or the engine fails. An operator must mend what the worker's"
        " log names; then it goes on by itself."
    ),
    WaitReason.USERNAME_CONFLICT: N_("No username can be given. Staff must act, then retry."),
    WaitReason.INSURANCE_CONFLICT: N_(
        "The insurance number belongs to another person, or an account has it under another name."
        " Staff must act, then retry."
    ),
    WaitReason.FOREIGN_ENTRY: N_(
        "The directory has an entry that is in the way. Staff must act, then retry."
    ),
    WaitReason.UNDELIVERABLE: N_(
        "No message can be delivered. The secretariat must check the contacts, then retry."
    ),
    WaitReason.NO_LONGER_ENROLLED: N_(
        "The registrar no longer has an enrolled student with this contact. The secretariat must"
        " check it, then retry or cancel."
    ),
    WaitReason.ACCOUNT_GONE: N_(
        "The student had an account, which is no longer in the directory. Retry makes it again"
        " under the same username; cancel does not."
    ),
    WaitReason.SHARED_BY_MANY: N_(
        "Ended: more than twenty students have this contact, so it proves nobody. The secretariat"
        " must correct it; the student can start again with another one."
    ),
    WaitReason.NOT_ME: N_(
        "Ended: whoever got its message had not asked for it and stopped it. No account was made."
    ),
    WaitReason.HELD: N_("Held by staff. It goes on when staff release it."),
}
_BY_STEP = {
    Step.LOOKUP: N_("Looks the student up in the registrar."),
    Step.REVIEW: N_("Finds the username."),
    Step.PROVISIONING: N_("Makes the account."),
    Step.ACTIVE: N_("The account is active."),
    Step.ALREADY_ACTIVE: N_("Ended: the student already has an active account."),
    Step.JOINED: N_("Ended: the student goes on in another activation."),
    Step.NOT_FOUND: N_("Ended: no student has this contact."),
    Step.EXPIRED: N_("Ended: the student left it for too long."),
    Step.CANCELLED: N_("Ended: it was cancelled."),
}
_AT_WORK = N_("The engine is at work.")
_AT_SUPPORT = {
    WaitReason.WAITING_IDENTITY: N_(
        "The answers to the question who it is fitted no student with this contact."
        " Staff must find out who it is, then retry."
    ),
    WaitReason.CONFIGURATION: N_(
        "A system refused the engine, or the engine failed. An operator must mend what the"
        " worker's log names, then retry."
    ),
}


_BY_STATE = {
    CaseState.FAILING: N_(
        "The engine itself fails at this activation. Developers must mend it by the raw error;"
        " then it goes on by itself."
    ),
    CaseState.CUT_OFF: N_(
        "It was ended from outside, without the student being told. The student can start again."
    ),
    CaseState.ERASED: N_(
        "It was erased: the engine no longer knows whose it was. An account that it made stays in"
        " the directory until its administrators delete it."
    ),
    CaseState.FORGOTTEN: N_(
        "Temporal no longer knows it, and no end was noted. The student can start again."
    ),
    CaseState.UNSEEN: N_(
        "Temporal does not answer: where it stands cannot be told now. Operators must act."
    ),
}
_UNATTENDED = N_(
    "No worker takes up its work now: operators must see that workers run. Nothing is lost."
)
_SPENT = N_("So many answers were sent for it that no more are taken now: staff can unlock it.")
_CLOSED = N_(
    "Its contact gets no ordinary code until %(time)s, because whoever has it stopped an"
    " activation: staff can open it again."
)
_STUDENTS_TURN = N_("It is the student's turn; the desk need not act.")
_ENGINES_TURN = N_("Nobody has to act.")
_LATE = timedelta(seconds=30)

Clock = Callable[[datetime], str]


def sentence(line: CaseSummary, texts: NullTranslations, clock: Clock | None = None) -> str:
    """Return why it waits and who must act; with a clock, also since when and what is next."""
    told = [texts.gettext(_why(line))]
    if clock is None:
        return told[0]
    if line.unattended:
        told.append(texts.gettext(_UNATTENDED))
    elif line.state is CaseState.OPEN:
        told += _whose_turn(line, texts)
        if line.spent:
            told.append(texts.gettext(_SPENT))
    if line.closed_until:
        told.append(texts.gettext(_CLOSED) % {"time": clock(line.closed_until)})
    told.append(texts.gettext(_since(line)) % {"time": clock(line.since)})
    if line.next_try_at and line.next_try_at > _told_at(line):
        told.append(_next(line, texts) % {"time": clock(line.next_try_at), "n": line.attempt})
    return " ".join(told)


def _why(line: CaseSummary) -> str:
    if line.state in _BY_STATE:
        return _BY_STATE[line.state]
    if line.wait_reason is None:
        return _BY_STEP.get(line.step, _AT_WORK)
    by_reason = _BY_REASON | (_AT_SUPPORT if line.step is Step.NEEDS_SUPPORT else {})
    return by_reason[line.wait_reason]


def _whose_turn(line: CaseSummary, texts: NullTranslations) -> list[str]:
    """Return who must act, unless the wait reason's text already says so."""
    waker = steps.woken_by(line.step, line.wait_reason)
    if waker is Waker.STUDENT and line.wait_reason is not WaitReason.PIN_LOCKED:
        return [texts.gettext(_STUDENTS_TURN)]
    if line.wait_reason is None and _told_at(line) - line.since < _LATE:
        return [texts.gettext(_ENGINES_TURN)]
    return []


def _told_at(line: CaseSummary) -> datetime:
    """Return the time at which the summary was read, by the same clock as its other times."""
    return line.told_at or datetime.now(UTC)


def _since(line: CaseSummary) -> str:
    if line.state is CaseState.ERASED:
        over = line.step in steps.ENDS
        return N_("It had ended at %(time)s.") if over else N_("It had begun at %(time)s.")
    ended = line.state in {CaseState.ENDED, CaseState.CUT_OFF}
    return N_("That was at %(time)s.") if ended else N_("So it has been since %(time)s.")


def _next(line: CaseSummary, texts: NullTranslations) -> str:
    if line.wait_reason is WaitReason.PIN_LOCKED:
        return texts.gettext(N_("It opens at %(time)s."))
    if line.attempt:
        return texts.gettext(N_("Next try at %(time)s, the %(n)s. one."))
    return texts.gettext(N_("Next try at %(time)s."))
