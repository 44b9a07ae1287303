"""A simulated Bluesky network on this computer, for the demonstration and the tests.

It contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from wardkeeper.demo.bluesky.network import Network
from wardkeeper.demo.bluesky.servers import ROLES, app, error_body
from wardkeeper.demo.serving import FaultSwitch, Serving


def now() -> datetime:
    """This computer's time."""
    return datetime.now(UTC)


class SimulatedBluesky(Network):
    """The network with its servers; use it in a `with`, or `start` and `stop` it.

    `clock` gives the network's time (UTC). `access_lasts` is the life of a token. `removes_reported_after` is how
    long its moderators take to remove a reported post, None for never. `reason_types` is what they publish that they
    accept, None for everything. `ports` asks for fixed ports by role. `faults` makes servers fail; `retry_after` is
    the wait in seconds that they ask for when they are asked too often.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = now,
        access_lasts: timedelta = timedelta(hours=2),
        removes_reported_after: timedelta | None = None,
        reason_types: tuple[str, ...] | None = None,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(
            clock=clock,
            access_lasts=access_lasts,
            removes_reported_after=removes_reported_after,
            reason_types=reason_types,
        )
        self.retry_after = 30
        self.faults = FaultSwitch(limit_headers=self._limit_headers, error_body=error_body)
        self._serving = Serving(ROLES, ports=ports)
        self.urls = self._serving.urls

    @property
    def addresses(self) -> dict[str, str]:
        """What `Access.addresses` must hold to reach this network instead of the public one."""
        return {
            "entryway": self.urls["pds"],
            "appview": self.urls["appview"],
            "plc": self.urls["plc"],
            "labeler": self.labeler,
        }

    def start(self) -> None:
        """Answer requests from now on."""
        self._serving.start({role: app(self, role, self.urls, self.faults) for role in ROLES})

    def stop(self) -> None:
        """Stop answering and free the ports."""
        self._serving.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _limit_headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": "3000",
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(int(now().timestamp()) + self.retry_after),
            "RateLimit-Policy": "3000;w=300",
            "Retry-After": str(self.retry_after),
        }
