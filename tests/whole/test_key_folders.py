"""Each process has its own key files and its own role of the database, and no other.

Of the workers only the directory's has the engine's account of the directory.
A journey, help and the desk still work.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from demo.control import ask
from demo.place import any_port
from demo.programs import activation
from demo.visitor import Visitor
from domain.contracts.vocabulary import ActivityName, TaskQueue
from security import rotation
from security.purposes import User
from tests.commandline import run
from tests.stack import WholeStack
from tests.whole.student import Student, until, walking
from tests.whole.test_history import walked

WORKERS = (User.MAIN, User.MESSAGING, User.DIRECTORY)


@contextmanager
def running(env: Mapping[str, str], ready: str, *words: str) -> Iterator[None]:
    """Run a process of the engine until it says that it is ready, and end it."""
    process = subprocess.Popen(activation(*words), env=env)  # noqa: S603 - our own program

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(ready, timeout=5).is_success
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield
    finally:
        process.terminate()
        process.wait(40)


def ledger_of(stack: WholeStack, user: User) -> str:
    """Return the ledger as the demo lets a process of this kind use it."""
    role, server = f"activation_{user}", stack.env["LEDGER_DSN"].rpartition("@")[2]
    secret = (stack.folder / "secrets" / f"postgres_{role}").read_text("ascii")
    return f"postgresql://{role}:{secret}@{server}"


@pytest.fixture(scope="module")
def folders(
    whole_stack: WholeStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[User, dict[str, str]]]:
    """Run every process with a folder of its own; returns the environment of each."""
    stack, tmp_path = whole_stack, tmp_path_factory.mktemp("folders")
    named = {"ACTIVATION_CONFIG": str(stack.folder / "activation.toml")}
    environ = {
        user: os.environ
        | named
        | {
            "ACTIVATION_KEYS_DIR": str(tmp_path / user),
            "ACTIVATION_LEDGER_DSN": ledger_of(stack, user),
        }
        for user in User
    }
    for user in (User.MAIN, User.MESSAGING):
        environ[user]["ACTIVATION_DIRECTORY__BIND_PASSWORD_FILE"] = str(tmp_path / "none")
    for user in User:
        rotation.copy(stack.folder / "keys", tmp_path / user, [user])
        assert not (tmp_path / user / "lasting.key").exists()
    parts = ("worker", "portal", "support")
    for name in parts:
        ask(stack.folder, "stop", name)
    portal, support = stack.env["PORTAL_URL"], stack.env["SUPPORT_URL"]
    try:
        with ExitStack() as processes:
            for user in WORKERS:
                port = any_port()
                words = ("worker", "--only", user, "--health-port", str(port))
                ready = f"http://127.0.0.1:{port}/readyz"
                processes.enter_context(running(environ[user], ready, *words))
            running_ = (
                running(environ[User.PORTAL], f"{portal}/readyz", "portal"),
                running(environ[User.CONSOLE], f"{support}/readyz", "support", "serve"),
            )
            for process in running_:
                processes.enter_context(process)
            yield environ
    finally:
        for name in parts:
            ask(stack.folder, "start", name)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_each_process_works_with_its_own_files_alone(
    whole_stack: WholeStack, folders: dict[User, dict[str, str]]
) -> None:
    env, student = whole_stack.env, Student(insured=False)
    with walking(env, student) as walk:
        reference = walk.walk_by_help()
    assert student.logs_in(env)
    _desk_works(env, student, reference, student.mail)
    for words in (
        ("show", reference),
        ("withdraw", reference, "--choice", "recovery_mobile", "--reason", "asked"),
        ("search",),
        ("requests",),
        ("audit", "verify"),
        ("audit", "export"),
        ("funnel",),
        ("operations",),
        ("sign-out", "anna"),
        ("erase", reference, "--reason", "asked"),
    ):
        done = run("support", *words, environ=folders[User.COMMANDS], given=student.mobile)
        assert done.returncode == 0, (words, done.stderr)
    for words in (("accounts", "import"), ("insurance", "export", "--reason", "asked")):
        done = run(*words, environ=folders[User.COMMANDS])
        assert done.returncode == 0, (words, done.stderr)
    for user in (*WORKERS, User.PORTAL, User.CONSOLE, User.ALERTS):
        done = run("doctor", "--only", user, environ=folders[user])
        ledger = [
            line for line in done.stdout.splitlines() if line.startswith(("ledger:", "keys:"))
        ]
        assert ledger
        assert [line for line in ledger if not line.endswith(": ok")] == []


@pytest.mark.long
@pytest.mark.usefixtures("folders")
async def test_a_main_worker_without_the_directorys_account_leaves_the_username_to_another(
    whole_stack: WholeStack,
) -> None:
    student = Student()
    events = await walked(whole_stack, student)
    assert student.logs_in(whole_stack.env)
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    queues = {each.activity_type.name: each.task_queue.name for each in scheduled}
    assert queues[ActivityName.RESOLVE_ACCOUNT] == TaskQueue.DIRECTORY
    assert len(events) <= 63, queues


def _desk_works(env: Mapping[str, str], student: Student, reference: str, mail: str) -> None:
    with Visitor(env["SUPPORT_URL"], "en") as staff:
        staff.visit("/sign-in")
        staff.submit(name=env["SUPPORT_USER"], password=env["SUPPORT_PASSWORD"])
        for term in (student.mobile, mail, student.number, student.amka, student.login):
            staff.visit("/search")
            assert staff.submit(term=term).status == 200
        for path in ("/queue", "/requests", "/operations"):
            assert staff.visit(path).status == 200, path
        assert staff.visit(f"/case/{reference}").status == 200
        staff.visit(f"/case/{reference}/note")
        assert staff.submit(text="Called back.").status == 200
        listed = staff._http.get("/requests").text
        # Students of other tests have asked for help here as well.
        requests = dict.fromkeys(re.findall(r'href="(/requests/[^"]+)"', listed))
        assert any(mail in " ".join(staff.visit(path).lines) for path in requests)
        assert staff.submit(text="Try again now.").status == 200
    inbox = f"{env['INBOX_URL']}/messages.json"
    until(lambda: httpx.get(inbox, params={"to": mail}).json())
