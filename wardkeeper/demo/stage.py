"""What the demonstration remembers between runs: its ports, when its story began, and what was reported to whom.

So a second run meets the same posts at the same addresses, and what moderators removed stays removed.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

FILE = "demonstration.json"
ROOMS = ("pds", "elsewhere", "appview", "plc", "mastodon", "feeds", "web")
"""What listens on a port of its own."""
_USUAL_WEB = 8080


@dataclass
class Stage:
    """The state file of one demonstration; `reported` maps a post's address to when it was reported."""

    path: Path
    began: datetime
    ports: dict[str, int]
    reported: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def set_up(cls, data: Path, *, now: datetime) -> Stage:
        """The stage of the demonstration in `data`, set up on first use. An unreadable file is set up anew."""
        data.mkdir(parents=True, exist_ok=True)
        path = data / FILE
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            reported = {uri: datetime.fromisoformat(at) for uri, at in kept["reported"].items()}
            return cls(path, datetime.fromisoformat(kept["began"]), dict(kept["ports"]), reported)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            stage = cls(path, now.astimezone(UTC).replace(second=0, microsecond=0), _free_ports())
            stage.keep()
            return stage

    def note_reports(self, reported: Iterable[tuple[str, datetime]]) -> None:
        """Remember what was reported; the first report of a post counts."""
        before = len(self.reported)
        for uri, at in reported:
            self.reported.setdefault(uri, at)
        if len(self.reported) != before:
            self.keep()

    def keep(self) -> None:
        """Write the file whole, or not at all."""
        value = {
            "began": self.began.isoformat(),
            "ports": self.ports,
            "reported": {uri: at.isoformat() for uri, at in self.reported.items()},
        }
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(value, indent=1), encoding="utf-8")
        draft.replace(self.path)


def _free_ports() -> dict[str, int]:
    open_sockets = []
    ports = {}
    for room in ROOMS:
        sock = socket.socket()
        open_sockets.append(sock)
        try:
            sock.bind(("127.0.0.1", _USUAL_WEB if room == "web" else 0))
        except OSError:
            sock.bind(("127.0.0.1", 0))
        ports[room] = sock.getsockname()[1]
    for sock in open_sockets:
        sock.close()
    return ports
