from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from activities import errors
from activities.errors import failure, guarded
from adapters.errors import Misconfigured, Unavailable
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
    told = failure(Unavailable(FailureType.SMS_DOWN, "HTTP 500"))
    with pytest.raises(ApplicationError) as raised, guarded(FailureType.LEDGER_DOWN, (OSError,)):
        raise told
    assert raised.value is told


def test_what_people_must_mend_is_tried_again_slowly_and_alarms_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "_alarmed", {})
    with capture_logs() as lines:
        for _ in range(2):
            with pytest.raises(ApplicationError) as raised, guarded(FailureType.LEDGER_DOWN, ()):
                raise KeyError(SECRET)
        failure(Unavailable(FailureType.LEDGER_DOWN, "OSError"))
    assert raised.value.next_retry_delay == timedelta(seconds=45)
    told = {"event": "trouble outside", "log_level": "error", "activity": "start"}
    assert lines == [told | {"outcome": "CONFIGURATION: KeyError"}]


def test_an_alarm_sounds_again_while_its_cause_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_alarmed", {})
    monkeypatch.setattr(errors, "_ALARM_AGAIN_SECONDS", 0)
    with capture_logs() as lines:
        for _ in range(2):
            failure(Misconfigured("HTTP 401"))
    assert len(lines) == 2
