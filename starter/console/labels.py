"""Short names for what lists and timelines show; a cause is called as the handbook calls it."""

from collections.abc import Mapping

from babel.support import NullTranslations

from domain.contracts.vocabulary import ActivityName, Detail, Language, Step
from starter.console import handbook
from starter.support.actions import DOORS, LABELS
from starter.support.caller import Answer
from starter.support.cases import State
from starter.support.desk import REFUSED
from starter.support.queue import Group
from starter.support.staff import Action
from starter.support.timeline import Event, Source, Who
from translations import N_, translator

STEPS: Mapping[Step, str] = {
    Step.LOOKUP: N_("Look-up"),
    Step.PIN: N_("Code (pin)"),
    Step.IDENTIFY: N_("Who of several"),
    Step.INSURANCE: N_("Insurance number"),
    Step.REVIEW: N_("Details"),
    Step.PASSWORD: N_("Password"),
    Step.PROVISIONING: N_("Making of the account"),
    Step.NEEDS_SUPPORT: N_("With support"),
    Step.ACTIVE: N_("Active"),
    Step.ALREADY_ACTIVE: N_("Was active already"),
    Step.JOINED: N_("Goes on elsewhere"),
    Step.NOT_FOUND: N_("Not found"),
    Step.EXPIRED: N_("Expired"),
    Step.CANCELLED: N_("Cancelled"),
}
STATES: Mapping[State, str] = {
    State.FAILING: N_("The engine itself fails"),
    State.CUT_OFF: N_("Ended from outside"),
    State.ERASED: N_("Erased"),
    State.FORGOTTEN: N_("No longer known"),
    State.UNSEEN: N_("Cannot be told now"),
}
GROUPS: Mapping[Group, str] = {
    Group.STUCK: N_("Stuck now"),
    Group.HUMAN: N_("Needs a human"),
    Group.HELD: N_("Held"),
    Group.LOCKED: N_("Locked after wrong codes"),
    Group.STUDENT: N_("Waits for the student"),
    Group.WORKING: N_("The engine is at work"),
    Group.FINISHED: N_("Finished today"),
}
WHO: Mapping[Who, str] = {
    Who.STUDENT: N_("Student"),
    Who.ENGINE: N_("Engine"),
    Who.STAFF: N_("Staff"),
}
_ACTS = {door: action for action, door in DOORS.items()}
_DOORS: Mapping[str, str] = {
    "submit_pin": N_("Typed a code"),
    "resend_pin": N_("Asked for a code"),
    "identify": N_("Answered who it is"),
    "submit_insurance": N_("Gave an insurance number"),
    "give_consent": N_("Agreed"),
    "dispute": N_("Said that details are wrong"),
    "withdraw": N_("Took that back"),
    "submit_password": N_("Chose a password"),
    "joined": N_("Another activation of the same person goes on here"),
}
_WHATS: Mapping[str, str] = {
    "started": N_("Began"),
    "ended": N_("Ended"),
    "terminated": N_("Ended from outside"),
    "done": N_("Done: %(detail)s"),
    "failed": N_("Failed: %(detail)s"),
    "stands": N_("Stands at: %(detail)s"),
    "message": N_("Message: %(detail)s"),
    "wrote": N_("Note of %(detail)s"),
}
_REFUSED = N_("Refused, nothing was done: %(detail)s")
_ACTIVITIES: Mapping[ActivityName, str] = {
    ActivityName.FIND_STUDENT: N_("look-up in the registrar"),
    ActivityName.RESERVE_SEND: N_("reservation of a message"),
    ActivityName.SEND_PIN: N_("sending of the code"),
    ActivityName.CHECK_PIN: N_("comparison of the code"),
    ActivityName.CLAIM_PERSON: N_("claim of the person"),
    ActivityName.CHECK_ACCOUNT: N_("look for the account in the directory"),
    ActivityName.RESOLVE_ACCOUNT: N_("finding of the username"),
    ActivityName.RECORD_INSURANCE: N_("recording of the insurance number"),
    ActivityName.RECORD_CONSENT: N_("recording of the consent"),
    ActivityName.PROVISION_ACCOUNT: N_("making of the account"),
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
LANGUAGES: Mapping[Language, str] = {Language.EL: "Ελληνικά", Language.EN: "English"}
_CALLER = N_("Who is this caller?")
_SAID: Mapping[str, str] = {
    "birth_date": N_("Date of birth"),
    "student_number": N_("Student number"),
    "father_name": N_("Father's name"),
}
_ANSWERS: Mapping[str, str] = {
    Answer.CONFIRMED: N_("confirmed"),
    Answer.NOT_CONFIRMED: N_("not confirmed"),
    Answer.SPENT: N_("nothing compared, for the questions about this student are used up"),
    Answer.OWN_SPENT: N_("nothing compared, for this person's own questions are used up"),
    Answer.AWAY: N_("nothing compared, for the registrar did not answer"),
}
_WORDS: Mapping[str, str] = {
    "pin": N_("code"),
    "notice": N_("notice"),
    "sms": N_("by SMS"),
    "email": N_("by e-mail"),
    "sent": N_("handed over"),
    "undeliverable": N_("undeliverable"),
    "not_yet": N_("not handed over yet"),
}


class Labels:
    """The names, in one language."""

    def __init__(self, language: Language) -> None:
        self._texts: NullTranslations = translator(language)
        self._titles = {each.anchor: each.title for each in handbook.sections(language)}

    def step(self, step: str) -> str:
        return self._say(STEPS[Step(step)])

    def standing(self, stands: str) -> str:
        """Name a step, and the wait reason where one follows."""
        return " - ".join(self.cause(each) for each in stands.split())

    def cause(self, cause: str) -> str:
        """Name what an alert is of, a wait reason, a state or, without any of them, a step."""
        if cause in list(State):
            return self._say(STATES[State(cause)])
        name, _, queue = cause.partition(" ")
        if name in self._titles:
            return f"{self._titles[name]} ({queue})" if queue else self._titles[name]
        return self.step(cause) if cause in list(Step) else cause

    def group(self, group: Group) -> str:
        return self._say(GROUPS[group])

    def who(self, event: Event) -> str:
        return self._say(WHO[event.who])

    def event(self, event: Event) -> str:
        told = self._event(event)
        return f"{event.times} × {told}" if event.times > 1 else told

    def _event(self, event: Event) -> str:
        detail = event.detail or ""
        if event.source is Source.AUDIT:
            return self._act(event.what, detail)
        if event.what == "submitted":
            return self._say(self._door(detail))
        if event.what == "stands":
            detail = self.standing(detail)
        if event.what == "message":
            detail = " ".join(self._say(_WORDS[word]) for word in detail.split())
        if event.what in {"done", "failed"}:
            name, _, kind = detail.partition(" ")
            detail = f"{self._activity(name)} {kind}".rstrip()
        return self._say(_WHATS[event.what]) % {"detail": detail}

    def _door(self, door: str) -> str:
        """Name what was handed in."""
        return LABELS[_ACTS[door]] if door in _ACTS else _DOORS.get(door, door)

    def _act(self, action: str, detail: str) -> str:
        """Name an act of staff's as the audit has it."""
        if action == REFUSED:
            actor, _, refused = detail.partition(": ")
            told = f"{self._say(LABELS[Action(refused)])} ({actor})"
            return self._say(_REFUSED) % {"detail": told}
        if action == Action.CALLER:
            return self._caller(detail)
        label = LABELS.get(Action(action)) if action in list(Action) else None
        return f"{self._say(label or action)} ({detail})"

    def _caller(self, detail: str) -> str:
        """Name what was asked about a caller, and the answer."""
        actor, _, told = detail.partition(": ")
        kinds, _, answer = told.rpartition(": ")
        said = ", ".join(self._say(_SAID.get(each, each)) for each in kinds.split(", "))
        told = f"{said}: {self._say(_ANSWERS.get(answer, answer))}"
        return f"{self._say(_CALLER)} ({actor}: {told})"

    def details(self, wrong: str) -> str:
        """Name the details that a dispute lists."""
        return ", ".join(self._say(DETAILS[Detail(each)]) for each in wrong.split(", "))

    def language(self, language: str | None) -> str:
        return LANGUAGES[Language(language)] if language else "-"

    def _activity(self, name: str) -> str:
        known = name in list(ActivityName) and _ACTIVITIES.get(ActivityName(name))
        return self._say(known) if known else name

    def _say(self, text: str) -> str:
        return self._texts.gettext(text)
