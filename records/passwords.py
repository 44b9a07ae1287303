"""Passwords: what is strong enough, and their Argon2id hashes. It knows nobody, and stores and logs nothing."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_SHORTEST = 12
PASSWORD_LONGEST = 256

# The cost OWASP's password storage guide gives for Argon2id with little memory: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Each check takes 19 MiB; a burst of sign-ins must not take the process's memory with it.
_TWO_AT_A_TIME = BoundedSemaphore(2)


class PasswordRefused(ValueError):
    """The password is too weak to be stored; `why` says what to change."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def check_password(text: str) -> None:
    """Raises PasswordRefused unless the password is 12 to 256 characters and not nearly the same one repeated."""
    if len(text) < PASSWORD_SHORTEST:
        raise PasswordRefused(f"Password must be {PASSWORD_SHORTEST} characters or more")
    if len(text) > PASSWORD_LONGEST:
        raise PasswordRefused(f"Password must be {PASSWORD_LONGEST} characters or fewer")
    if len(set(text)) < 5:
        raise PasswordRefused("Password must have at least 5 different characters")


def hash_password(text: str) -> str:
    """The Argon2id hash to store. Raises PasswordRefused."""
    check_password(text)
    with _TWO_AT_A_TIME:
        return _HASHER.hash(text)


def matches(stored: str, text: str) -> bool:
    """True if the text is the password that the stored hash was made from."""
    with _TWO_AT_A_TIME:
        try:
            return _HASHER.verify(stored, text[: PASSWORD_LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False


@cache
def nobody() -> str:
    """The hash of a password nobody knows: unknown addresses take as long as known ones."""
    return _HASHER.hash(secrets.token_urlsafe(16))
