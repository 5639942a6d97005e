"""Why an activation waits, as a failure of Temporal tells it."""

import pytest
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure, ServerFailureInfo

from starter.client.pending_retries import failure_type

AWAY = Failure(application_failure_info=ApplicationFailureInfo(type="DIRECTORY_DOWN"))
CAUSED = Failure(
    application_failure_info=ApplicationFailureInfo(type="CONFIGURATION"),
    cause=Failure(application_failure_info=ApplicationFailureInfo(type="KeyError")),
)
TOO_LARGE = Failure(
    message="Failure exceeds size limit.", server_failure_info=ServerFailureInfo(), cause=AWAY
)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (AWAY, "DIRECTORY_DOWN"),
        (CAUSED, "CONFIGURATION"),
        (TOO_LARGE, "DIRECTORY_DOWN"),
        (Failure(cause=Failure()), ""),
    ],
)
def test_a_failure_tells_its_type_also_where_temporal_has_cut_it(
    failure: Failure, kind: str
) -> None:
    assert failure_type(failure) == kind
