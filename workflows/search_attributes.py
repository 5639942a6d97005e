"""The search attributes of activations: closed vocabularies, no personal data."""

from datetime import datetime

from temporalio.common import SearchAttributeKey

STEP = SearchAttributeKey.for_keyword("ActivationStep")
REASON = SearchAttributeKey.for_keyword("WaitReason")
DEPARTMENT = SearchAttributeKey.for_keyword("Department")
SINCE = SearchAttributeKey.for_datetime("StandsSince")


def whole_millisecond(moment: datetime) -> datetime:
    """Return the millisecond of a moment, as it is published.

    Temporal's visibility rounds to milliseconds in SQLite and keeps microseconds in PostgreSQL; a
    whole millisecond is the same in both, so that ranges of moments mean the same.
    """
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
