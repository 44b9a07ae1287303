"""How the processes log: one sentence and ids per line; anything that looks like a secret or a text is left out."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NOISY = ("alembic", "apscheduler", "filelock", "httpcore", "httpx", "pyrate_limiter", "transformers")
"""Libraries whose chatter says nothing to whoever runs this, and may hold whole addresses."""
_NEVER = ("text", "token", "secret", "password", "handle", "name", "email", "url", "address", "key", "authorization")


Event = MutableMapping[str, Any]


def leave_out_what_is_private(_logger: object, _method: str, event: Event) -> Event:
    """Replace the values of fields that could hold a text, a person or a secret."""
    for field in event:
        if field != "event" and any(word in field.lower() for word in _NEVER):
            event[field] = "(left out)"
    return event


def start_logging(level: str) -> None:
    """Set up logging on standard error, which leaves standard output to results; a later call changes the level."""
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format=form, force=True)
    for noisy in (
        "httpx",
        "httpcore",
        "pyrate_limiter",
        "apscheduler",
        "uvicorn.access",
        "alembic",
        "filelock",
        "transformers",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            leave_out_what_is_private,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
