"""A real nginx in front of portal or console, with the configuration that is in deploy/.

A test connects from 127.0.0.1 and tells nginx by the PROXY protocol which address the client has:
to nginx and all behind it, the connection comes from there.
"""

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from demo.certificates import make_certificates
from demo.place import HOST, any_port
from demo.software import installed, libraries, unpacked
from tests.whole.student import until

SERVERS = Path(__file__).parents[1] / "deploy" / "nginx.conf"
STAFF = "198.51.100.0/24; allow 2001:db8:5::/48"
"""Two networks, as the documentation shows for more than one."""
_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    set_real_ip_from {host};
    real_ip_header proxy_protocol;
    {servers}
}}
"""


class ProxyAnswer(NamedTuple):
    status: int
    headers: Sequence[tuple[str, str]]
    text: str


class Nginx(NamedTuple):
    """A running nginx; `url` is what it passes requests to."""

    port: int
    url: str
    authority: Path

    def ask(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        source: str,
        host: str | None = None,
        **form: str,
    ) -> ProxyAnswer:
        """Send a request from this address, over TLS; the browser names `host`."""
        family, own = ("TCP6", "::1") if ":" in source else ("TCP4", HOST)
        plain = socket.create_connection((HOST, self.port), 30)
        plain.sendall(f"PROXY {family} {source} {own} 50000 443\r\n".encode())
        context = ssl.create_default_context(cafile=str(self.authority))
        with context.wrap_socket(plain, server_hostname=HOST) as secured:
            return answer_of(secured, method, path, host or self.url, headers, **form)


def answer_of(
    connection: socket.socket,
    method: str,
    path: str,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    **form: str,
) -> ProxyAnswer:
    """Send one request by this connection, with the host that `url` names, and read the answer."""
    http = HTTPConnection(HOST)
    http.sock = connection
    body = urlencode(form).encode()
    own = [("Host", url.split("://")[1]), ("Content-Length", str(len(body)))]
    if form:
        own.append(("Content-Type", "application/x-www-form-urlencoded"))
    http.putrequest(method, path, skip_host=True)
    for name, value in (*own, *headers):
        http.putheader(name, value)
    http.endheaders(body)
    response: HTTPResponse = http.getresponse()
    return ProxyAnswer(response.status, response.getheaders(), response.read().decode())


def servers(listens: Sequence[str], certificates: Path, **values: str) -> str:
    """Return the servers of portal and console, with these values, listening so."""
    text = re.sub(r"\$\{([A-Z_0-9]+)\}", lambda each: values[each[1]], SERVERS.read_text("utf-8"))
    text = re.sub(r"/etc/nginx/tls/\w+", f"{certificates}/server", text)
    for each in listens:
        assert "listen 443 ssl;" in text
        text = text.replace("listen 443 ssl;", f"listen {each};", 1)
    return text


@contextmanager
def running(folder: Path, url: str, kind: str = "portal") -> Iterator[Nginx]:
    """Run nginx in front of this portal or console; other hosts than its own are the portal's."""
    make_certificates(folder)
    port, names = any_port(), {"portal": "portal.invalid", "console": "console.invalid"}
    address, names[kind] = url.removeprefix("http://"), HOST
    filled = servers(
        [f"{HOST}:{port} ssl proxy_protocol"] * 2,
        folder,
        **dict.fromkeys(("PORTAL_1", "PORTAL_2", "CONSOLE"), address),
        PORTAL_NAME=names["portal"],
        CONSOLE_NAME=names["console"],
        STAFF_NETWORK=STAFF,
    )
    file = folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, host=HOST, servers=filled))
    with serving(file, port):
        yield Nginx(port, url, folder / "ca.pem")


@contextmanager
def serving(file: Path, port: int, *options: str) -> Iterator[None]:
    """Run nginx with this configuration, in its folder; it serves when this yields."""
    program, environ = installed("nginx"), None
    if program is None:
        root = unpacked("nginx")
        program, environ = root / "usr" / "sbin" / "nginx", libraries(root)
    command = (str(program), "-e", "stderr", *options, "-p", str(file.parent), "-c", str(file))
    process = subprocess.Popen(command, env=environ)  # noqa: S603 - Debian's program

    def listens() -> bool:
        assert process.poll() is None
        with socket.socket() as client:
            return client.connect_ex((HOST, port)) == 0

    try:
        until(listens)
        yield
    finally:
        process.terminate()
        process.wait()
