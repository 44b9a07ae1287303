"""The only door to the network: one client for everybody, with limits, pace, careful retries and checked addresses.

It knows no platform. Nothing here writes a token, a query or an answer's text into an error or a log.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from json import dumps, loads
from threading import Lock
from types import MappingProxyType, TracebackType
from typing import Self

import certifi
import httpcore
import httpx
from pyrate_limiter import Limiter, Rate

from wire.dialling import DEADLINE, Dialler, Resolve, resolve_name, why_unreachable
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError
from wire.waiting import asked_wait

Value = str | int | float | bool | Sequence[str]
Fields = Mapping[str, Value]
"""Query parameters or form fields; a sequence is sent as the same name several times."""

MAX_BYTES = 8 * 1024 * 1024
"""The longest body that is read, unpacked, unless a caller says otherwise."""
PAUSES = (0.3, 1.0)
"""Seconds before the second and the third try of a request that may be made again."""
_REDIRECTS = 5
_LONGEST_PAUSE = 3.0  # a wait asked for beyond this is handed to the caller as TryLater
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_FOR_GOOD = frozenset({301, 308})

# Both libraries write whole addresses, queries included, into their logs.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Answer:
    """What came back: `headers` with lower-case names, `body` unpacked, `url` after redirects (it may hold a query).

    `moved_to` is the address that permanent redirects (301, 308) lead to before any other kind; "" when none did.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    moved_to: str = field(default="", repr=False)

    def json(self) -> object:
        """The body read as JSON. Raises Changed, keeping the body, when it is anything else."""
        try:
            return loads(self.body)
        except (ValueError, RecursionError):
            place = httpx.URL(self.url)
            why = f"{place.host}{place.path} answered with something that is not JSON (status {self.status})."
            raise Changed(why, answer=self.body) from None

    def text(self) -> str:
        """The body as text in the charset it names, else UTF-8; bytes that do not fit become U+FFFD."""
        _, _, charset = self.headers.get("content-type", "").lower().partition("charset=")
        try:
            return self.body.decode(charset.partition(";")[0].strip(" \"'") or "utf-8", "replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", "replace")


class Wire:
    """Talks HTTP for every other room; safe to share between threads; close it, or use it in a `with`.

    `timeout` is the limit in seconds for a whole call, retries and redirects included; `max_bytes` for an unpacked
    body. `admit_loopback` lets this computer's own addresses through (tests, demonstration), also over http://.
    `resolve` turns a host name into addresses; the system's resolver unless a test says otherwise. `pauses` are the
    seconds before each further try of a request that may be made again.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        admit_loopback: bool,
        timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
        resolve: Resolve = resolve_name,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._timeout = timeout
        self._pauses = pauses
        self._max_bytes = max_bytes
        self._limiters: dict[str, Limiter] = {}
        self._limiters_lock = Lock()
        self._limiter: Limiter | None = None
        # Plain http goes to this computer or nowhere: two diallers, so that not even a redirect can mix them up.
        secure = Dialler(resolve=resolve, public=True, loopback=admit_loopback)
        plain = Dialler(resolve=resolve, public=False, loopback=admit_loopback)
        self._client = _client(secure, plain, user_agent=user_agent, timeout=timeout, reuse=True)
        # A kept connection may be closed under our feet, and then nobody knows whether a report has arrived.
        self._once = _client(secure, plain, user_agent=user_agent, timeout=timeout, reuse=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; the wire and all its paced views are unusable afterwards."""
        self._client.close()
        self._once.close()
        for limiter in self._limiters.values():
            limiter.close()

    def paced(self, key: str, *, requests: int, per: timedelta) -> Wire:
        """The same wire, but at most `requests` in `per` for everybody in this process who gives this `key`.

        A call waits for its turn as long as its own timeout, then raises TryLater. The first pace of a key counts.
        """
        with self._limiters_lock:
            if key not in self._limiters:
                self._limiters[key] = Limiter(Rate(max(1, requests), max(1, int(per.total_seconds() * 1000))))
        view = copy(self)
        view._limiter = self._limiters[key]
        return view

    def get(
        self,
        url: str,
        *,
        params: Fields | None = None,
        headers: Mapping[str, str] | None = None,
        bearer: str = "",
        max_bytes: int | None = None,
    ) -> Answer:
        """GET, following up to five redirects and trying again after each pause.

        To another host a redirect takes no header of the caller's along. Raises TryLater, Refused, SignInNeeded
        or Changed; every status below 500 except 429 comes back as an Answer.
        """
        request = self._request("GET", url, params=params, headers=headers, bearer=bearer)
        self._await_turn(request)
        return self._persist(lambda: self._follow(request, max_bytes or self._max_bytes))

    def post(
        self,
        url: str,
        *,
        json: object = None,
        form: Fields | None = None,
        headers: Mapping[str, str] | None = None,
        params: Fields | None = None,
        bearer: str = "",
        idempotent: bool = False,
    ) -> Answer:
        """POST `json` or `form`; redirects are not followed. Raises as `get` does.

        Sent once only unless `idempotent`. TryLater.maybe_received tells whether the other side may have acted.
        """
        if json is not None:
            content: bytes | None = dumps(json, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
            headers = {"Content-Type": "application/json", **(headers or {})}
        else:
            content = None
        request = self._request("POST", url, params=params, headers=headers, bearer=bearer, content=content, form=form)
        self._await_turn(request)
        if idempotent:
            return self._persist(lambda: self._exchange(request, self._max_bytes))
        with _deadline(self._timeout):
            return self._exchange(request, self._max_bytes, once=True)

    def _request(
        self,
        method: str,
        url: str,
        *,
        params: Fields | None,
        headers: Mapping[str, str] | None,
        bearer: str,
        content: bytes | None = None,
        form: Fields | None = None,
    ) -> httpx.Request:
        address = checked_url(url)
        sent = dict(headers or {})
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        if any(not _fits_a_header(name + value) for name, value in sent.items()):
            raise SignInNeeded(f"The stored credential or a header for {place(address)} has characters it cannot have.")
        if params:
            address = address.copy_merge_params({k: _sendable(v) for k, v in params.items()})
        data = None if form is None else {k: _sendable(v) for k, v in form.items()}
        return self._client.build_request(method, address, headers=sent, content=content, data=data)

    def _persist(self, call: Callable[[], Answer]) -> Answer:
        with _deadline(self._timeout) as deadline:
            for pause in self._pauses:
                try:
                    return call()
                except TryLater as problem:
                    if problem.rate_limited and problem.after is None:
                        raise
                    asked = problem.after.total_seconds() if problem.after else 0.0
                    wait = max(asked, pause)
                    if asked > _LONGEST_PAUSE or time.monotonic() + wait > deadline:
                        raise
                    time.sleep(wait)
            return call()

    def _follow(self, request: httpx.Request, max_bytes: int) -> Answer:
        moved_to, for_good = "", True
        for _ in range(_REDIRECTS + 1):
            answer = self._exchange(request, max_bytes)
            location = answer.headers.get("location", "")
            if answer.status not in _MOVED or not location:
                return replace(answer, moved_to=moved_to)
            request = self._redirected(request, location)
            for_good = for_good and answer.status in _MOVED_FOR_GOOD
            moved_to = str(request.url) if for_good else moved_to
        raise Refused(f"{place(request.url)} sends us from one address to the next without end.")

    def _redirected(self, request: httpx.Request, location: str) -> httpx.Request:
        try:
            target = request.url.join(location)
        except httpx.InvalidURL:
            raise Refused(f"{place(request.url)} sends us to something that is not a web address.") from None
        checked_url(str(target))
        same_host = (target.scheme, place(target)) == (request.url.scheme, place(request.url))
        headers = {k: v for k, v in request.headers.items() if k != "host"} if same_host else {}
        return self._client.build_request("GET", target, headers=headers)

    def _exchange(self, request: httpx.Request, max_bytes: int, *, once: bool = False) -> Answer:
        """One request, one answer. `once` says that the request must not be made twice."""
        where = place(request.url)
        try:
            response = (self._once if once else self._client).send(request, stream=True)
            try:
                body = _body(response, max_bytes, where)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as problem:
            # `from None`: the library's own error carries the whole address.
            raise _translated(problem, where, once=once) from None
        headers = MappingProxyType({name.lower(): value for name, value in response.headers.items()})
        _raise_for_overload(response.status_code, headers, where, once=once)
        return Answer(status=response.status_code, headers=headers, body=body, url=str(request.url))

    def _await_turn(self, request: httpx.Request) -> None:
        if self._limiter is None:
            return
        try:
            ours = self._limiter.try_acquire("turn", blocking=True, timeout=self._timeout)
        except TimeoutError:
            ours = False
        if not ours:
            why = f"Our own limit for requests to {place(request.url)} is used up for now."
            raise TryLater(why, after=timedelta(minutes=1), rate_limited=True)


@cache
def _trusted() -> ssl.SSLContext:
    """This computer's certificates, which may include a council's own, and the well-known ones; read once."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


class CheckedTransport(httpx.HTTPTransport):
    """httpx's own transport over connections that only a Dialler opens, kept for the next request when `reuse`."""

    def __init__(self, dialler: Dialler, *, reuse: bool) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=50,
            max_keepalive_connections=None if reuse else 0,
            keepalive_expiry=5.0,
            network_backend=dialler,
        )


def _client(secure: Dialler, plain: Dialler, *, user_agent: str, timeout: float, reuse: bool) -> httpx.Client:
    return httpx.Client(
        transport=CheckedTransport(secure, reuse=reuse),
        mounts={"http://": CheckedTransport(plain, reuse=reuse)},
        headers={"User-Agent": user_agent},
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
        trust_env=False,
        follow_redirects=False,
    )


@contextmanager
def _deadline(seconds: float) -> Iterator[float]:
    """Everything inside must be over by the moment given, in time.monotonic()."""
    moment = time.monotonic() + seconds
    token = DEADLINE.set(moment)
    try:
        yield moment
    finally:
        DEADLINE.reset(token)


def place(url: httpx.URL) -> str:
    """The host, with its port where that is unusual: all of an address that may be shown."""
    return url.host if url.port is None else f"{url.host}:{url.port}"


def checked_url(url: str) -> httpx.URL:
    """The address, when it is a web address without a name and password in it. Raises Refused."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise Refused("This is not a web address; check that it was copied whole.") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise Refused("This is not a web address: it must begin with https://.")
    if address.userinfo:
        raise Refused(f"The address of {address.host} carries a name or password; give it without.")
    return address


def _fits_a_header(text: str) -> bool:
    return text.isascii() and all(char.isprintable() for char in text)


def _sendable(value: Value) -> Value | list[str]:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # a lone surrogate cannot be sent
    return [str(_sendable(each)) for each in value] if isinstance(value, Sequence) else value


def _body(response: httpx.Response, max_bytes: int, where: str) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise Changed(f"{where} answered with more than {max_bytes:,} bytes; the answer was not read.")
        chunks.append(chunk)
    return b"".join(chunks)


def _raise_for_overload(status: int, headers: Mapping[str, str], where: str, *, once: bool) -> None:
    limited = status == 429
    if not limited and status < 500:
        return
    after = asked_wait(headers, now=datetime.now(UTC), limited=limited)
    if limited:
        raise TryLater(f"{where} asks us to slow down (status 429).", after=after, rate_limited=True)
    raise TryLater(f"{where} has a fault of its own (status {status}).", after=after, maybe_received=once)


def _translated(problem: Exception, where: str, *, once: bool) -> WireError:
    if isinstance(problem, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ConnectError):
        return TryLater(f"{where} could not be reached: {why_unreachable(problem)}.")
    if isinstance(problem, httpx.DecodingError):
        return Changed(f"{where} sent a packed answer that cannot be unpacked.")
    if isinstance(problem, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.InvalidURL):
        return Refused(f"The request to {where} cannot be put into words that the web understands.")
    if isinstance(problem, httpx.TimeoutException):
        return TryLater(f"{where} did not answer in time.", maybe_received=once)
    return TryLater(f"{where} broke off before its answer was complete.", maybe_received=once)
