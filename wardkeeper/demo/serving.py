"""Serves the simulated platforms over real HTTP on this computer, and makes them fail on request.

Used by the demonstration and the tests; it contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock, Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = Mapping[str, str]


class Fault(StrEnum):
    """A way in which a server goes wrong. The first three refuse before acting; the others act, then answer badly."""

    RATE_LIMITED = "rate_limited"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    ERROR_AFTER_ACTING = "error_after_acting"
    SLOW = "slow"
    CUT = "cut"
    WRONG_TYPE = "wrong_type"
    MALFORMED = "malformed"


_BEFORE_ACTING = {Fault.RATE_LIMITED: 429, Fault.ERROR: 500, Fault.UNAVAILABLE: 503}


@dataclass
class _Planned:
    fault: Fault
    path: str
    times: int | None
    seconds: float


class FaultSwitch:
    """Says which of the next requests go wrong, and how. Safe to use from any thread.

    `limit_headers` are what this platform sends with a 429, in its own dialect; `error_body` is its error in JSON.
    """

    def __init__(self, *, limit_headers: Callable[[], Headers], error_body: Callable[[int], bytes]) -> None:
        self.limit_headers = limit_headers
        self.error_body = error_body
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def fail(self, fault: Fault, *, path: str = "", times: int | None = None, seconds: float = 5.0) -> None:
        """From now on requests whose path contains `path` go wrong, `times` of them (None: until cleared).

        `seconds` is how long a SLOW answer takes.
        """
        with self._lock:
            self._planned.append(_Planned(fault, path, times, seconds))

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._planned.clear()

    def next_for(self, path: str) -> tuple[Fault, float] | None:
        """The fault for a request to this path, with its seconds; uses up one of its times."""
        with self._lock:
            for planned in self._planned:
                if planned.path in path and planned.times != 0:
                    if planned.times is not None:
                        planned.times -= 1
                    return planned.fault, planned.seconds
        return None


class Faulty:
    """Wraps a simulated server so that its fault switch takes effect."""

    def __init__(self, app: ASGIApp, switch: FaultSwitch) -> None:
        self._app = app
        self._switch = switch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail it."""
        planned = self._switch.next_for(scope["path"]) if scope["type"] == "http" else None
        if planned is None:
            await self._app(scope, receive, send)
            return
        fault, seconds = planned
        if fault in _BEFORE_ACTING:
            status = _BEFORE_ACTING[fault]
            extra = self._switch.limit_headers() if status == 429 else {}
            await _reply(send, status, self._switch.error_body(status), extra)
            return
        status, headers, body = await self._acted(scope, receive)
        if fault is Fault.ERROR_AFTER_ACTING:
            await _reply(send, 502, self._switch.error_body(502), {})
        elif fault is Fault.WRONG_TYPE:
            await _reply(send, 200, b"<!doctype html><title>Sign in</title><p>Please sign in.", {}, "text/html")
        elif fault is Fault.MALFORMED:
            await _reply(send, status, body[: len(body) // 2] + b'\xff\x00"', headers)
        elif fault is Fault.CUT:
            await send({"type": "http.response.start", "status": status, "headers": _raw(headers, len(body) + 1)})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        else:
            await asyncio.sleep(seconds)
            await _reply(send, status, body, headers)

    async def _acted(self, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes]:
        """Let the server act, keeping back its answer."""
        status, headers, body = 500, {}, bytearray()

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {k.decode(): v.decode() for k, v in message["headers"] if k.lower() != b"content-length"}
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app(scope, receive, keep)
        return status, headers, bytes(body)


def _raw(headers: Headers, length: int) -> list[tuple[bytes, bytes]]:
    return [(k.lower().encode(), v.encode()) for k, v in {**headers, "content-length": str(length)}.items()]


async def _reply(send: Send, status: int, body: bytes, headers: Headers, kind: str = "application/json") -> None:
    full = {"content-type": kind, **{k.lower(): v for k, v in headers.items()}}
    await send({"type": "http.response.start", "status": status, "headers": _raw(full, len(body))})
    await send({"type": "http.response.body", "body": body})


class Serving:
    """Runs several named apps, each on a port of its own on 127.0.0.1, in one thread; use it in a `with`.

    `ports` asks for fixed ports by name; the others are chosen by the system. Addresses are known at once, so that
    an app may be told them before it starts.
    """

    def __init__(self, names: tuple[str, ...], *, ports: Mapping[str, int] | None = None) -> None:
        self._sockets = {name: _listening((ports or {}).get(name, 0)) for name in names}
        self.urls = {name: f"http://127.0.0.1:{sock.getsockname()[1]}" for name, sock in self._sockets.items()}
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def start(self, apps: Mapping[str, ASGIApp]) -> None:
        """Answer requests from now on. Raises RuntimeError when the server does not come up within ten seconds."""
        by_port = {sock.getsockname()[1]: apps[name] for name, sock in self._sockets.items()}

        async def by_address(scope: Scope, receive: Receive, send: Send) -> None:
            await by_port[scope["server"][1]](scope, receive, send)

        config = uvicorn.Config(
            by_address,
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(
            target=self._server.run,
            kwargs={"sockets": list(self._sockets.values())},
            name="simulated-platform",
            daemon=True,
        )
        self._thread.start()
        limit = monotonic() + 10
        while not self._server.started:
            if monotonic() > limit or not self._thread.is_alive():
                raise RuntimeError("a simulated platform did not start")
            sleep(0.005)

    def stop(self) -> None:
        """Stop answering and free the ports; safe to call twice."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=10)
        for sock in self._sockets.values():
            sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listening(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # An answer goes out in two pieces; without this the second waits some 40 ms for the first to be acknowledged.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind(("127.0.0.1", port))
    return sock
