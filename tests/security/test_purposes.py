"""The table of key files: whole, unchanged in value, and told alike in the documentation."""

import re
from pathlib import Path

import pytest

from security import purposes, rotation
from security.keyfiles import BrokenKey, KeyUnavailable, read_key
from security.keys import KeyRing, derive
from security.purposes import BY_EPOCH, LASTING, User
from tests.security.conftest import EPOCH

ROOT = Path(__file__).parents[2]
USED = re.compile(r"""(?:keys|\bindex)(?:\.(index|encrypt|decrypt))?\(\s*["']([a-z_]+)["']""")
ROW = re.compile(r"^\| `([\w/*.-]+)` \| ([^|]+) \|", re.MULTILINE)


def test_every_purpose_that_the_code_names_has_its_file_and_no_file_is_for_nothing() -> None:
    rooms = (
        "ledger",
        "recognition",
        "activities",
        "adapters",
        "starter",
        "support",
        "security",
        "web",
    )
    texts = [path.read_text("utf-8") for room in rooms for path in (ROOT / room).rglob("*.py")]
    found = {
        f"{'column' if verb in ('encrypt', 'decrypt') else 'index'}/{purpose}.key"
        for text in texts
        for verb, purpose in USED.findall(text)
    }
    # Chosen by the channel: ledger/messages.py.
    found |= {"index/mobile.key", "index/email.key"}
    listed = {name for name in LASTING if "/" in name}
    assert found == listed


def test_the_documentation_tells_whose_is_what() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    told = {name: {word.strip() for word in users.split(",")} for name, users in ROW.findall(text)}
    table = {**LASTING, **BY_EPOCH}
    assert {name: told.get(name) for name in table} == {
        name: {"all"} if users == set(User) - {User.ALERTS} else {user.value for user in users}
        for name, users in table.items()
    }


def test_values_are_those_that_older_versions_derived(folder: Path) -> None:
    root = read_key(folder / "lasting.key")
    before = {
        "session.key": derive(root, "session"),
        "audit.key": derive(root, "audit"),
        "pin.key": derive(root, "pin"),
        "payload-mac.key": derive(root, "payload mac"),
        "index/mobile.key": derive(root, "index", "mobile"),
        "column/support_request.key": derive(root, "column", "support_request"),
    }
    assert {name: read_key(folder / name) for name in before} == before


def test_a_folder_of_an_older_version_is_split_and_reads_what_it_wrote(folder: Path) -> None:
    for name in LASTING:
        (folder / name).unlink()
    older = KeyRing(folder)
    told = (older.pin("A-7K3F-92QD", 1), older.index("mobile", "1"), older.checks())
    box = older.encrypt("insurance", "row", "01010500013")
    assert set(rotation.create(folder, EPOCH)) == set(LASTING)
    (folder / "lasting.key").unlink()
    split = KeyRing(folder)
    assert (split.pin("A-7K3F-92QD", 1), split.index("mobile", "1"), split.checks()) == told
    assert split.decrypt("insurance", "row", box) == "01010500013"


def test_the_process_of_alerts_needs_no_key(folder: Path, tmp_path: Path) -> None:
    assert rotation.copy(folder, tmp_path / "alerts", [User.ALERTS]) == ["active"]
    KeyRing(tmp_path / "alerts").require(User.ALERTS)


@pytest.mark.parametrize("user", sorted(set(User) - {User.ALERTS}))
def test_a_copy_has_what_its_process_needs_and_nothing_else(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, user: User
) -> None:
    target = tmp_path_factory.mktemp("copy")
    copied = rotation.copy(folder, target, [user])
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert files == set(copied)
    assert "lasting.key" not in files
    assert (f"seal/{EPOCH}.key" in files) == (user is User.DIRECTORY)
    KeyRing(target).require(user)
    rotation.distribute(folder)
    rotation.activate(folder)
    rotation.copy(folder, target, [user])
    assert KeyRing(target).epoch == "2026-12"
    before = sorted(target.rglob("*"))
    with pytest.raises(KeyUnavailable, match="copy for some processes"):
        rotation.distribute(target)
    assert sorted(target.rglob("*")) == before
    for name in purposes.lasting([user]):
        (target / name).unlink()
        with pytest.raises(KeyUnavailable, match=re.escape(str(target / name))):
            KeyRing(target).require(user)
        rotation.copy(folder, target, [user])


def test_a_file_that_its_root_does_not_give_is_refused(folder: Path) -> None:
    (folder / "pin.key").write_text("ab" * 32)
    with pytest.raises(BrokenKey, match=r"pin\.key"):
        KeyRing(folder)


def test_no_other_keys_are_made_where_keys_exist(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    second, known = tmp_path_factory.mktemp("second"), KeyRing(folder).checks()
    with pytest.raises(KeyUnavailable, match="copy"):
        rotation.create(second, EPOCH, known)
    assert [*second.rglob("*")] == []
    rotation.copy(folder, second, [User.PORTAL])
    with pytest.raises(KeyUnavailable, match=r"lasting\.key"):
        rotation.create(second, EPOCH)
    rotation.distribute(folder)
    (folder / "epochs/2026-12.key").unlink()
    with pytest.raises(KeyUnavailable, match="another machine"):
        rotation.distribute(folder, {"epochs/2026-12.key"})
