"""The metrics of this process for Prometheus: its own, and those of Temporal's SDK.

The SDK serves its own on a free port of the loopback address. They are read from there, so that a
process has one address for all metrics. No metric holds personal data: the values of labels are
closed vocabularies, names of routes and of systems.
"""

import logging
import socket
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

import httpx
from prometheus_client import REGISTRY, Gauge, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from workflows import step_times

# One more series for each, with the time of the first event, for which this format has no place.
disable_created_metrics()  # type: ignore[no-untyped-call] # as the library has it
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LOOPBACK = "127.0.0.1"
_SDK_SECONDS = 2.0
KEY_EPOCH = Gauge(
    "activation_key_epoch_timestamp_seconds",
    "Begin of the month of the key epoch that this process encrypts with.",
    ["epoch"],
)


async def exposition(keys: KeyRing | None = None, *others: Collector) -> bytes:
    """Return all metrics in Prometheus's text format; `keys` are those that this process uses."""
    KEY_EPOCH.clear()
    with suppress(KeyUnavailable):
        if keys:
            began = datetime.strptime(keys.epoch, "%Y-%m").replace(tzinfo=UTC)
            KEY_EPOCH.labels(keys.epoch).set(began.timestamp())
    return b"".join([*map(generate_latest, (REGISTRY, *others)), await _of_the_sdk()])


async def _of_the_sdk() -> bytes:
    """Return the SDK's metrics, empty if they cannot be read."""
    _, address = measured_runtime()
    async with httpx.AsyncClient(trust_env=False, timeout=_SDK_SECONDS) as http:
        try:
            return (await http.get(f"http://{address}/metrics")).content
        except httpx.HTTPError:
            return b""


@cache
def runtime() -> Runtime:
    """Return the SDK's runtime without metrics."""
    return Runtime(telemetry=TelemetryConfig(logging=_forwarding()))


@cache
def measured_runtime() -> tuple[Runtime, str]:
    """Return the SDK's runtime with metrics, and the address of these."""
    with socket.create_server((_LOOPBACK, 0)) as free:
        address = f"{_LOOPBACK}:{free.getsockname()[1]}"
    served = PrometheusConfig(
        address,
        counters_total_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides={step_times.NAME: step_times.BUCKETS},
    )
    telemetry = TelemetryConfig(logging=_forwarding(), metrics=served, attach_service_name=False)
    return Runtime(telemetry=telemetry), address


def _forwarding() -> LoggingConfig:
    """Forward the logs of the SDK's core to our logging, which redacts them."""
    levels = TelemetryFilter(core_level="WARN", other_level="ERROR")
    logger = logging.getLogger("temporalio.core")
    # What it would append quotes data, so that nothing of it would be left.
    forwarding = LogForwardingConfig(logger=logger, append_log_fields_to_message=False)
    return LoggingConfig(filter=levels, forwarding=forwarding)
