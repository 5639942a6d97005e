"""Measures how long activations stand in each step, for Prometheus.

The SDK records nothing while it replays, so that each time counts once.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.vocabulary import Step, WaitReason, Waker
    from workflows import steps

NAME = "activation_step_seconds"
MEANING = (
    "Time that activations stood in a step, by `student`, `staff` or `system` they waited for, or"
    " `engine`."
)
LABELS = ("step", "waits_for")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
BUCKETS = (
    *(1, 3, 10, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 6 * _HOUR),
    *(_DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY),
)
_SYSTEM = "system"


class StepTimes:
    """The times of one run, from its first step on."""

    def __init__(self, step: Step) -> None:
        self._stay = _stay(step, None)
        self._since = workflow.now()

    def moved(self, step: Step, reason: WaitReason | None) -> None:
        """Record how long it stood, unless it waits at the same step for the same side."""
        stay, now = _stay(step, reason), workflow.now()
        if stay == self._stay:
            return
        if self._stay["waits_for"]:
            meter = workflow.metric_meter().create_histogram_float(NAME, MEANING)
            meter.record((now - self._since).total_seconds(), self._stay)
        self._stay, self._since = stay, now


def _stay(step: Step, reason: WaitReason | None) -> dict[str, str]:
    """Return the labels; `waits_for` is empty at an end."""
    waker = steps.woken_by(step, reason)
    held_up = waker is Waker.ENGINE and reason is not None
    return {"step": step.value, "waits_for": _SYSTEM if held_up else waker or ""}
