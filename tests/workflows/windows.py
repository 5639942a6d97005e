"""Keeps the end of each activity's window off a whole second, which the test server takes for none.

Its retry state reads an expiration time without nanoseconds as "no expiration": an activity whose
`schedule_to_close_timeout` ends on a whole second, as one in a thousand does, is retried for ever.
"""

from datetime import timedelta
from typing import Any

from temporalio import client, worker, workflow
from temporalio.worker import (
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

_OFF = timedelta(microseconds=500)
"""The server's clock counts whole milliseconds."""


class WindowsThatEnd(client.Interceptor, worker.Interceptor):
    """Lengthens windows by half a millisecond; workers take it from their client."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the name is the SDK's
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(
        self,
        input: StartActivityInput,  # noqa: A002 - the name is the SDK's
    ) -> workflow.ActivityHandle[Any]:
        window = input.schedule_to_close_timeout
        if window is not None:
            input.schedule_to_close_timeout = window + _OFF
        return super().start_activity(input)
