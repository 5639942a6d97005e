"""A collector of OpenTelemetry: keeps what is exported to it, or takes and never answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

HOST = "127.0.0.1"


class Collector:
    def __init__(self, *, hangs: bool = False) -> None:
        self.taken: list[bytes] = []
        self.asked = threading.Event()
        self.ended = threading.Event()
        self.hangs = hangs
        self.endpoint = ""

    @property
    def spans(self) -> list[tuple[str, Span]]:
        """Return each span with the name of its service."""
        return [
            (resource.resource.attributes[0].value.string_value, span)
            for body in self.taken
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def names(self) -> set[str]:
        return {span.name for _, span in self.spans}


@contextmanager
def collecting(*, hangs: bool = False) -> Iterator[Collector]:
    collector = Collector(hangs=hangs)

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.asked.set()
            if collector.hangs:
                collector.ended.wait()
                return
            collector.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((HOST, 0), Taking)
    server.daemon_threads = True
    collector.endpoint = f"http://{HOST}:{server.server_port}/v1/traces"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        collector.ended.set()
        server.shutdown()
        server.server_close()
