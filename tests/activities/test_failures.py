import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import failure, guarded
from domain.contracts.vocabulary import FailureType

SECRET = "+306912345678"


def test_an_absent_part_is_named_and_the_driver_is_silenced() -> None:
    with (
        pytest.raises(ApplicationError) as raised,
        guarded(FailureType.LEDGER_DOWN, (OSError,)),
    ):
        raise ConnectionRefusedError(SECRET)
    assert raised.value.type == "LEDGER_DOWN"
    assert raised.value.message == "LEDGER_DOWN: ConnectionRefusedError"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert not raised.value.non_retryable


def test_whatever_else_happens_is_something_to_mend() -> None:
    with (
        pytest.raises(ApplicationError) as raised,
        guarded(FailureType.LEDGER_DOWN, (OSError,)),
    ):
        raise KeyError(SECRET)
    assert raised.value.type == "CONFIGURATION"
    assert SECRET not in str(raised.value)


def test_a_failure_that_is_told_already_passes_through() -> None:
    told = failure(FailureType.SMS_DOWN, "HTTP 500")
    with pytest.raises(ApplicationError) as raised, guarded(FailureType.LEDGER_DOWN, (OSError,)):
        raise told
    assert raised.value is told
