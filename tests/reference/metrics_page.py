"""Writes the page of the metrics: labels, meaning and the processes that serve each."""

from pathlib import Path

from tests.metrics import defined
from tests.reference.markdown import code, page, table

_HEAD = """Our own metrics; [Metrics](../metrics.md) says where Prometheus reads them, what \
counts, and which rules ask for them."""
_ROOT = Path(__file__).parents[2]
_SERVED_BY = {
    "support": "alerts",
    "activities": "worker",
    "workflows": "worker",
    "adapters/messaging": "worker",
    "adapters": "worker, console",
    "web": "portal, console",
    "starter": "portal, console, worker",
}
"""The processes by the folder of the module that names a metric; the first that fits."""


def write() -> str:
    texts = {
        folder: "\n".join(file.read_text("utf-8") for file in (_ROOT / folder).rglob("*.py"))
        for folder in _SERVED_BY
    }

    def served_by(name: str) -> str:
        quoted = f'"{name.removesuffix("_total")}"'
        return next(_SERVED_BY[folder] for folder, text in texts.items() if quoted in text)

    rows = [
        (code(name), ", ".join(map(code, labels)), meaning, served_by(name))
        for name, (meaning, labels) in sorted(defined().items())
    ]
    return page("Metrics", _HEAD, table(["metric", "labels", "meaning", "process"], rows))
