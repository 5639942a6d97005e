"""The units of systemd in deploy/: what each starts, as whom, with which environment."""

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SYSTEMD = Path(__file__).parents[1] / "deploy" / "systemd"
SHARED = SYSTEMD / "activation-.service.d" / "activation.conf"
INSTANCES = ("1", "2")
ENDS_TEMPLATE = "@.service"


class Unit(NamedTuple):
    """One unit, or one instance of a template, with what all units share."""

    name: str
    directives: Mapping[str, Sequence[str]]

    @property
    def command(self) -> Sequence[str]:
        (line,) = self.directives["ExecStart"]
        return shlex.split(line)

    @property
    def user(self) -> str:
        return self.directives["User"][-1]

    @property
    def health_port(self) -> int:
        """Return the port of its probes, which the command or the environment has."""
        words = [*self.command, *self.environment.values()]
        named = [word for word in words if word.startswith("85")]
        return int(named[-1])

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what the unit itself sets, without its files."""
        return dict(line.split("=", 1) for line in self.directives["Environment"])

    @property
    def environment_files(self) -> Sequence[str]:
        return self.directives["EnvironmentFile"]

    def seconds(self, directive: str) -> int:
        return int(self.directives[directive][-1])


def files() -> list[Path]:
    return sorted(SYSTEMD.glob("*.service"))


def units(instances: Sequence[str] = INSTANCES) -> list[Unit]:
    """Return all units, of each template these instances."""
    found = []
    for file in files():
        if file.name.endswith(ENDS_TEMPLATE):
            found += [_unit(file, instance) for instance in instances]
        else:
            found.append(_unit(file, ""))
    return found


def _unit(file: Path, instance: str) -> Unit:
    directives = defaultdict[str, list[str]](list)
    for source in (file, SHARED):
        for name, value in _lines(source):
            directives[name].append(value.replace("%i", instance))
    return Unit(file.name.replace(ENDS_TEMPLATE, f"@{instance}.service"), directives)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            yield name, value
