"""Lints, renders and validates the Helm chart: `python -m tests.charts`, by `make charts`.

helm-sdkpy is Helm as a library, which has no call that only renders. So the chart is installed at
an API server of this module, which keeps the release that Helm stores there before it makes any
object: in it is everything that the templates rendered.
"""

import asyncio
import base64
import gzip
import json
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import helm_sdkpy
import kubernetes_validate
import yaml

from tests.progress import say

CHART = Path(__file__).parents[1] / "deploy" / "helm" / "activation"
RELEASE = re.compile(rb"H4sI[A-Za-z0-9+/=]+")
"""What Helm stores: JSON, packed by gzip, in base64."""
INFORMATION = 1
"""The severity of lint's advice, such as to add a picture."""
VERSIONS = ("1.27", "1.31", "1.34")
KINDS = {
    "v1": {"ConfigMap": "configmaps", "Secret": "secrets", "Service": "services"}
    | {"ServiceAccount": "serviceaccounts"},
    "apps/v1": {"Deployment": "deployments"},
    "autoscaling/v2": {"HorizontalPodAutoscaler": "horizontalpodautoscalers"},
    "batch/v1": {"Job": "jobs"},
    "networking.k8s.io/v1": {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"},
    "policy/v1": {"PodDisruptionBudget": "poddisruptionbudgets"},
}
PEER = {"namespaceSelector": {"matchLabels": {"name": "edge"}}}
SITE = {"host": "activation.uni.gr", "tlsSecret": "tls"}
FULL = {
    "epochs": ["2026-11", "2026-12"],
    "imagePullSecrets": [{"name": "registry"}],
    "temporal": {
        "address": "temporal:7233",
        "namespace": "activation",
        "secret": "temporal",
        "files": "temporal-files",
        "createNamespace": True,
    },
    "public": {
        "replies": "activation-replies",
        "texts/terms": "activation-terms",
        # The volumes' names differ.
        "texts-terms": "others",
    },
    "networkPolicy": {"enabled": True, "proxies": [PEER], "monitoring": [PEER]},
    "processes": {
        "directory": {"egress": [{"to": [PEER], "ports": [{"port": 636}]}]},
        "main": {"autoscaling": {"enabled": False, "most": 1, "cpu": 70}},
    },
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"note": "ours"},
        "portal": SITE,
        "console": {"enabled": True, **SITE},
    },
}
WRONG: tuple[dict[str, Any], ...] = (
    {"processes": {"portal": {"replicas": -1}}},
    {"processes": {"gateway": {"replicas": 1}}},
    {"temporal": {"address": "https://temporal"}},
    {"settigns": ""},
    {"epochs": ["November"]},
    {"ingress": {"enabled": True}},
    {"public": {"../keys": "ours"}},
    {"public": {"texts-": "ours"}},
    # Kubernetes cannot mount a folder inside another one that is read-only.
    {"public": {"texts": "ours", "texts/terms": "ours"}},
)


class Server(BaseHTTPRequestHandler):
    """As much of Kubernetes' API as Helm asks before it makes an object."""

    releases: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        if path == "version":
            self._answer(200, {"major": "1", "minor": "31", "gitVersion": "v1.31.0"})
        elif path == "api":
            self._answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        elif path == "apis":
            groups = [group for group in KINDS if "/" in group]
            self._answer(200, {"kind": "APIGroupList", "groups": [*map(_group, groups)]})
        elif (group := path.removeprefix("apis/").removeprefix("api/")) in KINDS:
            self._answer(200, _resources(group))
        elif path.endswith("/secrets"):
            self._answer(200, {"kind": "SecretList", "apiVersion": "v1", "items": []})
        else:
            self._answer(404, {"kind": "Status", "status": "Failure", "reason": "NotFound"})

    def do_POST(self) -> None:
        """Keep the release, which comes in Kubernetes' binary form; refuse the first object."""
        given = self.rfile.read(int(self.headers["Content-Length"]))
        packed = RELEASE.search(given)
        if packed is None or not self.path.partition("?")[0].endswith("/secrets"):
            self._answer(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden"})
            return
        release = gzip.decompress(base64.b64decode(packed[0]))
        self.releases.append(json.loads(release))
        self._send(201, self.headers["Content-Type"], given)

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        text = json.dumps({"apiVersion": "v1", **body, "code": status}).encode()
        self._send(status, "application/json", text)

    def _send(self, status: int, form: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the library
        pass


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": name, "version": name.partition("/")[2]}
    return {"name": name.partition("/")[0], "versions": [version], "preferredVersion": version}


def _resources(group: str) -> dict[str, Any]:
    resources = [
        {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["create"]}
        for kind, name in KINDS[group].items()
    ]
    return {"kind": "APIResourceList", "groupVersion": group, "resources": resources}


@contextmanager
def _cluster() -> Iterator[str]:
    """Run the server, and yield a file by which Helm finds it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    named = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "here", "context": {"cluster": "here", "user": "here"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [named],
        "contexts": [context],
        "users": [{"name": "here", "user": {}}],
        "current-context": "here",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(config, file)
        file.flush()
        try:
            yield file.name
        finally:
            server.shutdown()


def render(config: helm_sdkpy.Configuration, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects that the chart makes of these values; raises Helm's error if none."""
    Server.releases.clear()
    install = helm_sdkpy.Install(config)
    try:
        asyncio.run(install.run("campus", str(CHART), values=dict(values), wait=False))
    except helm_sdkpy.HelmError:
        if not Server.releases:
            raise
    release = Server.releases[0]
    texts = [release["manifest"], *(hook["manifest"] for hook in release["hooks"])]
    documents = (each for text in texts for each in yaml.safe_load_all(text))
    return [each for each in documents if each]


def _volumes(made: Mapping[str, Any]) -> list[str]:
    pod = made.get("spec", {}).get("template", {}).get("spec", {})
    return [each["name"] for each in pod.get("volumes", ())]


def main() -> None:
    with _cluster() as file:
        config = helm_sdkpy.Configuration(namespace="students", kubeconfig=file)
        linted = asyncio.run(helm_sdkpy.Lint(config).run(str(CHART)))
        if linted["Errors"] or any(each["Severity"] > INFORMATION for each in linted["Messages"]):
            raise SystemExit(f"lint: {linted}")
        say("lint finds nothing wrong")
        for name, values in (("as it comes", {}), ("with everything", FULL)):
            objects = render(config, values)
            for each in objects:
                for version in VERSIONS:
                    kubernetes_validate.validate(each, version, strict=True)
                volumes = _volumes(each)
                if len(set(volumes)) < len(volumes):
                    raise SystemExit(f"two volumes have one name: {volumes}")
            kinds = Counter(each["kind"] for each in objects)
            say(f"{name}: {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}")
        for wrong in WRONG:
            try:
                render(config, wrong)
            except helm_sdkpy.HelmError:
                continue
            raise SystemExit(f"these values are wrong, and were taken: {wrong}")
        say(f"{len(WRONG)} wrong values are refused; all objects are valid in {VERSIONS}")


if __name__ == "__main__":
    main()
