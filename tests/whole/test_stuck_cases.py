"""Prepared stuck cases on the whole real stack: the right sentence, and the act that moves it on.

Students come as in the demo's crowd; the desk is the command line. What is broken is broken for
real, and mended by whoever would mend it.
"""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

import security.rotation
import settings
from adapters.directory.ldap_client import LdapClient
from demo import crowd
from demo.control import ask
from demo.crowd import Player, World, invent
from demo.fates import FATES, Fate
from demo.part import aside, run
from demo.place import Place
from demo.slapd import Directory
from demo.students import DEPARTMENTS, amka
from demo.visitor import Page
from domain.contracts.submissions import DisputeSubmission
from domain.contracts.vocabulary import Detail, WaitReason
from security.keys import KeyRing
from starter.client import connect
from starter.client.activations import Activations
from support.commands.main import commands
from support.verbs.actions import ActionRefused
from tests.stack import WholeStack
from tests.whole.student import PATIENCE_SECONDS, until

POLICY = "cn=default,ou=policies,dc=university,dc=example"
BY_NAME = {fate.name: fate for fate in FATES}
PREPARED = {
    "locked": "types wrong codes",
    "disputed, and right": "disputes the details",
    "disputed, and wrong": "disputes the details",
    "name": "finds the name taken",
    "number": "types another's number",
    "entry": "loses the name later",
    "mailbox": "has no mailbox any more",
    "gone": "leaves the university",
    "shared": "shares a contact",
    "held": "reads the details",
    "failing": "reads the details",
    "refused": "chooses a password",
    "directory": "chooses a password",
    "configuration": "chooses a password",
}


class StaffContext:
    """The stack, the students who are stuck in it, and the command line of who moves them on."""

    def __init__(self, stack: WholeStack, world: World, browsers: ExitStack) -> None:
        self.stack = stack
        self._browsers = browsers
        self.players: dict[str, Player] = {}
        self._world = world
        self._number = 0
        self._runner = CliRunner()

    def student(self, fate: Fate | None = None) -> Player:
        """Enrol another student; nobody has come yet."""
        self._number += 1
        draw = Random(self._number)  # noqa: S311 - invented people need no secrecy
        given = fate.row if fate else {}
        more = {name: value and value.format(n=self._number) for name, value in given.items()}
        rows = [invent(self._number, draw, **more)]
        if fate and fate.twin:
            self._number += 1
            rows.append(invent(self._number, draw, mobilephone=rows[0]["mobilephone"]))
        self._world.enrol(rows)
        player = Player(self._world, rows[0], language="el", by_email=False)
        self._browsers.callback(player.close)
        return player

    def say(self, *words: str) -> Result:
        """Give a command of `activation support`, in a thread without a loop."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._runner.invoke, commands, [*words]).result()

    def show(self, player: Player) -> dict[str, Any]:
        shown = self.say("show", player.reference, "--json")
        assert shown.exit_code == 0, shown.output
        told: dict[str, Any] = json.loads(shown.output)
        return told

    def finds(self, player: Player, reason: str, sentence: str) -> None:
        """Look until the case says so."""
        until(lambda: self.show(player)["wait_reason"] == reason)
        assert sentence in self.show(player)["sentence"]

    def act(self, verb: str, player: Player, *more: str) -> None:
        done = self.say(verb, *reason(player), *more)
        assert done.exit_code == 0, done.output or repr(done.exception)

    def hasten(self, player: Player) -> None:
        """Retry after an outage, unless the engine has just done so by itself."""
        done = self.say("retry", *reason(player))
        went_on = isinstance(done.exception, ActionRefused)
        assert done.exit_code == 0 or went_on, done.output or repr(done.exception)

    def cannot(self, verb: str, player: Player) -> str:
        """Try what is impossible now, and give the words of the refusal."""
        refused = self.say(verb, *reason(player))
        assert refused.exit_code != 0
        return str(refused.exception)

    def corrects(self, player: Player, column: str, value: str | None) -> None:
        """Change the registrar's row as the secretariat does."""
        change = f"UPDATE v_vd_sis SET {column} = $1 WHERE registrationid = $2"  # noqa: S608 - ours
        aside(
            _execute(self.stack.env["REGISTRAR_DSN"], change, value, player.row["registrationid"])
        )

    @property
    def keys(self) -> Path:
        return self.stack.folder / "keys"

    @property
    def newer_keys(self) -> Path:
        return self.stack.folder / "newer-keys"

    def rotates_elsewhere(self, player: Player) -> None:
        """Rotate the keys where the portals are, and nowhere else; then a student disputes."""
        shutil.copytree(self.keys, self.newer_keys)
        security.rotation.distribute(self.newer_keys)
        security.rotation.activate(self.newer_keys)
        keys = KeyRing(self.newer_keys)
        aside(_dispute_with(keys, player.reference))

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        ask(self.stack.folder, "stop", part)
        try:
            yield
        finally:
            ask(self.stack.folder, "start", part)

    def mends_directory(self, ldif: str) -> None:
        """Change the directory as its administrators do: with the server at rest."""
        directory = Directory(Place(self.stack.folder))
        file = self.stack.folder / "change.ldif"
        file.write_text(ldif, "utf-8")
        with self.without("slapd"):
            tool = directory._software.tool("slapmodify")
            words = (tool, "-f", str(directory.config), "-l", str(file))
            run(words, what="slapmodify", env=directory.environment())

    def shortest_password(self, length: int) -> None:
        change = "changetype: modify\nreplace: pwdMinLength\npwdMinLength:"
        self.mends_directory(f"dn: {POLICY}\n{change} {length}\n")


def reason(player: Player) -> tuple[str, ...]:
    return player.reference, "--reason", "asked on the phone"


async def _execute(dsn: str, statement: str, *values: object) -> None:
    records = await asyncpg.connect(dsn)
    try:
        await records.execute(statement, *values)
    finally:
        await records.close()


async def _dispute_with(keys: KeyRing, reference: str) -> None:
    """Hand in a dispute as a portal with these keys does; nobody answers it yet."""
    engine = Activations(await connect.connect(settings.Settings(), keys))
    dispute = DisputeSubmission(
        submission_id="with-a-newer-key", received_at=datetime.now(UTC), wrong=(Detail.NAME,)
    )
    await engine.submit(reference, "dispute", dispute)


@contextmanager
def unreadable(dsn: str) -> Iterator[None]:
    """Hold the registrar's table, so that whoever reads it waits in vain."""
    held, enough = threading.Event(), threading.Event()

    async def hold() -> None:
        records = await asyncpg.connect(dsn)
        try:
            async with records.transaction():
                await records.execute("LOCK TABLE v_vd_sis IN ACCESS EXCLUSIVE MODE")
                held.set()
                await asyncio.to_thread(enough.wait)
        finally:
            await records.close()

    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(asyncio.run, hold())
        try:
            assert held.wait(PATIENCE_SECONDS)
            yield
        finally:
            enough.set()
            holding.result()


def visit(player: Player, path: str) -> Page:
    return player._visitor.visit(path)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffContext]:
    """Start a stack where a second code may be asked for at once, and bring everybody to a halt."""
    stack = WholeStack(
        tmp_path_factory.mktemp("stuck") / "demo", ACTIVATION_POLICY__RESEND_AFTER="PT0.5S"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTIVATION_CONFIG", str(stack.folder / "activation.toml"))
        patch.setattr(settings, "load", settings.Settings)
        patch.setattr(crowd, "RESEND_SECONDS", 1)
        try:
            stack.begin()
            with (
                closing(LdapClient(settings.Settings().directory)) as ldap,
                ExitStack() as browsers,
            ):
                opened = StaffContext(stack, World(stack.env, ldap), browsers)
                fates = {name: BY_NAME[fate] for name, fate in PREPARED.items()}
                opened.players = {name: opened.student(fate) for name, fate in fates.items()}
                with ThreadPoolExecutor(6) as hands:
                    played = [
                        hands.submit(fate.play, opened.players[name])
                        for name, fate in fates.items()
                        if fate.play
                    ]
                for each in played:
                    each.result()
                # First, for the run's own task is tried anew ever more seldom.
                opened.rotates_elsewhere(opened.players["failing"])
                yield opened
        finally:
            stack.end()


def test_locked_after_ten_wrong_codes(desk: StaffContext) -> None:
    player = desk.players["locked"]
    desk.finds(player, "PIN_LOCKED", "κλειδώθηκε")
    assert desk.cannot("resend", player)
    desk.act("unlock", player)
    desk.act("resend", player)
    visit(player, "/pin")
    player.prove("/review")


def test_disputed_and_the_secretariat_corrects_it(desk: StaffContext) -> None:
    player = desk.players["disputed, and right"]
    desk.finds(player, "DATA_DISPUTED", "διορθώνει η Γραμματεία")
    other = next(each for each in DEPARTMENTS if each.id != player.row["departmentid"])
    desk.corrects(player, "departmentel", other.el)
    desk.act("reread", player)
    player.wait_for(WaitReason.WAITING_CONSENT)
    assert any(other.el in line for line in visit(player, "/review").lines)


def test_disputed_although_it_was_right(desk: StaffContext) -> None:
    player = desk.players["disputed, and wrong"]
    desk.finds(player, "DATA_DISPUTED", "κλείνει την αμφισβήτηση")
    desk.act("resolve", player)
    player.wait_for(WaitReason.WAITING_CONSENT)


def test_a_username_of_somebody_elses(desk: StaffContext) -> None:
    player = desk.players["name"]
    desk.finds(player, "USERNAME_CONFLICT", "Δεν μπορεί να δοθεί όνομα χρήστη")
    desk.corrects(player, "loginname", f"{player.row['loginname']}b")
    desk.act("retry", player)
    player.arrive("/review")
    assert f"{player.row['loginname']}b" in visit(player, "/review").lines


def test_an_insurance_number_of_somebody_elses(desk: StaffContext) -> None:
    player = desk.players["number"]
    desk.finds(player, "INSURANCE_CONFLICT", "ανήκει σε άλλο πρόσωπο")
    desk.act("retry", player)
    player.arrive("/insurance")
    player.insure(amka(date(2006, 1, 1), 999, gender="M"))
    player.arrive("/review")
    # Typed wrongly again, and agreed to: the desk takes it back, and the student begins there.
    player.agree()
    player.arrive("/password")
    desk.act("insurance", player)
    player.wait_for(WaitReason.WAITING_INSURANCE)
    assert visit(player, "/password").path == "/insurance"
    player.insure(amka(date(2006, 1, 2), 999, gender="M"))
    player.arrive("/review")


def test_no_mailbox_any_more(desk: StaffContext) -> None:
    player = desk.players["mailbox"]
    desk.finds(player, "UNDELIVERABLE", "Κανένα μήνυμα δεν παραδίδεται")
    desk.corrects(player, "extemail", "mended@mail.example")
    desk.act("cancel", player)
    with closing(player.again()) as again:
        again.typed = {"email": "mended@mail.example"}
        again.come()
        again.prove("/review")


def test_struck_off_by_mistake(desk: StaffContext) -> None:
    player = desk.players["gone"]
    desk.finds(player, "NO_LONGER_ENROLLED", "δεν έχει πια εγγεγραμμένο φοιτητή")
    desk.corrects(player, "enrollmentstatus", "active")
    desk.act("retry", player)
    player.arrive("/done")


def test_a_shared_contact_and_three_wrong_answers(desk: StaffContext) -> None:
    player = desk.players["shared"]
    for _ in range(3):
        player._visitor.submit(answer="01/01/1990")
    desk.finds(player, "WAITING_IDENTITY", "δεν ταίριαξαν σε κανέναν φοιτητή")
    desk.act("retry", player)
    player.arrive("/identify")
    born = str(player.row["birthdate"])
    player._visitor.submit(answer=f"{born[6:]}/{born[4:6]}/{born[:4]}")
    player.arrive("/review")


def test_held_and_released(desk: StaffContext) -> None:
    player = desk.players["held"]
    desk.act("hold", player)
    desk.finds(player, "HELD", "Σε αναστολή")
    assert desk.cannot("hold", player)
    desk.act("release", player)
    visit(player, "/review")
    player.agree()


def test_a_dead_sms_gateway(desk: StaffContext) -> None:
    player = desk.student()
    with desk.without("sms"):
        player.come()
        desk.finds(player, "SMS_DOWN", "Η πύλη SMS δεν απαντά")
        # Not at once: for half a second after the first message nobody may ask for another.
        until(lambda: desk.say("resend", *reason(player), "--channel", "email").exit_code == 0)
        player.typed = {"email": str(player.row["extemail"])}
        player.prove("/review")


def test_the_registrar_does_not_answer(desk: StaffContext) -> None:
    player = desk.student()
    with unreadable(desk.stack.env["REGISTRAR_DSN"]):
        player.come(onward="")
        desk.finds(player, "REGISTRAR_DOWN", "Το μητρώο δεν απαντά")
    desk.hasten(player)
    player.arrive("/pin")
    player.prove("/review")


def test_a_dead_directory(desk: StaffContext) -> None:
    player = desk.players["directory"]
    with desk.without("slapd"):
        player.choose_password()
        desk.finds(player, "DIRECTORY_DOWN", "Ο κατάλογος δεν απαντά")
    desk.hasten(player)
    player.arrive("/done")


def test_the_service_account_has_another_password(desk: StaffContext) -> None:
    player = desk.players["configuration"]
    secret = Place(desk.stack.folder).secret_file("ldap_service")
    right = secret.read_text("ascii")
    with desk.without("slapd"):
        secret.write_text("not-the-right-one", "ascii")
    try:
        player.choose_password()
        desk.finds(player, "CONFIGURATION", "Ένα σύστημα αρνείται την πρόσβαση")
    finally:
        secret.write_text(right, "ascii")
    desk.hasten(player)
    player.arrive("/done")


def test_a_password_that_the_directory_refuses(desk: StaffContext) -> None:
    player = desk.players["refused"]
    desk.shortest_password(40)
    try:
        player.choose_password()
        player.arrive("/password")
        told = player._visitor.page.lines
        assert any("πολύ σύντομο" in line for line in told), told
        desk.finds(player, "WAITING_PASSWORD", "Περιμένει να ορίσει ο φοιτητής κωδικό πρόσβασης")
        assert "student's turn" in desk.cannot("retry", player)
    finally:
        desk.shortest_password(12)
    player.choose_password()
    player.arrive("/done")


def test_an_entry_of_somebody_elses(desk: StaffContext) -> None:
    player = desk.players["entry"]
    desk.finds(player, "FOREIGN_ENTRY", "Μια εγγραφή στον κατάλογο εμποδίζει")
    name = f"uid={player.row['loginname']},{desk.stack.env['LDAP_PEOPLE_DN']}"
    desk.mends_directory(f"dn: {name}\nchangetype: delete\n")
    desk.act("retry", player)
    player.arrive("/done")


def test_a_key_that_the_workers_lack(desk: StaffContext) -> None:
    """The run's own task fails until the newer keys are brought to the workers."""
    player = desk.players["failing"]
    desk.finds(player, "CONFIGURATION", "Το ίδιο το σύστημα ενεργοποίησης αποτυγχάνει")
    for name in ("epochs", "seal"):
        shutil.copytree(desk.newer_keys / name, desk.keys / name, dirs_exist_ok=True)
    player.wait_for(WaitReason.DATA_DISPUTED)
    desk.finds(player, "DATA_DISPUTED", "Ο φοιτητής λέει ότι τα στοιχεία είναι λανθασμένα")
