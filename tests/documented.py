"""Finds every command that the documentation shows, and names those that no test runs, and why."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ledger.forecast import _kinds
from ledger.retention import _UNCLOSED
from settings.rules import Retention

ROOT = Path(__file__).parents[1]
LANGUAGES = {"sh", "sql", "promql", "ldif", "slapd", "toml", "env", "text", "mermaid"}
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(<<'?(\w+)'?)\n.*?^\2$", re.MULTILINE | re.DOTALL)
_CONTINUED = re.compile(r"\\\n *")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_PROGRAMS = (
    *(
        "activation",
        "make",
        "docker",
        "helm",
        "kubectl",
        "systemctl",
        "journalctl",
        "temporal server",
    ),
    *("awk", "curl", "git", "gpg", "ldapmodify", "ldapsearch", "openssl", "pip", "promtool"),
    *("pg_dump", "pg_restore", "psql", "python", "systemd-analyze", "systemd-tmpfiles"),
    *("ALTER ROLE", "CREATE ROLE", "DROP ROLE", "SELECT", "DELETE", "UPDATE"),
)
_SHOWN_INLINE = re.compile(rf"(?:{'|'.join(_PROGRAMS)}) \S")
_NAMES = {_UNCLOSED, *(name for name, *_ in _kinds(Retention()))}
"""Names of rules of the sweep, some of which begin like a command."""


class Shown(NamedTuple):
    """One command as a page has it; `language` is empty where it stands within a sentence."""

    page: str
    language: str
    text: str


def pages() -> list[Path]:
    return [
        *(ROOT / name for name in ("README.md", "SECURITY.md")),
        *sorted((ROOT / "docs").glob("*.md")),
    ]


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each block."""
    for _, language, text in _BLOCK.findall(page.read_text("utf-8")):
        yield language, text


def shown() -> Iterator[Shown]:
    """Yield each command once a page: lines of shells, statements, and those in sentences."""
    for page in pages():
        name = str(page.relative_to(ROOT))
        found = [Shown(name, language, text) for language, text in _in_blocks(page)]
        sentences = _BLOCK.sub("", page.read_text("utf-8"))
        found += [
            Shown(name, "", text)
            for text in _INLINE.findall(sentences)
            if _SHOWN_INLINE.match(text.removeprefix(".venv/bin/")) and text not in _NAMES
        ]
        yield from dict.fromkeys(found)


def _in_blocks(page: Path) -> Iterator[tuple[str, str]]:
    for language, text in blocks(page):
        match language:
            case "sh":
                for line in filter(None, _CONTINUED.sub(" ", _FILE.sub(r"\1", text)).splitlines()):
                    yield language, re.sub(r"\s+# .*", "", line).strip()
            case "sql" | "promql" | "ldif" | "slapd":
                yield language, text


class Call(NamedTuple):
    """What follows `activation`, without the brackets of what may be left out, and what follows."""

    words: tuple[str, ...]
    onward: str


def calls(text: str) -> Iterator[Call]:
    """Yield the calls of our own program in a command; `a|b` stands for one call each."""
    for part in re.split(r"&&|;|\bdo\b|[()]", text):
        bare = part.strip().removeprefix(".venv/bin/")
        if not bare.startswith("activation "):
            continue
        command, pipe, onward = bare.partition(" | ")
        words = shlex.split(re.sub(r"[][]| > \S+", "", command))[1:]
        first = words[1].split("|") if len(words) > 1 else [""]
        for each in first:
            yield Call((words[0], each, *words[2:]) if each else tuple(words), onward)
        assert pipe or not onward


NOT_RUN: Mapping[str, str] = {
    r"make .+": "each is a programme of its own, which CI or a release runs",
    r"python -m bench\..+|\.venv/bin/python -m bench\..+": "measures for minutes",
    r"docker .*|.*\bdocker (compose|build) .*": "no daemon of containers runs here;"
    " `make image-check` starts the same commands from the image's root folder",
    r"export COMPOSE_FILE=.*|deploy/compose/secrets\.sh|mkdir -p /etc/activation/secrets.*"
    r"|cp deploy/compose/env\.example .*": "`make image-check` follows these steps",
    r"(cd portal-keys && )?kubectl .*|helm .*": "no cluster runs here;"
    " `make charts` renders the chart and validates all objects",
    r"systemctl .*|journalctl .*|systemd-tmpfiles .*": "no systemd runs here;"
    " `make install-check` starts each unit's command, and `make fresh-root` boots one",
    r"apt-get .*|export PATH=.*|ledger=.*|mkdir -p /etc/activation(/directory)?|role=.*|case .*"
    r"|mkdir -p \$\(dirname .*|\(umask .*|\[ \$process .*|echo \"ALTER ROLE .*|done \| su .*"
    r"|cat >.*|slapadd .*|chown .*|nginx -t .*|python3 -m venv /opt/temporal"
    r"|/opt/temporal/bin/pip .*|systemd-run .*": "`make fresh-root` gives it to an empty Debian",
    r"install -(D )?.*|systemd-sysusers|set -a; \. /etc/activation/temporal\.env.*"
    r"|for process in .*|python3 -m venv /opt/activation/.*|/opt/activation/\.venv/bin/pip .*"
    r"|\(set -a; \. /etc/activation/\w+\.env; .*": "changes /etc and /opt:"
    " `make install-check` runs it in mounts of its own",
    r"python3 -m venv /opt/activation-NEW.*|\.venv/bin/pip install .*"
    r"|\.venv/bin/activation (config check|keys init|ledger migrate)|ln -sfn .*": "upgrades an"
    " installation; `make upgrade-check` plays it from one version to another",
    r"export PORTAL.*|envsubst .*": "tests/nginx.py fills in the same file, and tests run nginx",
    r"systemd-analyze .*": "tests/deploy runs it for each unit",
    r"promtool check config .*": "tests/deploy runs it",
    r"tcld .*": "asks Temporal Cloud; nginx with its refusals stands for it in tests",
    r"install -m 600 -o activation-directory .*": "needs the units' users; `make install-check` has"
    " them, and tests/ledger changes a password under a pool",
    r"temporal-sql-tool .*": "no image of Temporal's is here; `deploy/compose/temporal.sh` is this",
    r"DROP ROLE portal1": "ends what another line of the same page made",
    r"python -m http\.server .*": "serves the site until it is ended; `make docs` builds it",
    r"git tag .*|git verify-tag .*|gpg .*": "needs the key of whoever makes the release",
    r"pip show .*": "names an installation from the wheel; `make release-check` has one",
    r"pg_dump .*": "stands for the university's own way of backing up",
    r"activation (portal|support serve|support alerts|worker)\b.*": "ends by a signal alone;"
    " the demo runs it with the same options",
    r"activation restore .*": "replaces the ledger of the demo; tests/ledger and `make drills`"
    " restore ledgers of their own",
    r"activation demo (up|down)": "every demo of the tests begins and ends by it",
    r"(\.venv/bin/)?activation demo populate": "plays 200 students for a minute; tests/demo plays"
    " fewer",
    r"(activation|\.venv/bin/activation) (\.\.\.|support \.\.\.)": "stands for any command",
    r"(?s)-- A mobile by its last eight digits.*": "tests/adapters/registrar/test_indexes.py makes"
    " these indexes for 6,000 rows",
    r"(?s)# core, cosine and inetorgperson come with OpenLDAP.*": "`make install-check` starts"
    " Debian's slapd with it",
}
"""Patterns of commands that no test runs as they are shown, and why."""


def reason(text: str) -> str | None:
    """Return why no test runs this command; None if one has to."""
    return next((why for pattern, why in NOT_RUN.items() if re.fullmatch(pattern, text)), None)


def others(*beginnings: str) -> list[str]:
    """Return what has to be run and is no call of our program, and begins in one of these ways."""
    texts = {each.text for each in shown() if reason(each.text) is None and not [*calls(each.text)]}
    return sorted(text for text in texts if text.startswith(beginnings))
