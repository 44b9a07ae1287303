"""A process of the product that is killed at the worst moment, for the tests to start.

Its words: the data folder, the moment, the act, and what the act needs:
`collect <number>` dies with that many answers read; `send <council> <person> <request> before|after` dies then.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.collecting import collect_due
from takedown.desk import Desk
from takedown.sending import send
from wardkeeper.build import Parts, open_parts
from wire.http import Answer, Wire


class Deadly(Wire):
    """The wire itself, until the moment comes."""

    dies_reporting = ""
    dies_at_answer = 0
    answers: Iterator[int]

    def get(self, url: str, **asked: Any) -> Answer:
        answer = super().get(url, **asked)
        if next(self.answers) == self.dies_at_answer:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    def post(self, url: str, **sent: Any) -> Answer:
        reporting = self.dies_reporting if url.endswith("com.atproto.moderation.createReport") else ""
        if reporting == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = super().post(url, **sent)
        if reporting == "after":
            assert answer.status == 200, answer.status
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main(data: str, moment: str, act: str, *words: str) -> None:
    """Do the act, and do not live to write down what came of it."""
    wire = Deadly(user_agent="Wardkeeper/killed", admit_loopback=True)
    wire.answers = itertools.count(1)
    parts, now = open_parts(Path(data)), datetime.fromisoformat(moment)
    if act == "collect":
        wire.dies_at_answer = int(words[0])
        collect_due(parts.store, reach=replace(parts.reach, wire=wire), now=now, all_now=True)
    else:
        _send(parts, wire, now, *words)


def _send(parts: Parts, wire: Deadly, now: datetime, council: str, person: str, request: str, when: str) -> None:
    wire.dies_reporting = when
    desk = Desk(parts.store, int(council), int(person), now)
    send(desk, int(request), reach=replace(parts.reach, wire=wire), plan=parts.plan)


if __name__ == "__main__":
    main(*sys.argv[1:])
