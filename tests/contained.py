"""Starts processes in an image's folder as a container engine does, with the rights it leaves them.

Namespaces of its own hold only the mounts: the network and the processes are this machine's. The
root folder is read-only, the user is the image's, no capability is left and none can be gained.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.composed import Service

_IS_NOT_THE_IMAGES = ("/proc", "/dev", "/sys")


class Contained:
    """The root folder of an image, and what the image says of itself."""

    def __init__(self, root: Path, config: Mapping[str, Any]) -> None:
        self.root, self._config = root, config
        self.user: str = config["User"]
        self.uid = int(self.user.partition(":")[0])

    def start(
        self, service: Service, command: Sequence[str], environ: Mapping[str, str], stdout: int
    ) -> subprocess.Popen[str]:
        own = dict(each.split("=", 1) for each in self._config["Env"])
        uid, gid = self.user.split(":")
        rights = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs")
        none = ("--inh-caps=-all", "--bounding-set=-all", "--pdeathsig=TERM")
        inside = ("env", "-C", self._config["WorkingDir"], *self._config["Entrypoint"], *command)
        words = ("chroot", str(self.root), "setpriv", *rights, *none, *inside)
        script = "\n".join(["set -eu", *self._mounts(service), 'exec "$@"'])
        # Each word replaces the process before it, so that its number is the engine's.
        return subprocess.Popen(  # noqa: S603 - our own words
            ("/usr/bin/unshare", "--mount", "/bin/bash", "-c", script, "bash", *words),
            env={**own, **environ},
            text=True,
            stderr=subprocess.STDOUT,
            stdout=stdout,
        )

    def look_at(self, service: Service, pid: int) -> None:
        """Look that this process has no right and writes only where its service lets it."""
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert set(status["Uid"].split()) == {str(self.uid)}
        assert status["Groups"].strip() == ""
        assert status["NoNewPrivs"] == "1"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind], 16) == 0, kind
        mounted = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
        options = {each[4]: each[5].split(",") for each in mounted}
        assert "ro" in options["/"]
        writable = {place for place, kinds in options.items() if "ro" not in kinds}
        ours = {place for place in writable if not place.startswith(_IS_NOT_THE_IMAGES)}
        assert ours == set(service["tmpfs"]), ours

    def _mounts(self, service: Service) -> list[str]:
        root, lines = self.root, [f"mount --bind {self.root} {self.root}"]
        for each in service.get("volumes", []):
            place = root / each["target"].removeprefix("/")
            self._point(Path(each["source"]), place)
            lines += _bind(each["source"], place, read_only=each.get("read_only", False))
        # In memory, so that no process sees even the name of another's secret.
        (root / "run" / "secrets").mkdir(parents=True, exist_ok=True)
        lines.append(f"mount -t tmpfs tmpfs {root}/run/secrets")
        for each in service.get("secrets", []):
            place = root / "run" / "secrets" / Path(each["target"]).name
            lines += [f"touch {place}", *_bind(each["file"], place, read_only=True)]
        lines.append(f"mount -o remount,ro {root}/run/secrets")
        lines += [f"mount -t tmpfs tmpfs {root}{place}" for place in service["tmpfs"]]
        lines += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        if service["read_only"]:
            lines.append(f"mount -o remount,bind,ro {root}")
        return lines

    @staticmethod
    def _point(source: Path, place: Path) -> None:
        """Make what something can be mounted on."""
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()


def _bind(source: str, place: Path, *, read_only: bool) -> list[str]:
    lines = [f"mount --bind '{source}' '{place}'"]
    return [*lines, f"mount -o remount,bind,ro '{place}'"] if read_only else lines
