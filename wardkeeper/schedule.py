"""When things happen in one process: a single tick, repeated. The schedules themselves are rows, not jobs."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from classifiers.shape import Classifier
from wardkeeper import rounds
from wardkeeper.build import Parts
from wardkeeper.shadow import Shadow

log = structlog.get_logger()

FORGET_EVERY = timedelta(hours=1)


class Ticker:
    """The worker's one job: a scan, then the checks that are due, then, each hour, what must be forgotten."""

    def __init__(self, parts: Parts, classifier: Classifier, shadow: Shadow | None = None) -> None:
        self._parts = parts
        self._classifier = classifier
        self._shadow = shadow
        self._forgot_at: datetime | None = None

    def tick(self) -> None:
        """One tick. A fault in it is logged with its place and the next tick goes on: nothing was half done."""
        now = datetime.now(UTC)
        try:
            in_doubt = rounds.settle(self._parts, now=now)
            done = rounds.scan(self._parts, classifier=self._classifier, now=now, shadow=self._shadow)
            followed = rounds.follow_up(self._parts, now=now)
            if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
                rounds.forget(self._parts, now=now)
                self._forgot_at = now
        except Exception as fault:  # the outermost job: whatever it is, the schedule must go on
            log.error("a round failed and will be tried again", fault=type(fault).__name__, exc_info=True)
            return
        log.info(
            "round done",
            sources=done.collected.sources,
            failed=done.collected.failed,
            new_posts=done.collected.new_posts,
            judged=done.assessed.judged,
            raised=done.raised.opened,
            checked=followed.checked,
            in_doubt=in_doubt,
        )


def run_until_told(parts: Parts, classifier: Classifier, shadow: Shadow | None = None) -> None:
    """Tick until SIGTERM or SIGINT; a tick under way is finished first."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})
    scheduler.add_job(
        Ticker(parts, classifier, shadow).tick,
        "interval",
        seconds=parts.settings.schedule.tick.total_seconds(),
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    over.wait()
    log.info("stopping after the present round")
    scheduler.shutdown(wait=True)
