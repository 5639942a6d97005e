"""OpenTelemetry traces of a request, its workflow and its activities; off by default.

Temporal does not encrypt its headers, which carry ids of traces alone. A span leaves this process
without texts of errors, which may quote data, and with no attribute that is not listed here.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from temporalio.client import Interceptor

from security.redaction import scrub
from settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

_ATTRIBUTES = frozenset(
    {"temporalWorkflowID", "temporalRunID", "temporalActivityID"}
    | {"http.request.method", "http.route", "http.response.status_code"}
)
_ERROR = "error.type"
_EXPORT_WITHIN = 3.0
_STOP_WITHIN = 3.0


@dataclass(frozen=True)
class Tracing:
    """What a process traces with: interceptors of Temporal's client, and the span of a request."""

    interceptors: Sequence[Interceptor]
    request: Callable[[], AbstractContextManager[Any]]
    provider: "TracerProvider"

    async def close(self) -> None:
        """Send what is left, unless the collector is away."""
        sending = threading.Thread(target=self.provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, _STOP_WITHIN)


def tracing(settings: Settings, process: str) -> Tracing | None:
    """Begin to trace in this process; None where that is off."""
    if not settings.traces.endpoint:
        return None
    # Loaded here: the extra need not be installed, and takes a while to load.
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from temporalio.contrib.opentelemetry import TracingInterceptor  # noqa: PLC0415

    # Of a collector that is away: a line for each batch, not for each try.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    collector = OTLPSpanExporter(settings.traces.endpoint, timeout=_EXPORT_WITHIN)
    exporter: Any = _Redacting(collector)
    named = Resource({"service.name": f"activation-{process}"})
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("activation")

    def request() -> AbstractContextManager[Any]:
        # A new trace, whatever the browser's headers say.
        return tracer.start_as_current_span("request", Context(), SpanKind.SERVER)

    return Tracing([TracingInterceptor(tracer)], request, provider)


class _Redacting:
    """An exporter in front of another one."""

    def __init__(self, to: Any) -> None:
        self._to = to

    def __getattr__(self, name: str) -> Any:
        return getattr(self._to, name)

    def export(self, spans: Sequence["ReadableSpan"]) -> Any:
        return self._to.export([redacted(span) for span in spans])


def redacted(span: "ReadableSpan") -> "ReadableSpan":
    """Return the span without what may hold personal data."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - as above
    from opentelemetry.trace import Status  # noqa: PLC0415 - as above

    attributes = {
        name: value for name, value in (span.attributes or {}).items() if name in _ATTRIBUTES
    }
    for event in span.events:
        if kind := (event.attributes or {}).get("exception.type"):
            attributes[_ERROR] = kind
    return ReadableSpan(
        name=str(scrub(span.name)),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
