"""The demonstration, live: simulated platforms and residents in this process, console and worker as `run` starts
them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wardkeeper.build import open_parts
from wardkeeper.demo import council, residents
from wardkeeper.demo.stage import Stage
from wardkeeper.demo.world import World
from wardkeeper.processes import Parent

MODERATORS_TAKE = timedelta(minutes=2)
CHATTER_EVERY = timedelta(seconds=90)
_BREATH = 1.0


def show(data: Path, *, tell: Callable[[str], None]) -> int:
    """Run until Ctrl-C; the exit code."""
    stage = Stage.set_up(data, now=datetime.now(UTC))
    cast = residents.cast()
    sayings = (*residents.story(stage.began), *residents.chatter(stage.began, every=CHATTER_EVERY))
    over = threading.Event()
    with World(stage, cast, sayings, clock=lambda: datetime.now(UTC), removes_after=MODERATORS_TAKE) as world:
        council.write_settings(data, stage, world, live=True)
        parts = open_parts(data)
        try:
            council.settle(parts, cast, world, now=datetime.now(UTC))
            address = parts.settings.web.base_url
        finally:
            parts.close()
        speaking = threading.Thread(target=_speak, args=(world, over), name="residents", daemon=True)
        speaking.start()
        _invite(address, cast, tell)
        try:
            return Parent(data, tell).keep_running(("web", "worker"))
        finally:
            over.set()
            speaking.join(timeout=5)


def _speak(world: World, over: threading.Event) -> None:
    while not over.wait(_BREATH):
        world.move_on()


def _invite(address: str, cast: residents.Cast, tell: Callable[[str], None]) -> None:
    tell(f"\n{cast.name} is a demonstration: everybody in it is invented and nothing leaves this computer.")
    tell(f"\nOpen {address} and sign in. Everybody's password is: {council.SIGN_IN_PASSWORD}")
    for officer in cast.people:
        tell(f"  {officer.email:32} {officer.name}, {', '.join(officer.roles).replace('_', ' ')}")
    tell("\nThe first posts stand in the queue within a minute or two. Confirm them (levels 3 and 4 as the assessor),")
    tell("approve and send the drafts as the officer, and see them removed a few minutes later. Ctrl-C ends it.\n")
