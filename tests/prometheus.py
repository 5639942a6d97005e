"""Prometheus and promtool of Debian, and what the files for them in deploy/ ask for."""

import json
import re
import subprocess
from pathlib import Path

from demo import software

DEPLOY = Path(__file__).parents[1] / "deploy"
CONFIG, RULES, DASHBOARD = (
    DEPLOY / name for name in ("prometheus.yml", "rules.yml", "grafana.json")
)
NAME = re.compile(r"\b(?:activation|temporal|process)_[a-z_]+")
_PARTS_OF_HISTOGRAMS = re.compile(r"_(bucket|count|sum)$")


def program(name: str) -> str:
    """Return the path of this program, the installed one or one from Debian's package."""
    here = software.installed(name) or software.unpacked("prometheus") / "usr" / "bin" / name
    return str(here)


def promtool(*words: str, given: str = "", folder: Path = DEPLOY) -> str:
    """Run promtool in this folder and return what it says; it must find nothing wrong."""
    done = subprocess.run(  # noqa: S603 - our own words
        (program("promtool"), *words),
        input=given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of_the_dashboard() -> list[str]:
    """Return the query of each panel."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def asked_for() -> set[str]:
    """Return the metrics that the rules and the dashboard name."""
    texts = (RULES.read_text("utf-8"), *of_the_dashboard())
    named = {name for text in texts for name in NAME.findall(text)}
    return {
        name if name.endswith("_total") else _PARTS_OF_HISTOGRAMS.sub("", name) for name in named
    }
