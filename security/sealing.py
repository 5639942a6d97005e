"""Sealed passwords: encrypted in the portal, decrypted only by the provisioning worker.

HPKE (RFC 9180) to the epoch's public key, bound to the reference, so that a box moved to another
activation does not decrypt.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from security.keys import KeyRing

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class NotOurs(Exception):
    """The box was not sealed for this activation, or was changed."""


@dataclass(frozen=True)
class SealedPassword:
    epoch: str
    box: bytes


def seal(keys: KeyRing, reference: str, password: str) -> SealedPassword:
    """Encrypt a password for this activation, with the active epoch's public key."""
    epoch = keys.seal_epoch
    box = _SUITE.encrypt(password.encode(), keys.seal_public(epoch), info=_info(reference))
    return SealedPassword(epoch, box)


def unseal(keys: KeyRing, reference: str, sealed: SealedPassword) -> bytes:
    """Return the password's UTF-8 bytes; raises `NotOurs`, or `UnknownEpoch` without the key."""
    try:
        return _SUITE.decrypt(sealed.box, keys.seal_private(sealed.epoch), info=_info(reference))
    except InvalidTag:
        raise NotOurs("sealed password does not open") from None


def _info(reference: str) -> bytes:
    return b"activation-password\0" + reference.encode()
