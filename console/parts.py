"""What the console is handed when it is put together; it reads no setting itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platforms.shape import Reach
from records.store import Store
from takedown.following_up import FollowUpPlan


@dataclass(frozen=True)
class ConsoleParts:
    """Everything the pages need.

    `signing_key` signs the cookie and the forms (32 random bytes; a new one signs everybody out). `secure_cookies` is
    True wherever the console is reached over HTTPS. `idle` and `absolute` end a sign-in. `clock` gives the time, with
    a zone. `support` are lines for whoever
    reads abuse all day, shown at the foot of every page.
    """

    store: Store
    reach: Reach
    plan: FollowUpPlan
    signing_key: bytes = field(repr=False)
    secure_cookies: bool
    idle: timedelta
    absolute: timedelta
    clock: Callable[[], datetime]
    base_url: str
    version: str
    support: tuple[str, ...] = ()
