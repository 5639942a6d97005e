"""nginx with the servers of deploy/nginx.conf, before two portals and the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.place import HOST
from tests.nginx import servers, serving

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
    """Run nginx in front of the units, at the ports that the documentation gives them."""
    place = folder / "nginx"
    place.mkdir()
    file = place / "nginx.conf"
    filled = servers(
        [f"{HOST}:{port} ssl" for port in PORTS.values()],
        tls,
        PORTAL_1=f"{HOST}:8011",
        PORTAL_2=f"{HOST}:8012",
        CONSOLE=f"{HOST}:8001",
        PORTAL_NAME=HOST,
        CONSOLE_NAME=HOST,
        STAFF_NETWORK=HOST,
    )
    file.write_text(_MAIN.format(folder=place, logs=logs, servers=filled))
    place.chmod(0o755)
    with serving(file, PORTS["activation"], "-g", "user root;"):
        yield
