"""Runs schemathesis against the few routes that speak JSON: probes, progress and the codec server.

Portal and console publish no schema, so what these routes take and answer is written down here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fuzz.seats import Place

_PROGRAM = Path(__file__).parents[2] / ".schemathesis/bin/schemathesis"
"""In an environment of its own, which `make fuzz` makes."""
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,unsupported_method"
)
_TEXT = {"type": "string"}


def _answers(**statuses: Mapping[str, Any]) -> dict[str, Any]:
    """Return the responses of a route: the schema of its JSON by each status."""
    return {
        status.removeprefix("s"): {
            "description": "as the route says",
            "content": {"application/json": {"schema": schema}},
        }
        for status, schema in statuses.items()
    }


def _object(**fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*fields]}


_PROBES = {
    path: {"get": {"responses": _answers(s200={"type": "object"}, s503={"type": "object"})}}
    for path in ("/healthz", "/readyz")
}
_STANDS = _object(reference=_TEXT, step=_TEXT, wait_reason={"type": ["string", "null"]})
PORTAL: Mapping[str, Any] = _PROBES | {
    "/progress.json": {
        "get": {
            "parameters": [{"name": "session", "in": "cookie", "schema": _TEXT}],
            "responses": _answers(s200=_STANDS, s401=_object(error=_TEXT)),
        }
    }
}
_BASE64 = {"type": "string", "format": "byte"}
_PAYLOAD = {
    "type": "object",
    "properties": {
        "metadata": {"type": "object", "additionalProperties": _BASE64},
        "data": _BASE64,
    },
}
_PAYLOADS = {"type": "object", "properties": {"payloads": {"type": "array", "items": _PAYLOAD}}}
_REFUSED = _object(message=_TEXT)
CONSOLE: Mapping[str, Any] = _PROBES | {
    "/codec/decode": {
        "post": {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _PAYLOADS}},
            },
            "responses": _answers(s200=_PAYLOADS, s400=_REFUSED, s415=_REFUSED, s429=_REFUSED),
        }
    }
}


def run(place: Place, cookie: str, examples: int, seed: int) -> int:
    """Fuzz the JSON routes of both; `cookie` is an operator's. Return how many runs failed."""
    env = place.env
    operator = {
        "Cookie": f"desk={cookie}",
        "Origin": env["TEMPORAL_UI_URL"],
        "X-Namespace": env["TEMPORAL_NAMESPACE"],
    }
    return _run(PORTAL, env["PORTAL_URL"], {}, examples, seed) + _run(
        CONSOLE, env["SUPPORT_URL"], operator, examples, seed
    )


def _run(
    paths: Mapping[str, Any], url: str, headers: Mapping[str, str], examples: int, seed: int
) -> int:
    document = {"openapi": "3.1.0", "info": {"title": "JSON", "version": "1"}, "paths": paths}
    given = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder, "openapi.json")
        schema.write_text(json.dumps(document))
        words = (str(_PROGRAM), "run", str(schema))
        options = ("--url", url, "--checks", _CHECKS, "--max-examples", str(examples))
        quiet = ("--seed", str(seed), "--no-color", "--warnings", "off", "--continue-on-failure")
        done = subprocess.run(  # noqa: S603 - our own program
            (*words, *options, *quiet, "--generation-database", "none", *given),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    _, _, told = done.stdout.partition("Test cases:\n")
    sys.stdout.write(f"schemathesis at {', '.join(paths)}: {told.partition(chr(10))[0].strip()}\n")
    if done.returncode:
        sys.stdout.write(done.stdout[-4000:] + done.stderr[-1000:])
    return int(done.returncode != 0)
