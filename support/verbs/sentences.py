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
    WaitReason.WAITING_PIN: N_("Waits for the student to type the six-digit code (pin)."),
    WaitReason.PIN_LOCKED: N_(
        "Locked for a while after too many wrong codes. The lock ends automatically;"
        " nobody has to act."
    ),
    WaitReason.SEND_LIMIT: N_(
        "No six-digit code (pin) was sent: the contact, the student or the university"
        " has reached the limit of messages for now. The page tells the student when to"
        " ask for one."
    ),
    WaitReason.WAITING_IDENTITY: N_(
        "Waits for the student to answer the question that shows whose the contact is."
    ),
    WaitReason.WAITING_INSURANCE: N_("Waits for the student's insurance number."),
    WaitReason.WAITING_CONSENT: N_("Waits for the student to check the details and agree."),
    WaitReason.DATA_DISPUTED: N_(
        "The student says that the details are wrong. The secretariat must correct them."
        " The registrar is read again every few hours, and at once when staff ask for it."
        " If the details are right, staff resolve the dispute."
    ),
    WaitReason.WAITING_PASSWORD: N_("Waits for the student to choose a password."),
    WaitReason.CONFIGURATION: N_(
        "A system refuses the engine, or the engine fails. An operator must correct what"
        " the worker's log names; then the activation continues automatically."
    ),
    WaitReason.USERNAME_CONFLICT: N_("No username can be given. Staff must act, then retry."),
    WaitReason.INSURANCE_CONFLICT: N_(
        "The insurance number belongs to another person, or an account has it under another name."
        " Staff must act, then retry."
    ),
    WaitReason.FOREIGN_ENTRY: N_(
        "An entry in the directory prevents the account. Staff must act, then retry."
    ),
    WaitReason.UNDELIVERABLE: N_(
        "No message can be delivered. The secretariat must check the contacts, then retry."
    ),
    WaitReason.NO_LONGER_ENROLLED: N_(
        "The registrar no longer has an enrolled student with this contact. The secretariat must"
        " check it, then retry or cancel."
    ),
    WaitReason.ACCOUNT_GONE: N_(
        "The student had an account, which is no longer in the directory. Retry creates"
        " it again under the same username; cancel does not."
    ),
    WaitReason.SHARED_BY_MANY: N_(
        "Ended: more than twenty students have this contact, so it proves nobody. The secretariat"
        " must correct it; the student can start again with another one."
    ),
    WaitReason.NOT_ME: N_(
        "Ended: whoever got its message had not asked for it and stopped it. No account"
        " was created."
    ),
    WaitReason.HELD: N_("Held by staff. The activation continues when staff release it."),
}
_BY_STEP = {
    Step.LOOKUP: N_("Looks the student up in the registrar."),
    Step.REVIEW: N_("Finds the username."),
    Step.PROVISIONING: N_("Creates the account."),
    Step.ACTIVE: N_("The account is active."),
    Step.ALREADY_ACTIVE: N_("Ended: the student already has an active account."),
    Step.JOINED: N_("Ended: the student continues in another activation."),
    Step.NOT_FOUND: N_("Ended: no student has this contact."),
    Step.EXPIRED: N_("Ended: the time for the student's next step passed."),
    Step.CANCELLED: N_("Ended: it was cancelled."),
}
_AT_WORK = N_("The engine is working.")
_AT_SUPPORT = {
    WaitReason.WAITING_IDENTITY: N_(
        "The answers to the question who it is matched no student with this contact."
        " Staff must find out who it is, then retry."
    ),
    WaitReason.CONFIGURATION: N_(
        "A system refused the engine, or the engine failed. An operator must correct"
        " what the worker's log names, then retry."
    ),
}


_BY_STATE = {
    CaseState.FAILING: N_(
        "The engine itself fails in this activation. Developers must correct it by the"
        " raw error; then the activation continues automatically."
    ),
    CaseState.CUT_OFF: N_(
        "It was ended from outside, and the student was not told. The student can start again."
    ),
    CaseState.ERASED: N_(
        "It was erased: the engine no longer knows whose it was. An account that it"
        " created stays in the directory until its administrators delete it."
    ),
    CaseState.FORGOTTEN: N_(
        "Temporal no longer knows it, and no end was recorded. The student can start again."
    ),
    CaseState.UNSEEN: N_(
        "Temporal does not answer: where the activation is cannot be known now. Operators must act."
    ),
}
_UNATTENDED = N_(
    "No worker is available for it now: operators must check that workers run. Nothing is lost."
)
_SPENT = N_("So many answers were sent for it that no more are accepted now: staff can unlock it.")
_CLOSED = N_(
    "No code is sent to its contact until %(time)s, because whoever has it stopped an"
    " activation: staff can open it again."
)
_STUDENTS_TURN = N_("It is the student's turn; support does not need to act.")
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
    return N_("That was at %(time)s.") if ended else N_("This has been so since %(time)s.")


def _next(line: CaseSummary, texts: NullTranslations) -> str:
    if line.wait_reason is WaitReason.PIN_LOCKED:
        return texts.gettext(N_("The lock ends at %(time)s."))
    if line.attempt:
        return texts.gettext(N_("Next try at %(time)s, try number %(n)s."))
    return texts.gettext(N_("Next try at %(time)s."))
