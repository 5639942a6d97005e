"""Installs by docs/deployment.md alone, then restarts each process while students come.

`python -m tests.install`, as root, on a machine with Debian's systemd. It works in mounts of its
own over /etc and /opt, which nobody else sees and which end with it. 100 students go their whole
way through nginx while each unit is restarted in turn, as `systemctl restart` does. It fails if a
student is lost, an answer is an error of nginx or of ours, or a process has to be killed.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demo.certificates import make_certificates
from demo.place import Place
from tests.progress import say

INSIDE = "ACTIVATION_CHECK_INSIDE"


def main() -> None:
    if os.geteuid() != 0:
        raise SystemExit("make install-check needs root, for mounts and users of its own")
    if INSIDE not in os.environ:
        environ = {**os.environ, INSIDE: "1"}
        words = ("/usr/bin/unshare", "--mount", sys.executable, "-m", "tests.install")
        raise SystemExit(subprocess.run(words, env=environ, check=False).returncode)  # noqa: S603
    with tempfile.TemporaryDirectory(dir="/var/lib") as name, ExitStack() as stack:
        tls = Place(Path(name) / "around").tls
        make_certificates(tls)
        os.environ["SSL_CERT_FILE"] = str(tls / "ca.pem")
        from tests.install.machine import Machine  # noqa: PLC0415 - browsers read certificates

        machine = Machine(Path(name), stack)
        machine.install()
        say(f"installed by {machine.commands} commands of the documentation")
        machine.check()


if __name__ == "__main__":
    main()
