"""The console as a whole process: how soon it serves, how long the queue page takes with 100,000 posts, its memory.

Run: python -m benchmarks.pages [--posts N] [--visits N]. Time is taken by a visitor on the same machine.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.measured import Measured, hand_over
from records.base import Base
from records.councils import Council
from records.incidents import Incident, IncidentGroup
from records.people import Councillor
from records.posts import Mention, Post, Snapshot
from records.signing_in import add_person
from records.vocabulary import (
    IncidentKind,
    IncidentState,
    Label,
    Level,
    MatchKind,
    Nation,
    Origin,
    Role,
    Tier,
)
from wardkeeper.build import open_parts

EMAIL, PASSWORD = "officer@aldermere.example", "four lanterns on the weir"
COUNCILLORS = 40
BATCH = 5_000
STATES = (IncidentState.OPEN, IncidentState.CONFIRMED, IncidentState.DISMISSED, IncidentState.CLOSED)
WORDS = "the bins on our street have not been collected and you should resign before the next election".split()
START, PAGE, MEMORY = 3.0, 100.0, 150.0


def fill(data: Path, count: int) -> None:
    """A council with `count` posts, each an incident: a third open, a sixth confirmed, the rest dealt with."""
    parts = open_parts(data)
    now = datetime.now(UTC)
    with parts.store.across_councils(writes=True) as session:
        council = Council(name="Aldermere", tier=Tier.PRINCIPAL, nation=Nation.ENGLAND, created_at=now)
        session.add(council)
        session.flush()
        person = add_person(
            session,
            council.id,
            email=EMAIL,
            name="Priya Sandhu",
            roles=frozenset({Role.OFFICER}),
            password=PASSWORD,
            now=now,
        )
        _people(session, council.id, now=now)
        chance = random.Random(11)
        for first in range(1, count + 1, BATCH):
            numbers = range(first, min(first + BATCH, count + 1))
            _batch(session, council.id, numbers, decided_by=person.id, chance=chance, now=now)
    parts.close()


def _people(session: Session, council_id: int, *, now: datetime) -> None:
    for number in range(1, COUNCILLORS + 1):
        own = {"council_id": council_id, "name": f"Councillor {number}", "opted_in_at": now, "opted_in_by": "form"}
        session.add(Councillor(**own))
    session.flush()
    for number in range(1, 51):
        session.add(
            IncidentGroup(
                council_id=council_id,
                councillor_id=number % COUNCILLORS + 1,
                reason="many accounts",
                first_at=now,
                last_at=now,
            )
        )
    session.flush()


def _batch(
    session: Session, council_id: int, numbers: range, *, decided_by: int, chance: random.Random, now: datetime
) -> None:
    rows: dict[type[Base], list[dict[str, object]]] = {Post: [], Snapshot: [], Mention: [], Incident: []}
    for number in numbers:
        at = now - timedelta(minutes=number)
        councillor_id = number % COUNCILLORS + 1
        state = STATES[min(chance.randrange(6), 3) if number % 2 else chance.randrange(4)]
        level = chance.choices((1, 2, 3, 4), weights=(50, 35, 12, 3))[0]
        same = {"id": number, "council_id": council_id}
        rows[Post].append(
            same
            | {"platform": "bluesky", "key": f"key {number}", "origin": Origin.COLLECTED, "first_seen_at": at}
            | {"author_id": f"resident {number % 9973}", "external_id": f"post {number}", "posted_at": at}
        )
        rows[Snapshot].append(
            same
            | {"post_id": number, "key": f"version {number}", "text": " ".join(chance.choices(WORDS, k=24))}
            | {"seen_at": at, "judged_by": "bench@1", "language": "en"}
        )
        rows[Mention].append(
            same | {"post_id": number, "councillor_id": councillor_id, "how": MatchKind.NAME, "surety": 0.8, "at": at}
        )
        rows[Incident].append(
            same
            | {"councillor_id": councillor_id, "post_id": number, "kind": IncidentKind.POST, "origin": Origin.COLLECTED}
            | {"group_id": chance.randint(1, 50) if number % 50 == 0 else None, "state": state, "reason": ""}
            | {"level": Level(level), "text_level": Level(level), "labels": frozenset({Label.INSULT})}
            | {"occurred_at": at, "raised_at": at, "decided_by": decided_by, "decided_at": at}
        )
    for kind, values in rows.items():
        session.execute(insert(kind), values)


@contextmanager
def console(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """The web process, as `run` starts it: the process, its address, and the seconds until its first page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARDKEEPER_")}
    environment["WARDKEEPER_WEB__PORT"] = str(port)
    base = f"http://127.0.0.1:{port}"
    start = time.perf_counter()
    command = [sys.executable, "-m", "wardkeeper", "--data", str(data), "web"]
    process = subprocess.Popen(command, env=environment)
    try:
        while not _serves(base):
            if process.poll() is not None or time.perf_counter() - start > 60:
                sys.exit("the console did not start; its message is above")
            time.sleep(0.02)
        yield process, base, time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(30)


def _serves(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/sign-in", timeout=5) as answer:
            return b"password" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def sign_in(base: str) -> urllib.request.OpenerDirector:
    """A visitor who is signed in."""
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with visitor.open(f"{base}/sign-in") as page:
        proof = re.search(r'name="proof" value="([0-9a-f]+)"', page.read().decode())
    filled = {"email": EMAIL, "password": PASSWORD, "code": "", "proof": proof[1] if proof else ""}
    with visitor.open(f"{base}/sign-in", data=urlencode(filled).encode()) as page:
        if not page.url.endswith("/queue"):
            sys.exit(f"signing in led to {page.url}")
    return visitor


def visit(visitor: urllib.request.OpenerDirector, address: str, times: int) -> list[float]:
    """Milliseconds of each visit to a page."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        with visitor.open(address) as page:
            page.read()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def memory(process: subprocess.Popen[bytes]) -> float:
    """Megabytes that a process holds in memory now (Linux's resident set, shared pages included)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    """Measure and hand over."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--posts", type=int, default=100_000)
    ask.add_argument("--visits", type=int, default=60)
    wanted = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with console(Path(folder) / "fresh") as (_process, _base, first):
            pass
        data = Path(folder) / "full"
        fill(data, wanted.posts)
        with console(data) as (process, base, again):
            visitor = sign_in(base)
            queue = visit(visitor, f"{base}/queue", wanted.visits)
            worst = visit(visitor, f"{base}/queue?level=1&state=open", wanted.visits)
            held = memory(process)
    how = f"{wanted.posts:,} posts, median of {wanted.visits} visits, over HTTP"
    slowest = statistics.quantiles(queue, n=20)[-1]
    hand_over(
        [
            Measured("start to first page, nothing there yet", first, "s", "new folder, SQLite", at_most=START),
            Measured("start to first page, all there", again, "s", f"{wanted.posts:,} posts, SQLite", at_most=START),
            Measured("queue page", statistics.median(queue), "ms", how, at_most=PAGE),
            Measured("queue page, slowest twentieth", slowest, "ms", how, at_most=PAGE),
            Measured("queue page, narrowed", statistics.median(worst), "ms", how, at_most=PAGE),
            Measured("web process", held, "MB", f"after {2 * wanted.visits} pages", at_most=MEMORY),
        ]
    )


if __name__ == "__main__":
    main()
