"""Reads what Prometheus reads of running processes, and which metrics the code defines."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

import activities.metrics  # noqa: F401 - these six define some
import adapters.messaging.sms  # noqa: F401 - as above
import starter.client.metrics
import starter.portal.receipts  # noqa: F401 - as above
import web.limits
import web.measured  # noqa: F401 - as above
from support.verbs.metrics import ENGINE
from workflows import step_times


def defined() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Return meaning and labels of each metric of the code, by its name for Prometheus."""
    found = {name: (meaning, tuple(labels)) for name, (meaning, labels) in ENGINE.items()}
    found[step_times.NAME] = (step_times.MEANING, step_times.LABELS)
    for metric in {*REGISTRY._collector_to_names}:
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.collect()
            found[_name(family)] = (family.documentation, tuple(metric._labelnames))
    return found


def health_port(pid: int) -> str:
    """Return the port on which this process of a stack serves its probes."""
    words = Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
    return words[words.index("--health-port") + 1]


def scraped(port: str) -> str:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.raise_for_status().text


def families(text: str) -> Iterator[str]:
    """Return the names of the metrics in this text, as the table in the documentation has them."""
    for family in text_string_to_metric_families(text):
        yield _name(family)


def _name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def value(text: str, sample: str, **labels: str) -> float | None:
    """Return the sum of the samples with at least these labels; None if there is none."""
    found = [
        each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name == sample and labels.items() <= each.labels.items()
    ]
    return sum(found) if found else None
