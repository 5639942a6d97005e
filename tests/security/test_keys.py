"""Key files are made once and kept; everything derived from them stays as long as it must."""

import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from security import keys
from security.keys import KeyRing, UnknownEpoch
from tests.security.conftest import EPOCH

FILES = {"lasting.key", f"epochs/{EPOCH}.key", f"seal/{EPOCH}.key", f"seal/{EPOCH}.pub"}


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_only_the_owner_may_read_them(folder: Path) -> None:
    assert set(contents(folder)) == FILES
    assert all((folder / name).stat().st_mode & 0o777 == 0o600 for name in FILES)
    assert all((folder / name).stat().st_mode & 0o777 == 0o700 for name in ("epochs", "seal"))


def test_an_existing_key_is_never_overwritten(folder: Path) -> None:
    before = contents(folder)
    assert not keys.create(folder, EPOCH)
    assert contents(folder) == before


def test_a_missing_public_key_is_made_from_the_private_one(folder: Path) -> None:
    before = contents(folder)
    (folder / f"seal/{EPOCH}.pub").unlink()
    assert keys.create(folder, EPOCH)
    assert contents(folder) == before


def test_a_new_epoch_adds_to_the_old_ones_and_is_used_at_once(folder: Path, ring: KeyRing) -> None:
    before = contents(folder)
    assert ring.epoch == EPOCH
    assert keys.create(folder, "2026-12")
    assert ring.epoch == "2026-12"
    assert before.items() < contents(folder).items()
    assert ring.payload_key(EPOCH, "n", "w") != ring.payload_key("2026-12", "n", "w")


def test_an_unknown_epoch_is_asked_for_again_until_its_file_is_there(
    folder: Path, ring: KeyRing
) -> None:
    with pytest.raises(UnknownEpoch):
        ring.payload_key("2026-12", "n", "w")
    keys.create(folder, "2026-12")
    assert len(ring.payload_key("2026-12", "n", "w")) == 32


@pytest.mark.parametrize("epoch", ["", "../lasting", "2026-1", "2026-11\n", "../epochs/2026-11"])
def test_an_epochs_name_cannot_lead_anywhere_else(ring: KeyRing, epoch: str) -> None:
    with pytest.raises(ValueError, match="no epoch"):
        ring.payload_key(epoch, "n", "w")


def test_without_any_epoch_nothing_can_be_encrypted(folder: Path, ring: KeyRing) -> None:
    (folder / f"epochs/{EPOCH}.key").unlink()
    with pytest.raises(UnknownEpoch):
        _ = ring.epoch


def test_a_broken_key_file_stops_the_start_and_is_not_quoted(folder: Path) -> None:
    (folder / "lasting.key").write_text("secret but not hex")
    with pytest.raises(ValueError, match="hex") as refused:
        KeyRing(folder)
    assert "secret" not in str(refused.value)


def test_what_must_last_is_the_same_in_the_next_process_and_the_next_epoch(
    folder: Path, ring: KeyRing
) -> None:
    keys.create(folder, "2026-12")
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
