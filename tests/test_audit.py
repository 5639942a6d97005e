"""`make audit` calls nothing clean without an answer; `make sbom` lists what is locked."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests import audit

VULNERABLE = {"id": "PYSEC-2099-1", "aliases": ["CVE-2099-1"], "summary": "bad", "affected": []}


@contextmanager
def database(vulnerable: str, status: int = 200) -> Iterator[str]:
    """Serve OSV's answers: one package has a vulnerability, the others have none."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            known = [VULNERABLE] if asked["package"]["name"] == vulnerable else []
            body = json.dumps({"vulns": known}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def audited(address: str) -> int:
    return audit.main(("-s", "osv", "--osv-url", address))


def test_a_database_that_knows_nothing_bad_is_a_clean_audit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with database("none") as address:
        assert audited(address) == 0
    assert capsys.readouterr().out.startswith("no known vulnerability in ")


def test_a_vulnerability_is_named_with_its_package(capsys: pytest.CaptureFixture[str]) -> None:
    with database("ldap3") as address:
        assert audited(address) == 1
    assert capsys.readouterr().out == (
        "ldap3 2.9.1: PYSEC-2099-1 (CVE-2099-1), mended in no release\n"
    )


def test_a_database_that_is_away_is_no_audit(capsys: pytest.CaptureFixture[str]) -> None:
    assert audited("http://127.0.0.1:9/") == 2
    assert "no audit: the database of vulnerabilities answered for 0" in capsys.readouterr().out


def test_packages_without_an_answer_are_no_audit() -> None:
    clean = {"name": "a", "version": "1", "vulns": []}
    code, (line,) = audit.judge(
        json.dumps({"dependencies": [clean, {"name": "b", "skip_reason": "not found"}]})
    )
    assert code == 2
    assert "answered for 1 of 2 packages" in line


@pytest.mark.long
def test_the_list_of_what_an_installation_holds_is_the_lock_with_its_hashes(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    command = ("make", "--no-print-directory", "sbom", f"SBOM={file}")
    subprocess.run(command, check=True, cwd=audit.ROOT)  # noqa: S603 - our own Makefile
    listed = json.loads(file.read_text("utf-8"))
    lock = (audit.ROOT / "requirements" / "run.txt").read_text("utf-8")
    components = {(each["name"], each["version"]): each for each in listed["components"]}
    assert components.keys() == set(re.findall(r"^([\w.-]+)==([\w.+-]+)", lock, re.MULTILINE))
    assert all(each["externalReferences"][0]["hashes"] for each in components.values())
    assert listed["metadata"]["component"]["name"] == "student-account-activation"
