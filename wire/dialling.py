"""Opens connections, and only to addresses that were checked: what stands between a typed-in name and our own network.

Resolves a name once and connects to the very address it checked, so that a second look-up cannot swap it.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

import httpcore

from wire.errors import Refused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Sequence[str]]
"""A host name to its addresses in the order to try; raises OSError when there are none."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

DEADLINE: ContextVar[float | None] = ContextVar("DEADLINE", default=None)
"""When the call under way must be over, by time.monotonic(); httpx knows no limit for a whole call."""

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: the last four bytes are the IPv4 address really reached
_CLOUD_HOSTS = frozenset({ipaddress.ip_address("168.63.129.16")})  # a globally routed address that is Azure's own host


def resolve_name(host: str) -> list[str]:
    """The addresses of a host name by the system's resolver. Raises OSError when it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as problem:  # a label that is too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from problem
    return [str(entry[4][0]) for entry in found]


def plain_address(text: str) -> IPAddress:
    """An address as it is really reached: IPv4 inside IPv6 is unwrapped. Raises ValueError for anything else."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return inner
    return address


def is_public(address: IPAddress) -> bool:
    """True only for an ordinary address of the open internet."""
    special = (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_link_local
        or address.is_loopback
        or getattr(address, "is_site_local", False)
    )
    return address.is_global and not special and address not in _CLOUD_HOSTS


class Dialler(httpcore.NetworkBackend):
    """Connects to checked addresses only, and to none once the call's deadline has passed.

    `public` and `loopback` say which of the two kinds of address are admitted; every other kind never is.
    """

    def __init__(self, *, resolve: Resolve, public: bool, loopback: bool) -> None:
        self._resolve = resolve
        self._public = public
        self._loopback = loopback
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers. Raises Refused, or httpcore's connection errors."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._checked(host):
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    port,
                    timeout=_time_left(timeout, httpcore.ConnectTimeout),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as problem:
                failure = problem
            else:
                return TimedStream(stream)
        raise failure

    def _checked(self, host: str) -> list[IPAddress]:
        try:
            addresses = [plain_address(text) for text in self._resolve(host)]
        except ValueError as problem:
            raise Refused(f"{host} has an address that cannot be read; it is not contacted.") from problem
        except OSError as problem:
            raise httpcore.ConnectError("name not known") from problem
        for address in addresses:
            if not self._admits(address):
                raise Refused(_why_not(host, address, loopback_only=not self._public))
        return addresses

    def _admits(self, address: IPAddress) -> bool:
        if address.is_loopback:
            return self._loopback
        return self._public and is_public(address)


def _why_not(host: str, address: IPAddress, *, loopback_only: bool) -> str:
    if loopback_only and is_public(address):
        return f"{host} was given as http://: only https:// addresses are contacted."
    if address.is_loopback:
        return f"{host} is this computer itself; the settings do not admit that."
    return f"{host} leads into a private network, not to the public internet; it is not contacted."


class TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the call's deadline, so that a drip of bytes cannot hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most so many bytes, as soon as there are any."""
        return self._stream.read(max_bytes, _time_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of the bytes."""
        self._stream.write(buffer, _time_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection made secure for `server_hostname`."""
        limit = _time_left(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the connection underneath."""
        return self._stream.get_extra_info(info)


def _time_left(timeout: float | None, too_late: type[Exception]) -> float | None:
    deadline = DEADLINE.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise too_late("the call took too long")
    return left if timeout is None else min(timeout, left)


def why_unreachable(problem: BaseException) -> str:
    """The reason of a failed connection in a few plain words, from the system's own error behind it."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "no such name could be found"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not valid"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection could be made"
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.errno in _REASONS:
            return _REASONS[cause.errno]
        cause = cause.__cause__ or cause.__context__
    return "the connection failed"


_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ENETUNREACH: "there is no network",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ETIMEDOUT: "no answer in time",
}
