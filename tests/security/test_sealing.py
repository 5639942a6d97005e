"""A sealed password opens for its own activation, unchanged, and with the epoch's key only."""

from pathlib import Path

import pytest

from security import rotation
from security.keys import KeyRing, UnknownEpoch
from security.sealing import NotOurs, SealedPassword, seal, unseal
from tests.security.conftest import EPOCH

REFERENCE = "A-7K3F-92QD"
PASSWORD = "vrásto-κεράσι-plateia-9"


@pytest.fixture
def sealed(ring: KeyRing) -> SealedPassword:
    return seal(ring, REFERENCE, PASSWORD)


def test_it_opens_to_the_same_bytes_and_looks_different_each_time(
    ring: KeyRing, sealed: SealedPassword
) -> None:
    assert unseal(ring, REFERENCE, sealed) == PASSWORD.encode()
    assert seal(ring, REFERENCE, PASSWORD).box != sealed.box
    assert PASSWORD.encode() not in sealed.box


def test_moved_to_another_activation_it_does_not_open(
    ring: KeyRing, sealed: SealedPassword
) -> None:
    with pytest.raises(NotOurs):
        unseal(ring, "A-7K3F-92QE", sealed)


def test_no_flipped_byte_goes_unnoticed(ring: KeyRing, sealed: SealedPassword) -> None:
    for at in range(len(sealed.box)):
        changed = bytearray(sealed.box)
        changed[at] ^= 1
        with pytest.raises(NotOurs):
            unseal(ring, REFERENCE, SealedPassword(EPOCH, bytes(changed)))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 47, 48])
def test_a_box_cut_short_does_not_open(ring: KeyRing, sealed: SealedPassword, length: int) -> None:
    with pytest.raises(NotOurs):
        unseal(ring, REFERENCE, SealedPassword(EPOCH, sealed.box[:length]))


def test_another_epochs_key_does_not_open_it(
    folder: Path, ring: KeyRing, sealed: SealedPassword
) -> None:
    rotation.distribute(folder)
    with pytest.raises(NotOurs):
        unseal(ring, REFERENCE, SealedPassword("2026-12", sealed.box))


def test_the_portal_needs_only_the_public_key_and_cannot_open(
    folder: Path, ring: KeyRing, sealed: SealedPassword
) -> None:
    (folder / f"seal/{EPOCH}.key").unlink()
    assert seal(ring, REFERENCE, PASSWORD).epoch == EPOCH
    with pytest.raises(UnknownEpoch):
        unseal(ring, REFERENCE, sealed)
