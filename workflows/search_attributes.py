"""The search attributes of activations: closed vocabularies, no personal data."""

from temporalio.common import SearchAttributeKey

STEP = SearchAttributeKey.for_keyword("ActivationStep")
REASON = SearchAttributeKey.for_keyword("WaitReason")
DEPARTMENT = SearchAttributeKey.for_keyword("Department")
SINCE = SearchAttributeKey.for_datetime("StandsSince")
