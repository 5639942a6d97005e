"""Looks for known vulnerabilities in what is locked: `python -m tests.audit [pip-audit's options]`.

pip-audit counts a package that its database does not answer for as clean. Here that is no answer,
so that a machine without access to the database does not report a clean audit. The exit code is 0
for a clean audit, 1 for vulnerabilities and 2 for no answer.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "dev.txt"
"""It holds the demo's lock, version by version."""
_NO_ANSWER = (
    "no audit: the database of vulnerabilities answered for {known} of {all} packages. Run this"
    " where it can be reached, or name another: make audit OPTIONS='-s osv'"
)


def judge(report: str) -> tuple[int, list[str]]:
    """Return the exit code and the lines for a report of pip-audit; empty: it gave none."""
    packages: list[dict[str, Any]] = json.loads(report)["dependencies"] if report else []
    found = [
        f"{package['name']} {package['version']}: {each['id']}"
        f" ({', '.join(each['aliases']) or 'no other name'}),"
        f" mended in {', '.join(each['fix_versions']) or 'no release'}"
        for package in packages
        for each in package.get("vulns", ())
    ]
    known = sum("vulns" in package for package in packages)
    if packages and known == len(packages):
        return (1, found) if found else (0, [f"no known vulnerability in {known} packages"])
    unanswered = _NO_ANSWER.format(known=known, all=len(packages) or "all")
    return (1 if found else 2), [*found, unanswered]


def main(options: Sequence[str]) -> int:
    """Run pip-audit over the lock; print what it found, and return the exit code."""
    pip_audit = Path(sys.executable).with_name("pip-audit")
    words = ("--require-hashes", "--disable-pip", "-r", str(LOCK), "-f", "json", *options)
    done = subprocess.run(  # noqa: S603 - our own program
        (pip_audit, *words), capture_output=True, text=True, check=False
    )
    code, lines = judge(done.stdout)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
