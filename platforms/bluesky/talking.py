"""How one speaks to the servers of the Bluesky network: answers and error words, sign-in, the directory of accounts.

Branches on the error word, never on the status alone: an expired token is 400 here, and so is a missing post.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import unquote, urlsplit

from platforms.addresses import take_apart
from platforms.bluesky.addressing import is_did, plain_handle
from platforms.reading import table, tables, words
from platforms.shape import Access
from wire.errors import Changed, Refused, SignInNeeded
from wire.http import Answer, Fields, Wire

_WORD = re.compile(r"[A-Za-z]{1,60}")
_STALE = frozenset({"ExpiredToken", "InvalidToken"})
_NEEDS_SIGN_IN = frozenset({"AuthenticationRequired", "AuthMissing", "AuthFactorTokenRequired", *_STALE})


@dataclass(frozen=True)
class Reply:
    """One answer read: `word` is the error's name ("" when it went well), `message` must not be shown or logged."""

    place: str
    status: int
    word: str
    message: str = field(repr=False)
    body: Mapping[str, object] = field(repr=False)
    answer: bytes = field(repr=False)

    def checked(self) -> Mapping[str, object]:
        """The body of a good answer. Raises SignInNeeded or Refused (its `code` is the error word), or Changed."""
        if self.status == 200:
            return self.body
        if self.status == 401 or self.word in _NEEDS_SIGN_IN:
            raise SignInNeeded(f"{self.place} asks for a new sign-in ({self.word or self.status}).")
        if self.word or self.status in (403, 404, 410):
            code = self.word or str(self.status)
            raise Refused(f"{self.place} refused the request ({code}).", code=code)
        raise Changed(
            f"{self.place} gave an answer of a kind we do not know (status {self.status}).", answer=self.answer
        )


def reply_to(answer: Answer) -> Reply:
    """Read an answer. Raises Changed when a good answer is not a JSON object."""
    place = urlsplit(answer.url).netloc
    try:
        body = answer.json()
    except Changed:
        if answer.status == 200:
            raise
        body = None
    if answer.status == 200 and not isinstance(body, dict):
        raise Changed(f"{place} answered with JSON that is no object.", answer=answer.body)
    error = words(table(body).get("error"))
    return Reply(
        place=place,
        status=answer.status,
        word="" if answer.status == 200 or not _WORD.fullmatch(error) else error,
        message=words(table(body).get("message")),
        body=table(body),
        answer=answer.body,
    )


def base_address(access: Access, name: str) -> str:
    """One of the base addresses from the settings. Raises Refused when the settings leave it out."""
    found = access.addresses.get(name, "").rstrip("/")
    if not found:
        raise Refused(f"The settings give no address called {name!r} for Bluesky.")
    return found


def ask(wire: Wire, base: str, method: str, *, params: Fields | None = None, bearer: str = "") -> Reply:
    """One question (GET) to a server of the network."""
    return reply_to(wire.get(f"{base}/xrpc/{method}", params=params, bearer=bearer))


def ask_appview(wire: Wire, access: Access, method: str, params: Fields) -> Reply:
    """One question to the public AppView, with nobody's credential."""
    return ask(wire, base_address(access, "appview"), method, params=params)


def resolve(wire: Wire, access: Access, name: str) -> str:
    """The DID of a handle (a DID is given back as it is). Raises Refused when there is no such handle."""
    if is_did(name):
        return name
    handle = plain_handle(name)
    if not handle:
        raise Refused("This is not a Bluesky handle: one looks like name.bsky.social.", code="InvalidHandle")
    reply = ask_appview(wire, access, "com.atproto.identity.resolveHandle", {"handle": handle})
    if reply.status == 400:
        raise Refused("Bluesky knows no such handle: check how it is spelt.", code=reply.word)
    did = words(reply.checked().get("did"))
    if not is_did(did):
        raise Changed(f"{reply.place} resolved a handle to something that is no DID.", answer=reply.answer)
    return did


def home_of(wire: Wire, access: Access, did: str) -> str | None:
    """The address of the server that holds an account, as its DID document says; None when the DID was given up.

    Raises Refused when there is no such document or it names no server, TryLater when the directory is away.
    """
    kind, _, rest = did.removeprefix("did:").partition(":")
    if kind == "plc":
        address = f"{base_address(access, 'plc')}/{did}"
    elif kind == "web" and ":" not in rest:
        host = unquote(rest)
        scheme = "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
        address = f"{scheme}://{host}/.well-known/did.json"
    else:
        raise Refused("This account's id is of a kind we cannot look up.", code="UnknownDid")
    answer = wire.get(address)
    if answer.status == 410 and kind == "plc":
        return None
    return server_in(reply_to(answer).checked()) or _no_server()


def _no_server() -> str:
    raise Refused("This account's directory entry names no server.", code="NoServer")


def server_in(document: Mapping[str, object]) -> str:
    """The account server that a DID document names, "" when it names none."""
    for service in tables(document.get("service")):
        if words(service.get("id")).endswith("#atproto_pds"):
            found = take_apart(words(service.get("serviceEndpoint")))
            return f"{found.scheme}://{found.place}" if found is not None else ""
    return ""


@dataclass(frozen=True)
class Session:
    """A sign-in as the network gave it, and the server it is for."""

    did: str
    handle: str
    home: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


class Connection:
    """One account's signed-in talk with its own server. Signs in once, renews when told to, and says what to keep."""

    def __init__(self, wire: Wire, access: Access) -> None:
        self._wire = wire
        self._access = access
        self._session = _kept_session(access)
        self._saved = self._session

    @property
    def possible(self) -> bool:
        """Whether there is a credential to sign in with."""
        return self._session is not None or bool(self._access.secret)

    def session(self) -> Session:
        """The sign-in under way, made now if there is none. Raises as `get` does."""
        if self._session is None:
            self._session = self._sign_in()
        return self._session

    def to_keep(self) -> str:
        """What the caller should keep for next time, "" when nothing has changed since the last call."""
        if self._session is None or self._session == self._saved:
            return ""
        self._saved = self._session
        return json.dumps(asdict(self._session))

    def get(self, method: str, params: Fields) -> Reply:
        """One question in the account's name. Raises SignInNeeded when no sign-in can be had, else as the wire."""
        return self._signed(
            lambda session: ask(self._wire, session.home, method, params=params, bearer=session.access_token)
        )

    def post(self, method: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Reply:
        """One act in the account's name, sent again only when the server said that the token was stale."""
        return self._signed(
            lambda session: reply_to(
                self._wire.post(
                    f"{session.home}/xrpc/{method}", json=body, headers=headers, bearer=session.access_token
                )
            )
        )

    def _signed(self, call: Callable[[Session], Reply]) -> Reply:
        reply = call(self.session())
        if reply.word in _STALE:
            self._session = self._renew(self.session())
            reply = call(self._session)
        if reply.word in _STALE:
            self._session = self._sign_in()
            reply = call(self._session)
        return reply

    def _renew(self, session: Session) -> Session:
        address = f"{session.home}/xrpc/com.atproto.server.refreshSession"
        reply = reply_to(self._wire.post(address, bearer=session.refresh_token))
        if reply.status != 200:
            return self._sign_in()
        return self._opened(reply, home=session.home)

    def _sign_in(self) -> Session:
        access = self._access
        if not access.secret:
            raise SignInNeeded("Bluesky needs an app password for this account: add one in its settings.")
        entryway = base_address(access, "entryway")
        identifier = access.stable_id or plain_handle(access.handle)
        address = f"{entryway}/xrpc/com.atproto.server.createSession"
        # Asking twice does no harm: it opens one more session.
        answer = self._wire.post(address, json={"identifier": identifier, "password": access.secret}, idempotent=True)
        reply = reply_to(answer)
        if reply.word == "AuthFactorTokenRequired":
            raise SignInNeeded("Bluesky asks for a second factor: give an app password, not the account's own.")
        if reply.status == 401:
            raise SignInNeeded("Bluesky does not accept this app password: make a new one and enter it.")
        return self._opened(reply, home=access.addresses.get("pds", "").rstrip("/") or entryway)

    def _opened(self, reply: Reply, *, home: str) -> Session:
        body = reply.checked()
        texts = {name: words(body.get(name)) for name in ("did", "handle", "accessJwt", "refreshJwt")}
        if not is_did(texts["did"]) or not texts["accessJwt"] or not texts["refreshJwt"]:
            raise Changed(f"{reply.place} opened a session without an account or tokens.")
        if self._access.stable_id and texts["did"] != self._access.stable_id:
            raise SignInNeeded("This app password belongs to another Bluesky account.")
        named = "" if self._access.addresses.get("pds") else server_in(table(body.get("didDoc")))
        return Session(
            did=texts["did"],
            handle=texts["handle"],
            home=named or home,
            access_token=texts["accessJwt"],
            refresh_token=texts["refreshJwt"],
        )


def _kept_session(access: Access) -> Session | None:
    try:
        kept = Session(**{name: words(value) for name, value in table(json.loads(access.session)).items()})
    except (ValueError, TypeError, RecursionError):
        return None
    other = access.stable_id and kept.did != access.stable_id
    return None if other or not (is_did(kept.did) and take_apart(kept.home) and kept.access_token) else kept
