"""Serves the console. This process never loads a model."""

from __future__ import annotations

from datetime import UTC, datetime

import uvicorn

from console.app import create_app
from console.parts import ConsoleParts
from wardkeeper import __version__
from wardkeeper.build import Parts
from wardkeeper.settings import config_folder, read_toml


def console_parts(parts: Parts) -> ConsoleParts:
    """What the console is handed of this install. The cookie key follows from the install's own key."""
    settings = parts.settings.web
    return ConsoleParts(
        store=parts.store,
        reach=parts.reach,
        plan=parts.plan,
        signing_key=bytes.fromhex(parts.store.vault.fingerprint("cookies")),
        secure_cookies=settings.base_url.startswith("https://"),
        idle=settings.idle,
        absolute=settings.signed_in,
        clock=lambda: datetime.now(UTC),
        base_url=settings.base_url,
        version=__version__,
        support=support_lines(parts),
    )


def support_lines(parts: Parts) -> tuple[str, ...]:
    """Where somebody who reads abuse all day finds help: `config/support.toml`, or the council's own."""
    own = parts.council_files / "support.toml"
    lines = read_toml(own if own.is_file() else config_folder() / "support.toml").get("lines", [])
    return tuple(str(line) for line in lines)


def serve(parts: Parts) -> None:
    """Serve until SIGTERM or SIGINT; open requests are finished first."""
    settings = parts.settings.web
    uvicorn.run(
        create_app(console_parts(parts)),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
