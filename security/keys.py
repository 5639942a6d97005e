"""Key ring: the keys of one folder, and every key derived from them.

`epochs/2026-11.key` encrypts the payloads of a month; destroying it makes that month's histories
unreadable. Keys that stay the same for years, those of keyed (blind) indexes, PINs, sessions and
ledger columns, have a file per purpose, or are derived from `lasting.key` where that exists.
`seal/2026-11.pub` seals passwords; only a provisioning worker needs the `.key` beside it. The file
`active` names the epoch that encrypts; every epoch that is here decrypts. No clock is read.
A file is read and a key derived once, and again when the file's stat changes, which each use looks
at: so files that arrive or are repaired are seen, without a folder being listed for each payload.
Rotation is in `security/rotation.py`, the list of the keys in `security/purposes.py`.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain import pins
from security.keyfiles import BrokenKey, KeyUnavailable, find_key, read_key, written
from security.purposes import LASTING, SEALED_BY, User, by_epoch, labels, lasting

ACTIVE = "active"
ROOT = "lasting.key"
"""The key from which all of `LASTING` are derived; a process that has those does not need it."""
_NONCE = 12
_EPOCH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class UnknownEpoch(KeyUnavailable):
    """The key file of this epoch is not here (yet): the caller must retry, not give up."""


def derive(master: bytes, *labels: str) -> bytes:
    """Derive 32 bytes for this purpose (HKDF); labels are joined so that no two lists collide."""
    info = "\0".join(labels).encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)


def encrypt(key: bytes, text: bytes, context: bytes) -> bytes:
    """Return nonce and AES-256-GCM ciphertext; `context` is the associated data."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, context)


def decrypt(key: bytes, box: bytes, context: bytes) -> bytes:
    """Decrypt a result of `encrypt`; raises `cryptography.exceptions.InvalidTag`."""
    if len(box) < _NONCE:
        raise InvalidTag
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], context)


class KeyRing:
    """The keys this process was given; files that are added later are read when first needed.

    The constructor raises `KeyUnavailable` when a file that is here holds no key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        check(folder)
        self._active = active(folder)
        self._derived = lru_cache(maxsize=2048)(derive)

    def require(self, *users: User) -> None:
        """Raise `KeyUnavailable` for the first missing file that these processes need."""
        for name in lasting(users):
            self._lasting(name)
        for kind in by_epoch(users):
            self._newest(kind)

    def checks(self) -> dict[str, str]:
        """Return a one-way value of each key by file; halves of a sealing pair have the same."""
        found = {}
        for name in LASTING:
            with suppress(KeyUnavailable):
                found[name] = check_value(self._lasting(name))
        for path in sorted(self._folder.glob("epochs/*.key")):
            with suppress(KeyUnavailable):
                found[f"epochs/{path.name}"] = check_value(read_key(path))
        for path in sorted(self._folder.glob("seal/*")):
            with suppress(KeyUnavailable):
                found.setdefault(f"seal/{path.stem}", check_value(_public(path)))
        return found

    @property
    def session_key(self) -> bytes:
        return self._lasting("session.key")

    @property
    def audit_key(self) -> bytes:
        return self._lasting("audit.key")

    @property
    def barrier_key(self) -> bytes:
        return self._lasting("barrier.key")

    @property
    def payload_mac_key(self) -> bytes:
        return self._lasting("payload-mac.key")

    def row_key(self, table: str) -> bytes:
        """Return the key of the seals of this table's rows, of the process that writes them."""
        return self._derived(self._lasting(SEALED_BY[table]), "row", table)

    def _lasting(self, name: str) -> bytes:
        """Return a key that does not rotate, from its own file or from `lasting.key`."""
        return lasting_key(self._folder, name)

    @property
    def epoch(self) -> str:
        """The epoch that encrypts payloads: the active one, once its file is here and complete."""
        return self._newest("epochs/*.key")

    @property
    def seal_epoch(self) -> str:
        """The epoch that seals passwords."""
        return self._newest("seal/*.pub")

    def _newest(self, kind: str) -> str:
        """Return the newest usable epoch that is not newer than the active one.

        So while files are being copied here one by one, the epoch that all processes have is used.
        """
        for epoch in self._candidates(kind):
            with suppress(KeyUnavailable):
                self._read(kind.replace("*", epoch), epoch)
                return epoch
        raise UnknownEpoch(
            f"no usable key file {self._folder / kind}: copy it here from the machine on which keys"
            " are made"
        )

    def _candidates(self, kind: str) -> Iterator[str]:
        """Yield the active epoch, then the older ones here; the folder is listed only for those."""
        with suppress(BrokenKey):  # Until the file is complete again, the last one read applies.
            self._active = active(self._folder)
        limit = self._active
        if limit is not None:
            yield limit
        for epoch in reversed(epochs(self._folder, kind)):
            if limit is None or epoch < limit:
                yield epoch

    def payload_key(self, epoch: str, namespace: str, workflow_id: str) -> bytes:
        master = self._read(f"epochs/{epoch}.key", epoch)
        return self._derived(master, "payload", namespace, workflow_id)

    def seal_public(self, epoch: str) -> X25519PublicKey:
        return X25519PublicKey.from_public_bytes(self._read(f"seal/{epoch}.pub", epoch))

    def seal_private(self, epoch: str) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._read(f"seal/{epoch}.key", epoch))

    def _read(self, name: str, epoch: str) -> bytes:
        if not _EPOCH.fullmatch(epoch):
            raise ValueError("no epoch is named like this")
        try:
            return read_key(_file(self._folder, name))
        except BrokenKey:
            raise
        except KeyUnavailable as missing:
            raise UnknownEpoch(str(missing)) from None

    def pin(self, reference: str, code_no: int) -> str:
        """Return the digits of this activation's code, derived: the same on each call."""
        digest = hmac.digest(self._lasting("pin.key"), f"{reference}\0{code_no}".encode(), "sha256")
        return f"{int.from_bytes(digest[:8]) % 10**pins.LENGTH:0{pins.LENGTH}d}"

    def index(self, purpose: str, value: str) -> str:
        """Return a keyed index (HMAC): equal values have equal ones, and none can be read back."""
        key = self._lasting(f"index/{purpose}.key")
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()

    def encrypt(self, purpose: str, context: str, text: str) -> bytes:
        """Encrypt a ledger column; `context` is the row's own key."""
        return encrypt(self._lasting(f"column/{purpose}.key"), text.encode(), context.encode())

    def decrypt(self, purpose: str, context: str, data: bytes) -> str:
        return decrypt(self._lasting(f"column/{purpose}.key"), data, context.encode()).decode()


def following(epoch: str) -> str:
    """Return the epoch after this one."""
    year, month = (int(part) for part in epoch.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def epochs(folder: Path, kind: str = "epochs/*.key") -> list[str]:
    """Return the epochs that have a file of this kind, oldest first."""
    names = (path.stem for path in folder.glob(kind))
    return sorted(name for name in names if _EPOCH.fullmatch(name))


def active(folder: Path) -> str | None:
    """Return the epoch in the file `active`; None (old folders): the newest epoch encrypts."""
    path = _file(folder, ACTIVE)
    try:
        return _named(path, *written(path))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise BrokenKey(f"the file {path} cannot be read: copy it here again") from None


@lru_cache(maxsize=64)
def _named(path: Path, *_written: int) -> str:
    """Return the epoch that a file names; its stat is part of the cache key."""
    named = path.read_text("ascii").strip()
    if not _EPOCH.fullmatch(named):
        raise BrokenKey(f"the file {path} names no epoch: copy it here again")
    return named


def lasting_key(folder: Path, name: str) -> bytes:
    """Return a key that does not rotate; raises `KeyUnavailable` with its own name."""
    path = _file(folder, name)
    own = find_key(path)
    if own is not None:
        return own
    root = find_key(_file(folder, ROOT))
    return read_key(path) if root is None else _derived(root, name)


@lru_cache(maxsize=512)
def _file(folder: Path, name: str) -> Path:
    """Return a path that is the same object each time: making and hashing one takes longer."""
    return folder / name


@lru_cache(maxsize=512)
def _derived(root: bytes, name: str) -> bytes:
    return derive(root, *labels(name))


def check_value(key: bytes) -> str:
    """Return a one-way value, by which keys can be compared without revealing them."""
    return hmac.new(key, b"check value", hashlib.sha256).hexdigest()


def _public(path: Path) -> bytes:
    """Return the public half of a pair, from the file of either half."""
    key = read_key(path)
    if path.suffix == ".pub":
        return key
    return X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def check(folder: Path) -> None:
    """Raise `BrokenKey` for the first file here that cannot be used.

    A private sealing key that this process may not read is skipped: it is for another process.
    """
    active(folder)
    for path in sorted([*folder.rglob("*.key"), *folder.glob("seal/*.pub")]):
        if path.suffix == ".pub" or path.parent.name != "seal" or os.access(path, os.R_OK):
            read_key(path)
    root = folder / ROOT
    for name in LASTING if root.exists() else ():
        if lasting_key(folder, name) != _derived(read_key(root), name):
            raise BrokenKey(
                f"the key file {folder / name} is not the one that {ROOT} beside it gives: copy it"
                " here again from the backup, or remove it and say `activation keys init`"
            )
