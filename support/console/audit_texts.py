"""Translates the audit's actions, and the codes in place of a reason that staff wrote."""

import re
from collections.abc import Callable, Mapping

from ledger.audit import REFUSED
from support.verbs import preset_reasons
from support.verbs.actions import LABELS
from support.verbs.caller import CallerAnswer
from support.verbs.staff import Action
from translations import N_

_NO_BEGINNING = N_("rows before row %(n)s are missing")
_EARLY = N_("a head has a date in the future")
ACTIONS: Mapping[str, str] = {
    **{action.value: label for action, label in LABELS.items()},
    Action.CASE: N_("Looked at a case"),
    Action.ASSIGN: N_("Assigned"),
    Action.PAGE: N_("Looked at the student's page"),
    Action.SEARCH: N_("Searched"),
    Action.REGISTRAR: N_("Registrar check"),
    Action.CALLER: N_("Who is this caller?"),
    Action.OBJECTION: N_("Wish for no invitations"),
    Action.REQUESTS: N_("Requests for help"),
    Action.AUDIT: N_("Audit"),
    Action.NOT_ACTIVATED: N_("List of students without an account"),
    Action.CUT: N_("Old rows of the audit deleted"),
    Action.OPERATE: N_("Pause of new activations"),
    Action.FINDINGS: N_("Findings of the reconciler"),
    Action.CAMPAIGN: N_("Campaigns: looked at who is in doubt"),
    Action.CAMPAIGN_STOP: N_("Campaigns: stopped"),
    Action.CAMPAIGN_START: N_("Campaigns: prepared or started"),
    Action.DECODE: N_("Read payloads in Temporal's pages"),
    Action.EXPORT: N_("Export of a person's data"),
    Action.SECOND_FACTOR: N_("Reset of a second factor"),
    Action.SWEEP: N_("Deletion of expired data"),
    REFUSED: N_("Refused, nothing was done"),
    "sign_in": N_("Signed in"),
    "sign_in_refused": N_("Was refused at the sign-in: no role"),
    "sign_in_failed": N_("Failed to sign in"),
    "second_factor_enrolled": N_("Set up a second factor"),
    "second_factor_failed": N_("Wrong verification code after the right password"),
    "sign_in_by_provider_failed": N_("Sign-in by the university was not accepted"),
    "sign_in_by_provider_refused": N_("Was refused at the sign-in by the university"),
    "accounts_import": N_("Import of accounts that exist"),
    "accounts_release": N_("Release of an imported account"),
    "accounts_join_again": N_("Withdrawn: that two students are two persons"),
    "insurance_export": N_("Export of insurance numbers to check"),
}
CODES: Mapping[str, Mapping[str, str]] = {
    Action.CALLER: {
        "birth_date": N_("Date of birth"),
        "student_number": N_("Student number"),
        "father_name": N_("Father's name"),
        CallerAnswer.CONFIRMED: N_("confirmed"),
        CallerAnswer.NOT_CONFIRMED: N_("not confirmed"),
        CallerAnswer.SPENT: N_(
            "nothing compared, because the questions about this student are used up"
        ),
        CallerAnswer.OWN_SPENT: N_(
            "nothing compared, because this person's own questions are used up"
        ),
        CallerAnswer.AWAY: N_("nothing compared, because the registrar did not answer"),
    },
    Action.REGISTRAR: {
        "number": N_("Student number"),
        "name": N_("Surname"),
        "insurance": N_("Insurance number"),
        "contact": N_("Mobile or e-mail"),
    },
    Action.OBJECTION: {"noted": N_("noted"), "taken back": N_("taken back")},
    Action.SEARCH: {
        "reference": N_("Reference"),
        "mobile": N_("Mobile"),
        "email": N_("E-mail"),
        "username": N_("Username"),
        "student_number": N_("Student number"),
        "insurance": N_("Insurance number"),
        "names": N_("Name"),
        "nothing": N_("nothing that can be searched for"),
        "names shown": N_("names shown"),
        "contacts shown": N_("masked contacts shown"),
    },
    Action.NOTE: {"read": N_("read")},
    Action.ASSIGN: {"nobody": N_("to nobody")},
    Action.REQUESTS: {"read": N_("read"), "answer": N_("answered"), "close": N_("closed")},
    Action.AUDIT: {
        "read": N_("read"),
        "verify": N_("verified"),
        "whole": N_("whole"),
        "head not found": N_("the head that was kept is not in it"),
        "row # does not fit": N_("row %(n)s does not fit"),
        "row # is no beginning": _NO_BEGINNING,
        "head of a day to come": _EARLY,
        "export": N_("downloaded"),
        "all": N_("all of it"),
    },
    Action.CUT: {
        "before row #": N_("those before row %(n)s"),
        "row # does not fit": N_("row %(n)s does not fit"),
        "row # is no beginning": _NO_BEGINNING,
        "head of a day to come": _EARLY,
        "head not found": N_("the head that was kept is not in it"),
    },
    Action.OPERATE: {"pause": N_("paused"), "resume": N_("resumed")},
    "sign_in": {
        "recovery code": N_("with a recovery code"),
        "# left": N_("%(n)s left"),
    },
    "sign_in_failed": {"# times": N_("%(n)s times")},
    "second_factor_failed": {"# times": N_("%(n)s times")},
    "sign_in_by_provider_refused": {
        "no role": N_("no role"),
        "acr": N_("no second factor"),
        "amr": N_("no second factor"),
    },
    "accounts_import": {"# accounts": N_("%(n)s accounts")},
}
_WRITTEN = frozenset({Action.OBJECTION, Action.OPERATE, Action.REQUESTS})
"""Actions whose text after the colon was written by staff."""


def why(action: str, reason: str, say: Callable[[str], str]) -> str:
    """Return a row's reason with its codes translated; the staff's own text is unchanged."""

    def told(part: str) -> str:
        known = CODES.get(action, {}).get(re.sub(r"\d+", "#", part))
        return say(known) % {"n": re.sub(r"\D+", "", part)} if known else part

    def worded(text: str) -> str:
        between = "( )" if action == Action.REQUESTS else "(, )"
        return "".join(map(told, re.split(between, text)))

    head, colon, rest = reason.partition(": ")
    if action in _WRITTEN:
        return worded(head) + colon + (preset_reasons.translated(action, rest, say) or rest)
    chosen = preset_reasons.translated(action, reason, say)
    return chosen or worded(head) + colon + worded(rest)
