"""Manages the folders, ports and secrets of one embedded stack.

All files are under one folder that only its owner may enter. A secret is generated once and kept;
a port is the preferred one or the next free one, chosen at each start and then reserved against
other stacks of this machine.
"""

import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

HOST = "127.0.0.1"
PREFERRED_PORTS: Mapping[str, int] = MappingProxyType(
    {
        "portal": 8000,
        "support": 8001,
        "worker": 8002,
        "alerts": 8003,
        "inbox": 8025,
        "sms": 8026,
        "smtp": 2525,
        "temporal": 7233,
        "temporal_ui": 8233,
        "postgres": 5433,
        "ldap": 3890,
        "ldaps": 6360,
    }
)
ANY_PORTS: Mapping[str, int] = MappingProxyType({})


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def any_port() -> int:
    """Return a free port below the ephemeral range.

    The system could use an ephemeral port before the part that was given it has started.
    """
    while not is_free(port := 10_000 + secrets.randbelow(20_000)):
        pass
    return port


def _hold(port: int) -> bool:
    """Reserve a port against other stacks until this process ends; False if it is reserved.

    It binds an abstract socket name, not the port itself, which the part must be able to bind.
    """
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0student-activation-port-{port}")
    except OSError:
        held.close()
        return False
    held.detach()
    return True


class Place:
    """One stack's folder; `preferred` names the first port to try for each part."""

    def __init__(self, folder: Path, preferred: Mapping[str, int] = ANY_PORTS) -> None:
        self.folder = folder.resolve()
        self._preferred = preferred
        self._ports: dict[str, int] = {}
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _inside(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def data(self, part: str) -> Path:
        return self._inside("data") / part

    def log(self, part: str) -> Path:
        return self._inside("logs") / f"{part}.log"

    def pid(self, part: str) -> Path:
        return self._inside("pids") / f"{part}.pid"

    @property
    def tls(self) -> Path:
        return self._inside("tls")

    @property
    def ca_file(self) -> Path:
        return self.tls / "ca.pem"

    @property
    def inbox(self) -> Path:
        return self._inside("data/inbox")

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def software(self) -> Path:
        return self._inside("software")

    @property
    def settings_file(self) -> Path:
        return self.folder / "activation.toml"

    @property
    def temporal_file(self) -> Path:
        return self.folder / "temporal.toml"

    @property
    def env_file(self) -> Path:
        return self.folder / "env"

    def port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = self._draw(name)
        return self._ports[name]

    def _draw(self, name: str) -> int:
        taken = set(self._ports.values()) | set(self._preferred.values())
        port = self._preferred.get(name) or any_port()
        taken.discard(port)
        while port in taken or not (is_free(port) and _hold(port)):
            port += 1
        return port

    def draw_again(self, names: Iterable[str]) -> None:
        """Drop the ports of these names, because other programs use them."""
        for name in names:
            self._ports.pop(name, None)

    def secret_file(self, name: str) -> Path:
        path = self._inside("secrets") / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        return path

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text(encoding="ascii")
