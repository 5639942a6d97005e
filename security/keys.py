"""The key files, and every key derived from them.

`epochs/2026-11.key` encrypts the payloads of a month; destroying it makes that month's histories
unreadable. `lasting.key` carries what must stay the same for years: blind indexes, PINs, sessions
and ledger columns. `seal/2026-11.pub` locks passwords; only a provisioning worker needs
the `.key` beside it. The newest epoch by name encrypts; no clock is asked.
"""

import hashlib
import hmac
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_EPOCH = re.compile(r"[0-9]{4}-[0-9]{2}")


class UnknownEpoch(LookupError):
    """The key file of this epoch is not here (yet): the caller must wait, not give up."""


def derive(master: bytes, *labels: str) -> bytes:
    """Return 32 bytes for this purpose; labels are joined so that no two lists collide."""
    info = "\0".join(labels).encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)


def encrypt(key: bytes, text: bytes, context: bytes) -> bytes:
    """Return nonce and AES-256-GCM box; `context` must be the same to open it."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, context)


def decrypt(key: bytes, box: bytes, context: bytes) -> bytes:
    """Open a box; raises `cryptography.exceptions.InvalidTag`."""
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], context)


class KeyRing:
    """All keys this process was given; epochs that appear later are read when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lasting = bytes.fromhex((folder / "lasting.key").read_text())
        self.session_key = derive(self._lasting, "session")
        self.audit_key = derive(self._lasting, "audit")
        self._pin_key = derive(self._lasting, "pin")
        self._payload_key = lru_cache(maxsize=2048)(self._derive_payload_key)

    @property
    def epoch(self) -> str:
        """The newest epoch there is."""
        names = [path.stem for path in (self._folder / "epochs").glob("*.key")]
        if not names:
            raise UnknownEpoch("no epoch key")
        return max(names)

    def may_come(self, epoch: str) -> bool:
        """Tell whether this epoch's key may yet be brought here; no far future is waited for."""
        return epoch <= following(self.epoch)

    def payload_key(self, epoch: str, namespace: str, workflow_id: str) -> bytes:
        return self._payload_key(epoch, namespace, workflow_id)

    def _derive_payload_key(self, epoch: str, namespace: str, workflow_id: str) -> bytes:
        return derive(self._epoch_master(epoch), "payload", namespace, workflow_id)

    def _epoch_master(self, epoch: str) -> bytes:
        return bytes.fromhex(self._read(f"epochs/{epoch}.key", epoch).decode())

    def seal_public(self, epoch: str) -> X25519PublicKey:
        return X25519PublicKey.from_public_bytes(
            bytes.fromhex(self._read(f"seal/{epoch}.pub", epoch).decode())
        )

    def seal_private(self, epoch: str) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(
            bytes.fromhex(self._read(f"seal/{epoch}.key", epoch).decode())
        )

    def _read(self, name: str, epoch: str) -> bytes:
        if not _EPOCH.fullmatch(epoch):
            raise ValueError("no epoch is named like this")
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise UnknownEpoch(f"no key for epoch {epoch}") from None

    def pin(self, reference: str, code_no: int) -> str:
        """Return the six digits of this activation's code; the same each time it is asked."""
        digest = hmac.digest(self._pin_key, f"{reference}\0{code_no}".encode(), "sha256")
        return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"

    def index(self, purpose: str, value: str) -> str:
        """Return a keyed index: equal values are found again, and nothing can be read back."""
        key = derive(self._lasting, "index", purpose)
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()

    def encrypt(self, purpose: str, context: str, text: str) -> bytes:
        """Encrypt a ledger column; `context` is the row's own key."""
        return encrypt(self._column_key(purpose), text.encode(), context.encode())

    def decrypt(self, purpose: str, context: str, data: bytes) -> str:
        return decrypt(self._column_key(purpose), data, context.encode()).decode()

    def _column_key(self, purpose: str) -> bytes:
        return derive(self._lasting, "column", purpose)


def following(epoch: str) -> str:
    """Return the epoch after this one."""
    year, month = (int(part) for part in epoch.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def create(folder: Path, epoch: str) -> bool:
    """Make the lasting key and this epoch's keys where missing; returns whether any was made."""
    private = X25519PrivateKey.generate()
    files = {
        "lasting.key": secrets.token_hex(32),
        f"epochs/{epoch}.key": secrets.token_hex(32),
        f"seal/{epoch}.key": private.private_bytes(
            serialization.Encoding.Raw,
            serialization.PrivateFormat.Raw,
            serialization.NoEncryption(),
        ).hex(),
    }
    made = [_write_once(folder / name, text) for name, text in files.items()]
    stored = bytes.fromhex((folder / f"seal/{epoch}.key").read_text())
    public = X25519PrivateKey.from_private_bytes(stored).public_key().public_bytes_raw()
    made.append(_write_once(folder / f"seal/{epoch}.pub", public.hex()))
    return any(made)


def _write_once(path: Path, text: str) -> bool:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return True
