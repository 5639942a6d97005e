"""Makes activations in mixed states, as real students would: `activation demo populate`.

Each student is played to the final state of their fate. The seed determines the students; those of
earlier runs are counted first, so that another run makes others.
"""

import asyncio
import os
import random
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from temporalio.exceptions import FailureError

from adapters.directory.ldap_client import LdapClient
from demo.crowd import Player, World, invent
from demo.fates import CANCELLED, EXPIRED, FATES, HELD, LOCKED, Fate
from demo.part import PartFailed
from demo.students import Row
from demo.table import aligned
from demo.walkthrough import Say, read_env
from domain.contacts import mobiles_on_file
from domain.contracts.submissions import ActivationStart, Policy
from domain.contracts.vocabulary import Language
from domain.references import from_digest
from ledger import activations
from settings.systems import DirectorySettings
from starter.progress import working
from support.commands.terminal import staff_context
from support.verbs import actions
from support.verbs.staff import Action, StaffContext

COUNT = 200
SEED = 1
_AT_ONCE = 8
_IN_ENGLISH = 0.25
_BY_EMAIL = 0.25
_ASKS_FOR_HELP = 0.06
_BY_STAFF = {
    CANCELLED: (Action.CANCEL, "the student asked for it at the desk"),
    HELD: (Action.HOLD, "somebody else may be typing these codes"),
}
_SHORT = Policy(deadline=timedelta(seconds=1))


@dataclass(frozen=True, eq=False)
class Played:
    """One generated student with all random choices."""

    fate: Fate
    rows: Sequence[Row]
    language: Language
    by_email: bool
    asks_for_help: bool
    digest: bytes


def play(folder: Path, count: int, seed: int, say: Say) -> None:
    """Make about `count` activations; raises `PartFailed` with one line."""
    begun = time.monotonic()
    env, config = read_env(folder), folder / "activation.toml"
    os.environ["ACTIVATION_CONFIG"] = str(config)
    directory = DirectorySettings.model_validate(
        tomllib.loads(config.read_text("utf-8"))["directory"]
    )
    try:
        with closing(LdapClient(directory)) as ldap:
            world = World(env, ldap)
            known = world.enrolled()
            if known:
                say(f"Of earlier runs there are {known} students; these are others.")
            crowd = list(drawn(count, seed, known))
            world.enrol([row for played in crowd for row in played.rows])
            references = come(world, crowd)
        references |= asyncio.run(behind_the_scenes(crowd, references))
    except httpx.HTTPError as error:
        raise PartFailed(f"the portal or the inbox does not answer: {error}") from None
    except FailureError as error:
        raise PartFailed(f"the directory does not answer: {error}") from None
    say("\n".join(_table(crowd, references)))
    made = sum(played.fate.activations for played in crowd)
    say(f"\n{made} activations of {len(crowd)} students, in {time.monotonic() - begun:.0f} s.")


def drawn(count: int, seed: int, known: int) -> Iterator[Played]:
    """Yield the students after the first `known` ones; those who take longest are first."""
    draw = random.Random(f"{seed} {known}")  # noqa: S311 - invented people need no secrecy
    shares = sum(fate.share * fate.activations for fate in FATES)
    n = known
    for fate in FATES:
        for _ in range(max(1, round(fate.share * count / shares))):
            n += 1
            more = {column: value and value.format(n=n) for column, value in fate.row.items()}
            rows = [invent(n, draw, **more)]
            if fate.twin:
                n += 1
                shared = {name: rows[0][name] for name in ("mobilephone", "extemail")}
                rows.append(invent(n, draw, **shared))
            yield Played(
                fate=fate,
                rows=rows,
                language=Language.EN if draw.random() < _IN_ENGLISH else Language.EL,
                by_email=draw.random() < _BY_EMAIL,
                asks_for_help=draw.random() < _ASKS_FOR_HELP,
                digest=draw.randbytes(5),
            )


def come(world: World, crowd: Sequence[Played]) -> dict[Played, str]:
    """Play all students who need a browser, and return their references.

    Students who wait a minute for a second code only sleep, while others are played.
    """
    browsing = [played for played in crowd if played.fate.play]
    patient = sum(played.fate is LOCKED for played in browsing)
    references: dict[Played, str] = {}
    with (
        working("Students are played", len(browsing)) as count,
        ThreadPoolExecutor(_AT_ONCE + patient) as browsers,
    ):
        found = browsers.map(lambda played: _walk(world, played), browsing)
        for played, reference in zip(browsing, found, strict=True):
            references[played] = reference
            count(len(references))
    return references


def _walk(world: World, played: Played) -> str:
    row, *_ = played.rows
    player = Player(world, row, language=played.language, by_email=played.by_email)
    with closing(player):
        assert played.fate.play  # noqa: S101 - only who needs a browser has one
        played.fate.play(player)
        if played.asks_for_help:
            player.ask_for_help()
    return player.reference


async def behind_the_scenes(
    crowd: Sequence[Played], references: Mapping[Played, str]
) -> dict[Played, str]:
    """Make the states that need no browser, and return the references."""
    expired = {each: from_digest(each.digest) for each in crowd if each.fate is EXPIRED}
    async with staff_context() as opened:
        for each, reference in expired.items():
            await _expire(opened, each, reference)
        for each in crowd:
            if each.fate in _BY_STAFF:
                action, reason = _BY_STAFF[each.fate]
                await actions.submit(opened, action, reference=references[each], reason=reason)
    return expired


async def _expire(opened: StaffContext, played: Played, reference: str) -> None:
    """Start an activation as the portal does, but with shorter time-outs than three days."""
    (mobile,) = mobiles_on_file(played.rows[0]["mobilephone"], "GR")
    start = ActivationStart(
        reference=reference, mobile=mobile, language=played.language, policy=_SHORT
    )
    await activations.begin(
        opened.pool,
        opened.keys,
        reference=reference,
        language=start.language,
        mobile=mobile,
        email=None,
    )
    await opened.activations.start(start)


def _table(crowd: Sequence[Played], references: Mapping[Played, str]) -> Iterator[str]:
    """Return a table with the number of students for each fate, and one reference of each."""
    rows = [("a student who", "stands at", "how many", "for example")]
    for fate in FATES:
        theirs = [played for played in crowd if played.fate is fate]
        rows.append((fate.name, fate.stands, str(len(theirs)), references[theirs[0]]))
    yield from aligned(rows)
