"""What Temporal lists activations by: closed vocabularies, and nothing personal."""

from temporalio.common import SearchAttributeKey

STEP = SearchAttributeKey.for_keyword("ActivationStep")
REASON = SearchAttributeKey.for_keyword("WaitReason")
DEPARTMENT = SearchAttributeKey.for_keyword("Department")
SINCE = SearchAttributeKey.for_datetime("StandsSince")
