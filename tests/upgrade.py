"""Upgrades an installation with students in mid-way: `python -m tests.upgrade REVISION`.

Starts a demo of the code of that revision of git and lets students come to each page. Then this
tree's migrations are applied while the old processes run: some of the students go on with them,
and others begin. Then all processes are those of this tree, and everybody goes on. Each student
must come to the end; exit code 1 for any who does not.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.console import running, say
from bench.journeys import FAILED, reached
from demo.crowd import Player, World, invent
from demo.programs import activation
from demo.visitor import Visitor

ROOT = Path(__file__).parents[1]
EACH = 4
"""How many students stop at each page."""


def _choose_password(player: Player) -> None:
    player.choose_password()
    player.arrive("/done")


STEPS: Sequence[Callable[[Player], None]] = (Player.prove, Player.agree, _choose_password)


def _again(done: int) -> Sequence[Callable[[Player], None]]:
    """Return how somebody who stood after these steps comes back to that page, with a code."""
    page = {Player.agree: "/review", _choose_password: "/password"}[STEPS[max(done, 1)]]
    return Player.come, partial(Player.prove, onward=page)


@dataclass
class Students:
    """Those who stand at some page, and what became of the others."""

    standing: list[tuple[Player, Visitor, int]] = field(default_factory=list)
    ended: int = 0
    lost: list[str] = field(default_factory=list)
    _begun: int = 0

    def come(self, there: World) -> None:
        """Let students begin, and stop after none, one or two of the steps."""
        draw = Random(self._begun)  # noqa: S311 - invented people need no secrecy
        rows = [invent(self._begun + n, draw) for n in range(EACH * len(STEPS))]
        self._begun += len(rows)
        there.enrol(rows)
        for number, row in enumerate(rows):
            visitor = Visitor(there.env["PORTAL_URL"], "el")
            player = Player(there, row, language="el", by_email=False, visitor=visitor)
            done = number % len(STEPS)
            if self._play(player, (Player.come, *STEPS[:done])):
                self.standing.append((player, visitor, done))

    def go_on(self, there: World, count: int | None = None) -> None:
        """Let so many of them, those first who came first, go on to the end; or all."""
        going, self.standing = self.standing[:count], self.standing[len(self.standing[:count]) :]
        for player, visitor, done in going:
            player.world = there
            visitor.move(there.env["PORTAL_URL"])
            if visitor.page.path == "/who":  # The session ended with the old version.
                self.ended += self._play(player.again(), (*_again(done), *STEPS[max(done, 1) :]))
            else:
                self.ended += self._play(player, STEPS[done:])

    def _play(self, player: Player, steps: Sequence[Callable[[Player], None]]) -> bool:
        try:
            for step in steps:
                step(player)
        except FAILED as error:
            self.lost.append(f"{player.reference}: {error!r}")
            return False
        return True


def main(revision: str) -> int:
    students = Students()
    with TemporaryDirectory() as temporary:
        older, folder = Path(temporary) / "older", Path(temporary) / "demo"
        _export(revision, older)
        old = ("env", f"PYTHONPATH={older}", *activation())
        with running(folder, old), reached(folder) as there:
            students.come(there)
            say(f"{len(students.standing)} students stand at three pages of {revision}")
            _migrate(folder)
            students.go_on(there, len(students.standing) // 2)
            students.come(there)
            say(f"{students.ended} went on with the old processes after the migrations")
        with running(folder), reached(folder) as there:
            students.go_on(there)
            students.come(there)
            students.go_on(there)
    say(f"{students.ended} students came to the end, {len(students.lost)} did not")
    for each in students.lost:
        say(f"  {each}")
    return 1 if students.lost else 0


def _export(revision: str, folder: Path) -> None:
    done = subprocess.run(("git", "archive", revision), cwd=ROOT, check=True, capture_output=True)  # noqa: S603, S607 - a revision that a developer names
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _migrate(folder: Path) -> None:
    environ = os.environ | {"ACTIVATION_CONFIG": str(folder / "activation.toml")}
    subprocess.run(activation("ledger", "migrate"), env=environ, check=True)  # noqa: S603 - our own program


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
