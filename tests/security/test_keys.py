"""Key files are made once and kept; everything derived from them stays as long as it must."""

import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from security import keys, rotation
from security.keyfiles import BrokenKey, KeyUnavailable, replace
from security.keys import KeyRing, UnknownEpoch
from security.purposes import LASTING
from tests.security.conftest import EPOCH

OF_EPOCH = (f"epochs/{EPOCH}.key", f"seal/{EPOCH}.key", f"seal/{EPOCH}.pub")
FILES = {"active", "lasting.key", *LASTING, *OF_EPOCH}


def contents_raw(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_only_the_owner_may_read_them(folder: Path) -> None:
    assert set(contents(folder)) == FILES
    assert all((folder / name).stat().st_mode & 0o777 == 0o600 for name in FILES)
    assert all(
        (folder / name).stat().st_mode & 0o777 == 0o700
        for name in ("column", "epochs", "index", "seal")
    )


def test_an_existing_key_is_never_overwritten(folder: Path) -> None:
    before = contents(folder)
    for month in (EPOCH, "2026-12"):
        assert rotation.create(folder, month) == []
    assert contents(folder) == before


def test_a_missing_public_key_is_made_from_the_private_one(folder: Path) -> None:
    before = contents(folder)
    (folder / f"seal/{EPOCH}.pub").unlink()
    assert rotation.create(folder, EPOCH) == [f"seal/{EPOCH}.pub"]
    assert contents(folder) == before


def test_a_new_epoch_decrypts_when_it_is_distributed_and_encrypts_when_it_is_active(
    folder: Path, ring: KeyRing
) -> None:
    before = contents(folder)
    epoch, made = rotation.distribute(folder)
    assert (epoch, sorted(made)) == ("2026-12", sorted(contents(folder).keys() - before.keys()))
    assert rotation.distribute(folder) == ("2026-12", [])
    assert (ring.epoch, ring.seal_epoch) == (EPOCH, EPOCH)
    assert ring.payload_key(EPOCH, "n", "w") != ring.payload_key("2026-12", "n", "w")
    assert rotation.activate(folder) == "2026-12"
    assert (ring.epoch, ring.seal_epoch) == ("2026-12", "2026-12")
    assert {**before, "active": "2026-12"}.items() < contents(folder).items()
    assert all((folder / name).stat().st_mode & 0o777 == 0o600 for name in contents(folder))


def test_a_folder_of_an_older_version_goes_on_with_its_newest_epoch(folder: Path) -> None:
    (folder / "active").unlink()
    (folder / "epochs/2026-12.key").write_text("ab" * 32)
    assert KeyRing(folder).epoch == "2026-12"
    assert rotation.distribute(folder)[0] == "2027-01"
    assert KeyRing(folder).epoch == "2026-12"


def test_an_unknown_epoch_is_asked_for_again_until_its_file_is_there(
    folder: Path, ring: KeyRing
) -> None:
    with pytest.raises(UnknownEpoch):
        ring.payload_key("2026-12", "n", "w")
    rotation.distribute(folder)
    assert len(ring.payload_key("2026-12", "n", "w")) == 32


@pytest.mark.parametrize(
    "epoch", ["", "../lasting", "2026-1", "2026-13", "2026-11\n", "../epochs/2026-11"]
)
def test_an_epochs_name_cannot_lead_anywhere_else(ring: KeyRing, epoch: str) -> None:
    with pytest.raises(ValueError, match="no epoch"):
        ring.payload_key(epoch, "n", "w")


def test_without_any_epoch_nothing_can_be_encrypted(folder: Path, ring: KeyRing) -> None:
    (folder / f"epochs/{EPOCH}.key").unlink()
    with pytest.raises(UnknownEpoch):
        _ = ring.epoch


BROKEN = {
    "empty": b"",
    "torn": b"ab" * 20,
    "longer": b"ab" * 33,
    "odd": b"a" * 63,
    "not hex": b"secret but not a key, sixty-four characters long, as a key is....",
    "zeros": b"\0" * 64,
    "not text": b"\xff" * 64,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["active", "lasting.key", "pin.key", *OF_EPOCH])
def test_a_broken_file_is_refused_by_its_name_never_quoted_and_never_taken_for_a_key(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    before = contents_raw(folder)
    refused = []
    for use in (
        lambda: KeyRing(folder),
        lambda: rotation.create(folder, EPOCH),
        lambda: rotation.distribute(folder),
        lambda: rotation.activate(folder),
    ):
        with pytest.raises(BrokenKey, match=re.escape(str(folder / name))) as error:
            use()
        refused.append(str(error.value))
    assert "secret" not in str(refused)
    assert all("copy it here" in sentence for sentence in refused)
    assert contents_raw(folder) == before


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_was_active_goes_on_while_the_file_that_names_it_is_broken(
    folder: Path, ring: KeyRing, content: bytes
) -> None:
    rotation.distribute(folder)
    (folder / "active").write_bytes(content)
    assert (ring.epoch, ring.seal_epoch) == (EPOCH, EPOCH)
    (folder / "active").write_text("2026-12")
    assert (ring.epoch, ring.seal_epoch) == ("2026-12", "2026-12")


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_file_that_breaks_later_is_not_used_and_its_repair_is_seen(
    folder: Path, content: bytes
) -> None:
    rotation.distribute(folder)
    rotation.activate(folder)
    ring = KeyRing(folder)
    path = folder / "epochs/2026-12.key"
    whole, key = path.read_bytes(), ring.payload_key("2026-12", "n", "w")
    path.write_bytes(content)
    assert ring.epoch == EPOCH
    with pytest.raises(KeyUnavailable):
        ring.payload_key("2026-12", "n", "w")
    path.write_bytes(whole + b"\n")
    assert ring.epoch == "2026-12"
    assert ring.payload_key("2026-12", "n", "w") == key


def test_a_key_in_use_is_neither_listed_nor_read_nor_derived_again(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use() -> list[object]:
        return [
            *(ring.epoch, ring.seal_epoch, ring.payload_key(EPOCH, "n", "w")),
            *(ring.payload_mac_key, ring.index("email", "a"), ring.seal_public(EPOCH).__class__),
            ring.decrypt("name", "c", ring.encrypt("name", "c", "text")),
        ]

    before = use()
    for name in ("epochs", "derive"):
        monkeypatch.setattr(keys, name, pytest.fail)
    monkeypatch.setattr(Path, "read_bytes", pytest.fail)
    monkeypatch.setattr(Path, "read_text", pytest.fail)
    assert use() == before


def test_the_file_of_the_active_epoch_may_come_after_its_name(folder: Path, ring: KeyRing) -> None:
    """A copy in the order of the alphabet brings `active` first."""
    (folder / "active").write_text("2026-12")
    assert ring.epoch == EPOCH
    replace(folder / "epochs/2026-12.key", "ab" * 32)
    assert ring.epoch == "2026-12"


def test_a_lasting_key_that_gets_a_file_of_its_own_is_taken_from_there(
    folder: Path, ring: KeyRing
) -> None:
    name = folder / "index/email.key"
    before, own = ring.index("email", "a"), name.read_text()
    name.unlink()
    assert ring.index("email", "a") == before
    name.write_text("ab" * 32)
    assert ring.index("email", "a") != before
    replace(name, own)
    assert ring.index("email", "a") == before


def test_a_key_that_cannot_be_read_is_refused(folder: Path) -> None:
    # Root may read every file, but nobody can read a folder as one.
    path = folder / f"epochs/{EPOCH}.key"
    path.unlink()
    path.mkdir()
    with pytest.raises(BrokenKey, match="owner and mode"):
        KeyRing(folder)


@pytest.mark.parametrize("missing", ["epochs/2026-12.key", "seal/2026-12.pub", "seal/2026-12.key"])
def test_an_epoch_is_not_active_before_all_its_files_are_here(folder: Path, missing: str) -> None:
    rotation.distribute(folder)
    (folder / missing).unlink()
    with pytest.raises(KeyUnavailable, match=missing):
        rotation.activate(folder, "2026-12")
    assert (folder / "active").read_text() == EPOCH


def test_keys_are_made_where_all_are_and_nowhere_else(folder: Path) -> None:
    (folder / f"seal/{EPOCH}.key").unlink()
    rotation.distribute(folder)
    (folder / "seal/2026-12.key").unlink()
    with pytest.raises(KeyUnavailable, match="not made here"):
        rotation.distribute(folder)


def test_what_must_last_is_the_same_in_the_next_process_and_the_next_epoch(
    folder: Path, ring: KeyRing
) -> None:
    rotation.distribute(folder)
    rotation.activate(folder)
    later = KeyRing(folder)
    assert later.pin("A-7K3F-92QD", 1) == ring.pin("A-7K3F-92QD", 1)
    assert later.index("mobile", "+306912345678") == ring.index("mobile", "+306912345678")
    assert later.session_key == ring.session_key
    box = ring.encrypt("insurance", "row", "01010500013")
    assert later.decrypt("insurance", "row", box) == "01010500013"


def test_codes_are_six_digits_and_differ_between_activations_and_numbers(ring: KeyRing) -> None:
    codes = [ring.pin(f"A-{n:04d}-0000", no) for n in range(200) for no in (1, 2)]
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert len(set(codes)) > 390


def test_a_column_opens_for_its_own_row_and_purpose_only(ring: KeyRing) -> None:
    box = ring.encrypt("insurance", "row", "01010500013")
    assert box != ring.encrypt("insurance", "row", "01010500013")
    for purpose, row in (("insurance", "other"), ("consent", "row")):
        with pytest.raises(InvalidTag):
            ring.decrypt(purpose, row, box)


def test_an_index_tells_purposes_apart_and_nothing_of_the_value(ring: KeyRing) -> None:
    assert ring.index("mobile", "1") != ring.index("email", "1")
    assert ring.index("mobile", "1") != ring.index("mobile", "2")
    assert re.fullmatch(r"[0-9a-f]{64}", ring.index("mobile", "+306912345678"))
