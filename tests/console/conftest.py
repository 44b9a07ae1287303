"""The console as it runs for a council: uvicorn on loopback over a real database, and people who sign in to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
import uvicorn
from pytest_httpserver import HTTPServer

from console.app import create_app
from console.parts import ConsoleParts
from platforms.shape import Reach
from records.people import Person
from records.store import Store
from records.vocabulary import AccountUse, Role
from takedown.following_up import FollowUpPlan
from tests.builders import NOW, Larkford, a_person, an_account, larkford
from tests.console.visitor import Visitor
from tests.takedown.townboard import PLATFORM, Townboard, reach_over
from wire.http import Wire


@dataclass
class Clock:
    """The time the console reads; a test may move it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@contextmanager
def serving(parts: ConsoleParts) -> Iterator[str]:
    """Serve the console on a free loopback port; gives its address."""
    config = uvicorn.Config(create_app(parts), host="127.0.0.1", port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@dataclass
class Console:
    """A running console, the council it shows, and the platform it reports to."""

    address: str
    parts: ConsoleParts
    scene: Larkford
    board: Townboard
    clock: Clock
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(self) -> Visitor:
        """Somebody who has not signed in."""
        self.visitors.append(Visitor(self.address))
        return self.visitors[-1]

    def email(self, *roles: Role, who: tuple[str, str] | None = None, council_id: int | None = None) -> str:
        """The address with which a person of the cast signs in; they are put on record if they are not yet."""
        council = council_id or self.scene.council_id
        person_id = a_person(self.parts.store, council, *roles, who=who)
        with self.parts.store.reading(council) as session:
            return session.get_one(Person, person_id).email

    def signed_in(self, *roles: Role, who: tuple[str, str] | None = None, council_id: int | None = None) -> Visitor:
        """Somebody of the cast, signed in."""
        visitor = self.visitor()
        answer = visitor.signs_in(self.email(*roles, who=who, council_id=council_id))
        assert answer.status_code == 303, answer.text
        return visitor


@pytest.fixture
def clock() -> Clock:
    """The time, standing still until a test moves it."""
    return Clock()


@pytest.fixture
def reach(httpserver: HTTPServer) -> Iterator[Reach]:
    """The townboard over loopback."""
    with Wire(user_agent="console tests", admit_loopback=True, timeout=5.0) as wire:
        yield reach_over(wire, httpserver)


@pytest.fixture
def parts(store: Store, reach: Reach, clock: Clock) -> ConsoleParts:
    """What the console is handed."""
    return ConsoleParts(
        store=store,
        reach=reach,
        plan=FollowUpPlan(),
        signing_key=b"k" * 32,
        secure_cookies=False,
        idle=timedelta(minutes=30),
        absolute=timedelta(hours=10),
        clock=clock,
        base_url="http://127.0.0.1",
        version="0.1.0",
        support=("Samaritans: 116 123, day and night",),
    )


@pytest.fixture
def console(parts: ConsoleParts, httpserver: HTTPServer, clock: Clock) -> Iterator[Console]:
    """The console of Larkford, with Councillor Ellery and a reporter account on the townboard."""
    board = Townboard(server=httpserver, reach=parts.reach)
    board.serve()
    scene = larkford(parts.store)
    an_account(
        parts.store,
        scene.council_id,
        platform=PLATFORM,
        use=AccountUse.REPORT,
        handle="larkford",
        stable_id="user:larkford",
    )
    with serving(parts) as address:
        opened = Console(address, parts, scene, board, clock)
        yield opened
        for visitor in opened.visitors:
            visitor.client.close()


@pytest.fixture
def console_with(parts: ConsoleParts) -> Callable[..., object]:
    """Serve another console with some of its parts changed."""

    def made(**changes: object) -> object:
        return serving(replace(parts, **changes))  # type: ignore[arg-type]

    return made
