"""Creates key files, and rotates epochs in two phases.

`distribute` creates the files of the next epoch, which decrypt and do not encrypt yet; once every
process has those it needs, `activate` names the epoch that encrypts.
"""

import secrets
from collections.abc import Collection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from security.keyfiles import KeyUnavailable, read_key, replace, write_once
from security.keys import ACTIVE, ROOT, active, check, epochs, following, lasting_key
from security.purposes import LASTING, User, by_epoch, lasting


def create(folder: Path, epoch: str, known: Collection[str] = ()) -> list[str]:
    """Create the missing files in the folder that has all keys; return their names.

    `epoch` is the first one, if there is none. `known`: names of keys that any process has.
    """
    check(folder)
    made = _make_root(folder, known)
    for name in LASTING:
        made += _make(folder, name, lasting_key(folder, name))
    newest = max(epochs(folder), default=epoch)
    made += _make_epoch(folder, active(folder) or newest, known)
    if write_once(folder / ACTIVE, newest):
        made.append(ACTIVE)
    return made


def _make_root(folder: Path, known: Collection[str]) -> list[str]:
    if (folder / ROOT).exists():
        return []
    here = [name for name in LASTING if (folder / name).exists()]
    if here or set(LASTING) & set(known):
        raise KeyUnavailable(
            f"{folder} has no {ROOT}, but keys were made already: make none here, and copy this"
            " process's files from the machine that has it (operations.md, Keys)"
        )
    return _make(folder, ROOT)


def copy(folder: Path, target: Path, users: Collection[User]) -> list[str]:
    """Copy the files that these processes need into another folder; return their names.

    `active` is written last, so that nothing is encrypted with a key that is not there yet.
    """
    check(folder)
    keys = {name: lasting_key(folder, name) for name in lasting(users)}
    for kind in by_epoch(users):
        for name in (kind.replace("*", epoch) for epoch in epochs(folder, kind)):
            keys[name] = read_key(folder / name)
    for name, key in keys.items():
        replace(target / name, key.hex())
    replace(target / ACTIVE, _active_epoch(folder))
    return [*keys, ACTIVE]


def distribute(folder: Path, known: Collection[str] = ()) -> tuple[str, list[str]]:
    """Create the files of the epoch after the active one; return it, and the names of its files.

    `known`: names of keys that any process has. Raises `KeyUnavailable` in a copy of some keys:
    no other process would have an epoch created there.
    """
    check(folder)
    if not (folder / ROOT).exists():
        raise KeyUnavailable(
            f"{folder} has no {ROOT}, so it is a copy for some processes: make the epoch in the"
            " folder that has all keys, and copy it from there"
        )
    now = _active_epoch(folder)
    # Without the file `active` the newest epoch encrypts, which the new one must not do yet.
    write_once(folder / ACTIVE, now)
    return following(now), _make_epoch(folder, following(now), known)


def is_ahead(folder: Path, month: str) -> bool:
    """Return whether an epoch after this month (such as 2026-12) encrypts already."""
    return (active(folder) or month) > month


def activate(folder: Path, epoch: str | None = None) -> str:
    """Make this epoch, or else the newest one, the active one; return it.

    Each kind of file that the epoch before has must be here. Raises `KeyUnavailable` and changes
    nothing when one is missing or broken.
    """
    check(folder)
    now = _active_epoch(folder)
    chosen = epoch or max(epochs(folder))
    if chosen not in epochs(folder):
        raise KeyUnavailable(f"the key file {folder / 'epochs' / chosen}.key is missing")
    for name in ("seal/{}.pub", "seal/{}.key"):
        if (folder / name.format(now)).exists():
            read_key(folder / name.format(chosen))
    replace(folder / ACTIVE, chosen)
    return chosen


def _active_epoch(folder: Path) -> str:
    """Return the epoch that encrypts in this folder."""
    now = active(folder) or max(epochs(folder), default=None)
    if now is None:
        raise KeyUnavailable(f"no epoch in {folder}: `activation keys init` makes the first")
    return now


def _make_epoch(folder: Path, epoch: str, known: Collection[str]) -> list[str]:
    """Create the missing files of an epoch; the public key is computed from the private one."""
    private, public = f"seal/{epoch}.key", f"seal/{epoch}.pub"
    if (folder / public).exists() and not (folder / private).exists():
        raise KeyUnavailable(
            f"{folder} has {public} without {private}: keys are not made here, but on the machine"
            " that has them all"
        )
    for file, name in ((f"epochs/{epoch}.key",) * 2, (private, f"seal/{epoch}")):
        if name in known and not (folder / file).exists():
            raise KeyUnavailable(
                f"{file} was made on another machine already: copy it to {folder} from there"
            )
    made = _make(folder, f"epochs/{epoch}.key") + _make(folder, private)
    stored = X25519PrivateKey.from_private_bytes(read_key(folder / private))
    return made + _make(folder, public, stored.public_key().public_bytes_raw())


def _make(folder: Path, name: str, key: bytes | None = None) -> list[str]:
    """Create a key file, by default of a random key; return its name, or none if it exists."""
    text = (key or secrets.token_bytes(32)).hex()
    return [name] if write_once(folder / name, text) else []
