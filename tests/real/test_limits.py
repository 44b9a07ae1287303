"""An account server that has had enough of us is left alone until it says we may come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from classifiers.shape import Classifier
from records.people import Source
from tests.real.install import Install
from tests.real.network import Network
from wardkeeper.rounds import scan
from wire.errors import TryLater

pytestmark = pytest.mark.real

SIGN_INS = 30
"""What the account server allows one account in five minutes."""
WINDOW = timedelta(minutes=5)


def test_too_many_sign_ins_are_answered_with_when_to_try_again(
    network: Network, install: Callable[..., Install], judge: Classifier, now: datetime
) -> None:
    member = network.member("hasty")
    council = install(member="hasty")
    for _ in range(SIGN_INS + 1):
        wrong = {"identifier": member.did, "password": "not the password"}
        answer = network.attempt("com.atproto.server.createSession", wrong)
    assert answer.status_code == 429

    done = council.scanned(judge, now=now)
    assert (done.collected.sources, done.collected.failed) == (1, 1)
    with council.opened() as parts:
        with parts.store.reading(council.council_id) as session:
            source = session.scalars(select(Source)).one()
        assert source.problem.endswith("asks us to slow down (status 429).")
        assert timedelta(minutes=1) <= source.due_at - now <= WINDOW + timedelta(seconds=5)
        assert council_due(council, judge, now=source.due_at - timedelta(seconds=1)) == 0

        platform = parts.reach.platforms["bluesky"]
        access = parts.reach.by(
            "bluesky", address="", handle=member.handle, stable_id=member.did, secret="any words", session=""
        )
        assert platform.identify is not None
        with pytest.raises(TryLater) as told:
            platform.identify(parts.reach.paced("bluesky"), access)
    assert told.value.rate_limited
    assert told.value.after is not None
    assert timedelta(0) < told.value.after <= WINDOW


def council_due(council: Install, judge: Classifier, *, now: datetime) -> int:
    """How many sources are asked by a round that asks only those that are due."""
    with council.opened() as parts:
        return scan(parts, classifier=judge, now=now).collected.sources
