"""The takedown tests' own scene: a council with a reporter account, and a small platform on loopback HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from records.store import Store
from records.vocabulary import AccountUse
from tests.builders import Larkford, an_account, larkford
from tests.takedown.townboard import PLATFORM, Townboard, reach_over
from wire.http import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The real way out, to loopback."""
    with Wire(user_agent="takedown tests", admit_loopback=True, timeout=5.0) as opened:
        yield opened


@pytest.fixture
def townboard(wire: Wire, httpserver: HTTPServer) -> Townboard:
    """A platform that answers as the test tells it to."""
    board = Townboard(server=httpserver, reach=reach_over(wire, httpserver))
    board.serve()
    return board


@pytest.fixture
def council(store: Store) -> Larkford:
    """Larkford with Councillor Ellery and a reporter account on the townboard."""
    scene = larkford(store)
    an_account(
        store, scene.council_id, platform=PLATFORM, use=AccountUse.REPORT, handle="larkford", stable_id="user:larkford"
    )
    return scene
