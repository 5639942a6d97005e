"""nginx with the servers that docs/deployment.md shows, before two portals and the console."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.place import HOST
from demo.software import installed, libraries, unpacked
from tests.install.recipe import blocks
from tests.whole.student import until

FOLDER = Path("/etc/nginx")
PORTS = {"activation": 8443, "desk": 8444}
_MAIN = """
daemon off;
pid {folder}/pid;
worker_processes 2;
error_log {logs}/nginx.error.log info;
events {{}}
http {{
    access_log {logs}/nginx.access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


@contextmanager
def running(folder: Path, tls: Path, logs: Path) -> Iterator[None]:
    """Run nginx with the page's files, at the places that it names."""
    program, environ = installed("nginx"), None
    if program is None:
        root = unpacked("nginx")
        program, environ = root / "usr" / "sbin" / "nginx", libraries(root)
    place = folder / "nginx"
    place.mkdir()
    file = place / "nginx.conf"
    file.write_text(_MAIN.format(folder=place, logs=logs, servers=_servers(tls)))
    place.chmod(0o755)
    command = (str(program), "-e", "stderr", "-g", "user root;", "-p", str(place), "-c", str(file))
    process = subprocess.Popen(command, env=environ)  # noqa: S603 - Debian's program

    def listens() -> bool:
        assert process.poll() is None
        with socket.socket() as client:
            return client.connect_ex((HOST, PORTS["activation"])) == 0

    try:
        until(listens)
        yield
    finally:
        process.terminate()
        process.wait()


def _servers(tls: Path) -> str:
    """Write the files that the page shows, and return its servers, on our ports."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "tls").mkdir(exist_ok=True)
    for name in PORTS:
        shutil.copy(tls / "server.pem", FOLDER / "tls" / f"{name}.pem")
        shutil.copy(tls / "server.key", FOLDER / "tls" / f"{name}.key")
    (lines,) = blocks("The proxy", "nginx")
    (FOLDER / "activation-portal.conf").write_text(lines)
    (servers,) = blocks("The proxy", "conf")
    for name, port in PORTS.items():
        shown = f"listen 443 ssl;\n    server_name {name}.university.example;"
        assert shown in servers
        servers = servers.replace(shown, f"listen {HOST}:{port} ssl;")
    return servers.replace("allow 198.51.100.0/24;", f"allow {HOST};")
