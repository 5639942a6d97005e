"""What deploy/compose.yml says, as Docker's own program renders it; no container is started."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
ENGINE = "activation:"
Service = Mapping[str, Any]


def tool(name: str, *words: str, environ: Mapping[str, str] | None = None) -> str:
    """Run a program of the environment and return what it prints; it must find nothing wrong."""
    command = (str(Path(sys.executable).with_name(name)), *words)
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rendered(folder: Path, **filled: str) -> dict[str, Any]:
    """Render the file with the example's values, and these, from this folder of an installation."""
    example = (DEPLOY / "compose" / "env.example").read_text("utf-8")
    lines = [f"{name}={value}" for name, value in (filled | {"CONFIGURATION": str(folder)}).items()]
    file = folder / "compose.env"
    file.write_text("\n".join([example, *lines]), "utf-8")
    words = ("--env-file", str(file), "--file", "deploy/compose.yml", "--profile", "*")
    # Nothing of this machine's own variables takes part.
    text = tool("docker-compose", *words, "config", "--format", "json", environ={})
    found: dict[str, Any] = json.loads(text)
    return found


def of_the_engine(composed: Mapping[str, Any]) -> dict[str, Service]:
    """Return the services that run the engine's image; each secret is told with its file."""
    services: dict[str, Any] = composed["services"]
    ours = {name: each for name, each in services.items() if each["image"].startswith(ENGINE)}
    for service in ours.values():
        for secret in service.get("secrets", []):
            secret["file"] = composed["secrets"][secret["source"]]["file"]
    return ours
