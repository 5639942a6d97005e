"""Notes until when the certificates of outside systems are valid, for Prometheus."""

import ssl
from collections.abc import Mapping
from typing import Any

from prometheus_client import Gauge

EXPIRES = Gauge(
    "activation_certificate_expires_timestamp_seconds",
    "End of the certificate that a system showed at the last connection of this process.",
    ["system"],
)


def note(system: str, certificate: Mapping[str, Any] | None) -> None:
    """Note a verified certificate, as `ssl.SSLSocket.getpeercert` returns it."""
    if certificate:
        EXPIRES.labels(system).set(ssl.cert_time_to_seconds(certificate["notAfter"]))
