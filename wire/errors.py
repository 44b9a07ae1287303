"""What can go wrong when talking to somebody else, each error named for the next act.

`why` is a sentence for people: it names the place and what to do, never post text, a person's name or a token.
"""

from __future__ import annotations

from datetime import timedelta


class WireError(Exception):
    """Base of the four; caught once per item in the stage loops."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TryLater(WireError):
    """Unreachable, overloaded or rate-limited: the same call may work later.

    `after` is how long the other side asked us to wait (None: it did not say). `maybe_received` is True when the
    request may have been acted on although no answer came: a report in that state goes to a person, never resent.
    """

    def __init__(
        self,
        why: str,
        *,
        after: timedelta | None = None,
        maybe_received: bool = False,
        rate_limited: bool = False,
    ) -> None:
        super().__init__(why)
        self.after = after
        self.maybe_received = maybe_received
        self.rate_limited = rate_limited


class Refused(WireError):
    """The other side, or our own safety rules, said no: trying again as it stands will not help.

    `code` is the other side's own error word. `use_form` says that no such API exists there and a person can file
    the same report on the platform's form.
    """

    def __init__(self, why: str, *, code: str = "", use_form: bool = False) -> None:
        super().__init__(why)
        self.code = code
        self.use_form = use_form


class SignInNeeded(WireError):
    """The credential is missing, expired or withdrawn: somebody must sign in or grant access again."""


class Changed(WireError):
    """The answer has a shape we do not know: keep `answer` (bytes, encrypted at rest), tell a person, go on."""

    def __init__(self, why: str, *, answer: bytes = b"") -> None:
        super().__init__(why)
        self.answer = answer
