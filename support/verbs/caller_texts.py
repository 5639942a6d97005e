"""Texts that show staff the answer about a caller."""

from support.verbs.caller import CallerAnswer
from translations import N_

ANSWERS = {
    CallerAnswer.CONFIRMED: N_("Yes: all that was said is on file for this student."),
    CallerAnswer.NOT_CONFIRMED: N_(
        "No: not all that was said is on file for one student whom you may see. Do nothing for"
        " this caller, and do not say which part may be wrong."
    ),
    CallerAnswer.SPENT: N_(
        "Nothing was compared: three questions about this student were asked in the last 24 hours."
        " Refer the caller to the secretariat."
    ),
    CallerAnswer.OWN_SPENT: N_(
        "Nothing was compared: in the last 24 hours you have asked as many questions as one member"
        " of staff may, about all students together. Let a colleague ask, or refer the caller to"
        " the secretariat."
    ),
    CallerAnswer.AWAY: N_(
        "Nothing was compared or counted: the secretariat's records do not answer just now. Please"
        " ask again in a while."
    ),
}
