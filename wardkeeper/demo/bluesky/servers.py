"""The HTTP side of the simulated Bluesky network: account servers, AppView and directory, in their own words.

Errors carry the network's names (a missing thing is 400 there); it contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import regex  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.bluesky import views
from wardkeeper.demo.bluesky.network import Json, Network, Person, ReceivedReport, stamp
from wardkeeper.demo.serving import FaultSwitch, Faulty

ROLES = ("pds", "elsewhere", "appview", "plc")
"""The entryway with its accounts, a second account server, the AppView, and the directory."""

_SIGN_INS = 30
_SIGN_INS_WITHIN = timedelta(minutes=5)
_PROXY = re.compile(r"(did:[a-z]+:[^#\s]+)#([A-Za-z_]+)")
_OLD_REASONS = {
    "Violence": "Violation",
    "Rule": "Violation",
    "SelfHarm": "Violation",
    "ChildSafety": "Violation",
    "Harassment": "Rude",
    "Misleading": "Misleading",
    "Sexual": "Sexual",
}


class Fault(Exception):
    """An error as the network answers it: status, error word, message."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(word)
        self.status, self.word, self.message = status, word, message


@dataclass(frozen=True)
class Ask:
    """One request as a method sees it; `viewer` is the DID of whoever is signed in, "" for nobody."""

    network: Network
    role: str
    urls: Mapping[str, str]
    request: Request
    body: Json
    viewer: str

    def one(self, name: str) -> str:
        """A required parameter."""
        value = self.request.query_params.get(name, "")
        if not value:
            raise Fault(400, "InvalidRequest", f'Error: Params must have the property "{name}"')
        return value


Method = Callable[[Ask], Json]


def error_body(status: int) -> bytes:
    """What this network answers with an overload or a fault."""
    word = {429: "RateLimitExceeded", 502: "UpstreamFailure", 503: "NotEnoughResources"}.get(status)
    return json.dumps({"error": word or "InternalServerError", "message": "the simulated server was told to"}).encode()


def app(network: Network, role: str, urls: Mapping[str, str], faults: FaultSwitch) -> ASGIApp:
    """The server in this role."""

    async def answer(request: Request) -> Response:
        raw = await request.body()
        name = request.path_params.get("method", "directory")
        with network.lock:
            network.asked[name] += 1
            network.moderate()
            try:
                methods = _METHODS[role]
                if name not in methods:
                    raise Fault(501, "MethodNotImplemented", "Method Not Implemented")
                ask = Ask(network, role, urls, request, _json(raw), _viewer(network, request, name))
                return Response(json.dumps(methods[name](ask)), media_type="application/json")
            except Fault as fault:
                headers = faults.limit_headers() if fault.status == 429 else {}
                content = {"error": fault.word, "message": fault.message}
                return JSONResponse(content, status_code=fault.status, headers=headers)

    path = "/{did:path}" if role == "plc" else "/xrpc/{method}"
    return Faulty(Starlette(routes=[Route(path, answer, methods=["GET", "POST"])]), faults)


def _json(raw: bytes) -> Json:
    try:
        found = json.loads(raw or b"{}")
    except ValueError:
        raise Fault(400, "InvalidRequest", "Unable to parse request body") from None
    return found if isinstance(found, dict) else {}


def _viewer(network: Network, request: Request, method: str) -> str:
    """Who is signed in, by the token. Raises the network's own errors for a token that is no good."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer":
        return ""
    token = network.tokens.get(text)
    wanted = "refresh" if method.endswith("refreshSession") else "access"
    if token is None:
        raise Fault(400, "InvalidToken", "Token could not be verified")
    if token.kind != wanted:
        raise Fault(400, "InvalidToken", "Bad token scope")
    if token.until <= network.clock():
        raise Fault(400, "ExpiredToken", "Token has expired")
    return token.did


def _signed_in(ask: Ask) -> Person:
    if not ask.viewer:
        raise Fault(401, "AuthMissing", "Authentication Required")
    return ask.network.people[ask.viewer]


def _create_session(ask: Ask) -> Json:
    network, now = ask.network, ask.network.clock()
    identifier, password = str(ask.body.get("identifier", "")).lower(), str(ask.body.get("password", ""))
    recent = [who for who, when in network.sign_ins if who == identifier and when > now - _SIGN_INS_WITHIN]
    if len(recent) >= _SIGN_INS:
        raise Fault(429, "RateLimitExceeded", "Rate Limit Exceeded")
    network.sign_ins.append((identifier, now))
    for person in network.people.values():
        if identifier in (person.handle, person.did) and person.password and person.password == password:
            if person.status == "takendown":
                raise Fault(401, "AccountTakedown", "Account has been taken down")
            return _session(ask, person)
    raise Fault(401, "AuthenticationRequired", "Invalid identifier or password")


def _refresh_session(ask: Ask) -> Json:
    person = _signed_in(ask)
    if "content-type" in ask.request.headers:
        raise Fault(400, "InvalidRequest", "A request body was provided when none was expected")
    del ask.network.tokens[ask.request.headers["authorization"].partition(" ")[2]]
    return _session(ask, person)


def _session(ask: Ask, person: Person) -> Json:
    return {
        "did": person.did,
        "handle": person.handle,
        "didDoc": _document(ask, person),
        "accessJwt": ask.network.new_token(person.did, "access"),
        "refreshJwt": ask.network.new_token(person.did, "refresh"),
        "active": person.status == "active",
    }


def _get_session(ask: Ask) -> Json:
    person = _signed_in(ask)
    return {"did": person.did, "handle": person.handle, "active": person.status == "active"}


def _describe_server(ask: Ask) -> Json:
    return {"did": "did:web:pds.wardkeeper.example", "availableUserDomains": [".example"]}


def _document(ask: Ask, person: Person) -> Json:
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": ask.urls[person.home]}
    return {"id": person.did, "alsoKnownAs": [f"at://{person.handle}"], "service": [service]}


def _directory(ask: Ask) -> Json:
    did = ask.request.path_params["did"]
    person = ask.network.people.get(did)
    if person is None:
        raise Fault(404, "NotFound", f"DID not registered: {did}")
    if person.status == "deleted":
        raise Fault(410, "NotFound", f"DID not available: {did}")
    return _document(ask, person)


def _resolve_handle(ask: Ask) -> Json:
    handle = ask.one("handle")
    for person in ask.network.people.values():
        if person.handle == handle and person.status != "deleted":
            return {"did": person.did}
    raise Fault(400, "InvalidRequest", "Unable to resolve handle")


def _local(ask: Ask, did: str) -> Person:
    person = ask.network.people.get(did)
    if person is None or person.home != ask.role or person.status == "deleted":
        raise Fault(400, "RepoNotFound", f"Could not find repo for DID: {did}")
    return person


def _get_record(ask: Ask) -> Json:
    uri = f"at://{ask.one('repo')}/{ask.one('collection')}/{ask.one('rkey')}"
    person = ask.network.people.get(ask.one("repo"))
    post = ask.network.posts.get(uri)
    local = person is not None and person.home == ask.role and person.status == "active"
    if post is None or post.deleted or not local:
        raise Fault(400, "RecordNotFound", f"Could not locate record: {uri}")
    return {"uri": uri, "cid": post.cid, "value": post.value}


def _get_repo_status(ask: Ask) -> Json:
    person = _local(ask, ask.one("did"))
    if person.status == "active":
        return {"did": person.did, "active": True, "rev": "3simulated2rev"}
    return {"did": person.did, "active": False, "status": person.status}


def _create_report(ask: Ask) -> Json:
    person = _signed_in(ask)
    _check_proxy(ask)
    body, network = ask.body, ask.network
    reason_type, reason, subject = body.get("reasonType"), body.get("reason", ""), body.get("subject")
    if not isinstance(reason_type, str) or not isinstance(reason, str) or not isinstance(subject, dict):
        raise Fault(400, "InvalidRequest", 'Input must have the properties "reasonType" and "subject"')
    if len(regex.findall(r"\X", reason)) > 2000 or len(reason.encode()) > 20_000:
        raise Fault(400, "InvalidRequest", "Input/reason must not be longer than 2000 graphemes")
    needed = {"com.atproto.repo.strongRef": ("uri", "cid"), "com.atproto.admin.defs#repoRef": ("did",)}
    kind = str(subject.get("$type"))
    if kind not in needed or not all(isinstance(subject.get(name), str) for name in needed[kind]):
        raise Fault(400, "InvalidRequest", "Invalid subject")
    if not _accepts(network, reason_type):
        raise Fault(400, "InvalidRequest", f"Invalid reason type: {reason_type}")
    if person.status == "takendown":
        raise Fault(403, "AccountTakedown", "Report not accepted from takendown account")
    tool = body.get("modTool")
    report = ReceivedReport(
        id=len(network.reports) + 1,
        reason_type=reason_type,
        reason=reason,
        subject=subject,
        reported_by=person.did,
        created_at=network.clock(),
        tool=str(tool.get("name", "")) if isinstance(tool, dict) else "",
    )
    network.reports.append(report)
    kept = {"reasonType": reason_type, "reason": reason, "subject": subject}
    return {"id": report.id, **kept, "reportedBy": person.did, "createdAt": stamp(report.created_at)}


def _check_proxy(ask: Ask) -> None:
    match = _PROXY.fullmatch(ask.request.headers.get("atproto-proxy", ""))
    if match is None:
        raise Fault(400, "InvalidRequest", "no service id specified in proxy header")
    if match[1] != ask.network.labeler:
        raise Fault(400, "InvalidRequest", "could not resolve proxy did")
    if match[2] != "atproto_labeler":
        raise Fault(400, "InvalidRequest", "could not resolve proxy did service url")


def _accepts(network: Network, reason_type: str) -> bool:
    """As the moderators' server decides: what it lists, or what an old word that it lists stands for."""
    if not network.reason_types or reason_type in network.reason_types:
        return True
    word = reason_type.partition("#reason")[2]
    old = {"MisleadingSpam": "Spam", "Other": "Other"}.get(word) or next(
        (old for new, old in _OLD_REASONS.items() if word.startswith(new)), ""
    )
    return f"com.atproto.moderation.defs#reason{old}" in network.reason_types


def _appview(method: Callable[[views.Look], Json]) -> Method:
    """A method of the AppView, which account servers pass on for whoever is signed in there."""

    def call(ask: Ask) -> Json:
        if ask.role == "pds":
            _signed_in(ask)
        try:
            return method(views.Look(ask.network, ask.request.query_params, ask.viewer))
        except views.Unanswerable as problem:
            raise Fault(problem.status, problem.word, problem.message) from None

    return call


_FEED: Mapping[str, Method] = {
    "app.bsky.feed.searchPosts": _appview(views.search_posts),
    "app.bsky.feed.getPosts": _appview(views.get_posts),
    "app.bsky.notification.listNotifications": _appview(views.list_notifications),
    "app.bsky.actor.getProfile": _appview(views.get_profile),
    "app.bsky.labeler.getServices": _appview(views.get_services),
}
_ACCOUNTS: Mapping[str, Method] = {
    "com.atproto.server.createSession": _create_session,
    "com.atproto.server.refreshSession": _refresh_session,
    "com.atproto.server.getSession": _get_session,
    "com.atproto.server.describeServer": _describe_server,
    "com.atproto.identity.resolveHandle": _resolve_handle,
    "com.atproto.repo.getRecord": _get_record,
    "com.atproto.sync.getRepoStatus": _get_repo_status,
    "com.atproto.moderation.createReport": _create_report,
}
_METHODS: Mapping[str, Mapping[str, Method]] = {
    "pds": {**_ACCOUNTS, **_FEED},
    "elsewhere": _ACCOUNTS,
    "appview": {**_FEED, "com.atproto.identity.resolveHandle": _resolve_handle},
    "plc": {"directory": _directory},
}
