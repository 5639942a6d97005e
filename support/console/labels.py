"""Translates lists and timelines into short names; causes have the names of the handbook."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from babel.support import NullTranslations

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import ActivityName, Detail, Language, Step
from domain.receipts import Receipt
from ledger.audit import REFUSED
from support.console import audit_texts
from support.verbs.actions import LABELS, SUBMITTED_AS
from support.verbs.ages import Age
from support.verbs.alert_channels import NO_MAILBOX
from support.verbs.cases import CaseState
from support.verbs.filters import Assigned, Older
from support.verbs.groups import Group
from support.verbs.staff import Action
from support.verbs.timeline import Event, Who
from translations import N_, translator
from translations.standing import LANGUAGES, STEPS, standing, titles

STATES: Mapping[CaseState, str] = {
    CaseState.FAILING: N_("The engine itself fails"),
    CaseState.CUT_OFF: N_("Ended from outside"),
    CaseState.ERASED: N_("Erased"),
    CaseState.FORGOTTEN: N_("No longer known"),
    CaseState.UNSEEN: N_("Not known at the moment"),
}
GROUPS: Mapping[Group, str] = {
    Group.STUCK: N_("Stuck now"),
    Group.HUMAN: N_("Needs staff"),
    Group.HELD: N_("Held"),
    Group.LOCKED: N_("Locked after wrong codes"),
    Group.STUDENT: N_("Waits for the student"),
    Group.WORKING: N_("The engine is working"),
    Group.FINISHED: N_("Finished today"),
}
WHO: Mapping[Who, str] = {
    Who.STUDENT: N_("Student"),
    Who.ENGINE: N_("Engine"),
    Who.STAFF: N_("Staff"),
}
_SUBMISSIONS: Mapping[str, str] = {
    **{name: LABELS[action] for action, name in SUBMITTED_AS.items()},
    "look_up": N_("Asked to be found in the registrar"),
    "submit_pin": N_("Typed a six-digit code (pin)"),
    "resend_pin": N_("Asked for a six-digit code (pin)"),
    "not_me": N_("Said that they had not asked for the message"),
    "identify": N_("Answered the question of identity"),
    "submit_insurance": N_("Gave an insurance number"),
    "retype_insurance": N_("Took the insurance number back, to give another"),
    "give_consent": N_("Agreed to the details"),
    "dispute": N_("Said that details are wrong"),
    "withdraw": N_("Withdrew that"),
    "submit_password": N_("Chose a password"),
    "joined": N_("Another activation of the same person continues here"),
}
_WHATS: Mapping[str, str] = {
    "started": N_("Began"),
    "ended": N_("Ended"),
    "terminated": N_("Ended from outside"),
    "done": N_("Done: %(detail)s"),
    "failed": N_("Failed: %(detail)s"),
    "stands": N_("Now at: %(detail)s"),
    "message": N_("Message: %(detail)s"),
    "receipt": N_("Delivery receipt: %(detail)s"),
    "wrote": N_("Note of %(detail)s"),
}
_REFUSED = N_("Refused, nothing was done: %(detail)s")
_ACTIVITIES: Mapping[str, str] = {
    ActivityName.FIND_STUDENT: N_("look-up in the registrar"),
    ActivityName.RESERVE_SEND: N_("reservation of a message"),
    ActivityName.SEND_PIN: N_("sending of the six-digit code (pin)"),
    ActivityName.CHECK_PIN: N_("comparison of the six-digit code (pin)"),
    ActivityName.CLAIM_PERSON: N_("claim of the person"),
    ActivityName.CHECK_ACCOUNT: N_("look for the account in the directory"),
    ActivityName.RESOLVE_ACCOUNT: N_("finding of the username"),
    ActivityName.RECORD_INSURANCE: N_("recording of the insurance number"),
    ActivityName.RECORD_CONSENT: N_("recording of the consent"),
    ActivityName.PROVISION_ACCOUNT: N_("creation of the account"),
    ActivityName.SEND_NOTICE: N_("sending of a notice"),
    ActivityName.CLOSE_ACTIVATION: N_("closing"),
}
DETAILS: Mapping[Detail, str] = {
    Detail.NAME: N_("Name"),
    Detail.DEPARTMENT: N_("Department"),
    Detail.STUDENT_NUMBER: N_("Student number"),
    Detail.USERNAME: N_("Username"),
    Detail.OTHER: N_("Something else"),
}
AGES: Mapping[Age, str] = {
    Age.LONG: N_("it has waited long"),
    Age.LATE: N_("it is late"),
}
OLDER: Mapping[Older, str] = {
    Older.MINUTES: N_("ten minutes or more"),
    Older.HOURS: N_("two hours or more"),
    Older.DAY: N_("a day or more"),
    Older.DAYS: N_("two days or more"),
}
ASSIGNED: Mapping[Assigned, str] = {
    Assigned.ME: N_("Me"),
    Assigned.NOBODY: N_("Nobody"),
}
_WORDS: Mapping[str, str] = {
    "pin": N_("six-digit code (pin)"),
    "notice": N_("notice"),
    "sms": N_("by SMS"),
    "email": N_("by e-mail"),
    "sent": N_("handed over"),
    "undeliverable": N_("undeliverable"),
    "not_yet": N_("not handed over yet"),
    Receipt.PENDING: N_("on its way"),
    Receipt.DELIVERED: N_("delivered"),
    Receipt.EXPIRED: N_("not delivered: the phone or mailbox could not be reached"),
    Receipt.FAILED: N_("not delivered: refused"),
}
_BY_CHANNEL = N_("by %(channel)s")


class Labels:
    """The names, in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._texts: NullTranslations = translator(language)
        self._titles = titles(language)

    def step(self, step: str) -> str:
        return self._say(STEPS[Step(step)])

    def standing(self, stands: str) -> str:
        """Name a step, and the wait reason where one follows."""
        return standing(stands, self._language)

    def cause(self, cause: str) -> str:
        """Name an alert's cause, a wait reason, a state or, without any of them, a step."""
        if cause in list(CaseState):
            return self._say(STATES[CaseState(cause)])
        name, _, queue = cause.partition(" ")
        if name in self._titles:
            return f"{self._titles[name]} ({queue})" if queue else self._titles[name]
        return self.step(cause) if cause in list(Step) else cause

    def failure(self, failure: str) -> str:
        """Translate the failure of a system or channel; codes and exception names are unchanged."""
        kind = failure.partition(":")[0]
        if kind in self._titles:
            return f"{self._titles[kind]} ({failure})"
        return self._say(NO_MAILBOX) if failure == NO_MAILBOX else failure

    def ago(self, since: datetime, now: datetime) -> str:
        """Say for how long something has stood: "3 hours"."""
        stood = max(now - since, timedelta(minutes=1))
        return format_timedelta(stood, granularity="minute", locale=self._language)

    def assigned(self, held: Assigned) -> str:
        return self._say(ASSIGNED[held])

    def older(self, older: Older) -> str:
        return self._say(OLDER[older])

    def group(self, group: Group) -> str:
        return self._say(GROUPS[group])

    def who(self, event: Event) -> str:
        return self._say(WHO[event.who])

    def event(self, event: Event) -> str:
        told = self._event(event)
        return f"{event.times} × {told}" if event.times > 1 else told

    def _event(self, event: Event) -> str:
        detail = event.detail or ""
        if event.audited:
            return self._staff_action(event.what, detail)
        if event.what == "submitted":
            return self._say(_SUBMISSIONS.get(detail, detail))
        if event.what == "stands":
            detail = self.standing(detail)
        if event.what in {"message", "receipt"}:
            detail = " ".join(map(self._message_word, detail.split()))
        if event.what in {"done", "failed"}:
            name, _, kind = detail.partition(" ")
            detail = f"{self._say(_ACTIVITIES.get(name, name))} {kind}".rstrip()
        return self._say(_WHATS[event.what]) % {"detail": detail}

    def _message_word(self, word: str) -> str:
        """Name a word of a message's event; another than those named here is a channel."""
        if word in _WORDS:
            return self._say(_WORDS[word])
        named = {str(channel): channel.label for channel in Channel.all()}
        return self._say(_BY_CHANNEL) % {"channel": named.get(word, word)}

    def _staff_action(self, action: str, detail: str) -> str:
        """Name a staff action of the timeline, with its detail."""
        if action == REFUSED:
            actor, _, refused = detail.partition(": ")
            told = f"{self.action(refused)} ({actor})"
            return self._say(_REFUSED) % {"detail": told}
        actor, _, reason = detail.partition(": ")
        return f"{self.action(action)} ({actor}: {self.why(action, reason)})"

    def action(self, action: str) -> str:
        """Name an action of the audit."""
        return self._say(audit_texts.ACTIONS.get(action, action))

    def why(self, action: str, reason: str) -> str:
        """Translate a reason of the audit."""
        if action == REFUSED:
            return self.action(reason)
        if action == Action.RETRY_ALL:
            cause, colon, why = reason.partition(": ")
            return self.cause(cause) + colon + why
        return audit_texts.why(action, reason, self._say)

    def details(self, wrong: str) -> str:
        """Name the details that a dispute lists."""
        return ", ".join(self._say(DETAILS[Detail(each)]) for each in wrong.split(", "))

    def language(self, language: str | None) -> str:
        return LANGUAGES[Language(language)] if language else "-"

    def _say(self, text: str) -> str:
        return self._texts.gettext(text)
