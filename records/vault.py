"""Secrets at rest: sealing with rotating keys, and fingerprints for what must be found again without being kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class WrongKey(Exception):
    """The key is missing, malformed, or not the one this database was sealed with."""


class Vault:
    """Seals and opens with the newest of several keys; the oldest (last) key also makes the fingerprints.

    Keys are Fernet keys (32 bytes, URL-safe base64). Rotate by putting a new key first and keeping the old ones.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise WrongKey("No encryption key was given.")
        try:
            self._box = MultiFernet([Fernet(key) for key in keys])
            oldest = base64.urlsafe_b64decode(keys[-1])
        except ValueError as wrong:
            raise WrongKey("The encryption key is not a Fernet key (32 bytes in URL-safe base64).") from wrong
        self._finger = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wardkeeper fingerprint").derive(oldest)

    @staticmethod
    def new_key() -> str:
        return Fernet.generate_key().decode()

    def seal(self, clear: bytes) -> bytes:
        return self._box.encrypt(clear)

    def open(self, sealed: bytes) -> bytes:
        """Raises WrongKey when this was sealed with a key we do not hold, or was altered."""
        try:
            return self._box.decrypt(sealed)
        except InvalidToken as wrong:
            raise WrongKey("A sealed value does not open with the keys given.") from wrong

    def fingerprint(self, *parts: str) -> str:
        """HMAC-SHA256 of the parts, in hex: the same for the same input, and not to be reversed without the key."""
        message = b"\x00".join(part.encode("utf-8", "surrogatepass") for part in parts)
        return hmac.new(self._finger, message, hashlib.sha256).hexdigest()
