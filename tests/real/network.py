"""A real Bluesky network on loopback, and what its people and moderators do there, through its own public interface.

Nothing of the product is used here: this is the other side, which the product is checked against.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

PASSWORD = "hunter2-hunter2"
PATIENCE = 30.0
"""Seconds in which the network must have passed on what was done at one of its servers."""

_START = 180.0
_STOP = 30.0
_OZONE = "tools.ozone.moderation"
_POSTS = "app.bsky.feed.post"
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Member:
    """Somebody with an account there."""

    did: str
    handle: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Posted:
    """One version of a post as the account server took it."""

    uri: str
    cid: str

    @property
    def author(self) -> str:
        """The author's stable id."""
        return self.uri.split("/")[2]

    @property
    def key(self) -> str:
        """The key of its record."""
        return self.uri.split("/")[4]

    @property
    def ref(self) -> dict[str, str]:
        """The version, as other records and reports name it."""
        return {"uri": self.uri, "cid": self.cid}

    @property
    def subject(self) -> dict[str, str]:
        """The version, as moderators name it."""
        return {"$type": "com.atproto.repo.strongRef", **self.ref}


class Network:
    """The running network: its addresses, its planted people and posts, and every act the tests need of others."""

    def __init__(self, state: Json, client: httpx.Client) -> None:
        self.urls: Mapping[str, str] = state["urls"]
        self.labeler: str = state["ozoneDid"]
        self.members = {name: Member(one["did"], one["handle"], one["jwt"]) for name, one in state["users"].items()}
        self.planted = {key: Posted(one["uri"], one["cid"]) for key, one in state["posts"].items()}
        self._client = client

    @property
    def councillor(self) -> Member:
        """The councillor whom the planted posts are about."""
        return self.members["councillor"]

    def member(self, name: str) -> Member:
        """The account of that name, made on first use."""
        if name not in self.members:
            wanted = {"email": f"{name}@example.test", "handle": f"{name}.test", "password": PASSWORD}
            made = self.do("com.atproto.server.createAccount", wanted)
            self.members[name] = Member(made["did"], made["handle"], made["accessJwt"])
        return self.members[name]

    def app_password(self, name: str) -> str:
        """A new app password, without access to direct messages, as a councillor would make one."""
        wanted = {"name": f"wardkeeper {time.monotonic_ns()}"}
        made = self.do("com.atproto.server.createAppPassword", wanted, by=self.member(name))
        return str(made["password"])

    def post(
        self,
        name: str,
        text: str,
        *,
        reply_to: Posted | None = None,
        quoting: Posted | None = None,
        picture: str = "",
    ) -> Posted:
        """Post as `name`, and wait until the network shows it. `picture` is an image's alt text."""
        author = self.member(name)
        record: dict[str, Any] = {"$type": _POSTS, "text": text, "createdAt": _now(), "langs": ["en"]}
        if facets := self._facets(text):
            record["facets"] = facets
        if reply_to is not None:
            record["reply"] = {"root": reply_to.ref, "parent": reply_to.ref}
        if quoting is not None:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": quoting.ref}
        if picture:
            images = [{"image": self._picture(author), "alt": picture}]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        wanted = {"repo": author.did, "collection": _POSTS, "record": record}
        made = self.do("com.atproto.repo.createRecord", wanted, by=author)
        posted = Posted(made["uri"], made["cid"])
        self.wait(lambda: self.shows(posted), "the post was not shown")
        return posted

    def edit(self, posted: Posted, text: str, *, by: str) -> Posted:
        """Its author puts another text in a post's place; the new version."""
        author = self.member(by)
        record = {"$type": _POSTS, "text": text, "createdAt": _now(), "langs": ["en"], "facets": self._facets(text)}
        wanted = {"repo": author.did, "collection": _POSTS, "rkey": posted.key, "record": record}
        edited = Posted(posted.uri, self.do("com.atproto.repo.putRecord", wanted, by=author)["cid"])
        self.wait(lambda: self._views(posted)[0]["cid"] == edited.cid, "the new version was not shown")
        return edited

    def delete(self, posted: Posted, *, by: str) -> None:
        """Its author deletes a post."""
        author = self.member(by)
        self.do(
            "com.atproto.repo.deleteRecord",
            {"repo": author.did, "collection": _POSTS, "rkey": posted.key},
            by=author,
        )
        self.wait(lambda: not self.shows(posted), "the deleted post was still shown")

    def block_councillor(self, posted: Posted, *, by: str) -> None:
        """`by`, who wrote `posted`, blocks the councillor, who no longer sees it."""
        author = self.member(by)
        record = {"$type": "app.bsky.graph.block", "subject": self.councillor.did, "createdAt": _now()}
        wanted = {"repo": author.did, "collection": "app.bsky.graph.block", "record": record}
        self.do("com.atproto.repo.createRecord", wanted, by=author)
        self.wait(lambda: not self.shows(posted, to=self.councillor), "the councillor still saw who had blocked them")

    def deactivate(self, posted: Posted, *, by: str) -> None:
        """`by`, who wrote `posted`, deactivates the account."""
        self.do("com.atproto.server.deactivateAccount", {}, by=self.member(by))
        self.wait(lambda: not self.shows(posted), "the post of a deactivated account was still shown")

    def take_down(self, posted: Posted) -> None:
        """The network's moderators take one post down."""
        self.moderate("modEventTakedown", posted.subject)
        self.wait(lambda: not self.shows(posted), "the post taken down was still shown")

    def put_back(self, posted: Posted) -> None:
        """The moderators reverse it."""
        self.moderate("modEventReverseTakedown", posted.subject)
        self.wait(lambda: self.shows(posted), "the post put back was not shown")

    def suspend_author(self, posted: Posted) -> None:
        """The moderators take the whole account down."""
        self.moderate("modEventTakedown", {"$type": "com.atproto.admin.defs#repoRef", "did": posted.author})
        self.wait(lambda: not self.shows(posted), "the post of a suspended account was still shown")

    def label(self, posted: Posted, value: str) -> None:
        """The moderators put a label on a post and leave it up."""
        self.moderate("modEventLabel", posted.subject, createLabelVals=[value], negateLabelVals=[])
        self.wait(lambda: bool(self._views(posted)[0]["labels"]), "the label was not shown")

    def moderate(self, event: str, subject: Json, **details: object) -> None:
        """One act of a moderator."""
        moderator = self.members["mod"]
        body = {
            "event": {"$type": f"{_OZONE}.defs#{event}", **details},
            "subject": subject,
            "createdBy": moderator.did,
        }
        self.do(f"{_OZONE}.emitEvent", body, by=moderator, headers=self._to_moderators)

    def reports(self, posted: Posted) -> list[Json]:
        """Every report the moderators have on any version of a post, oldest first."""
        question = {"subject": posted.uri, "types": f"{_OZONE}.defs#modEventReport", "limit": 100}
        found = self.ask(f"{_OZONE}.queryEvents", question, by=self.members["mod"], headers=self._to_moderators)
        return sorted(found["events"], key=lambda event: event["id"])

    def shows(self, posted: Posted, *, to: Member | None = None) -> bool:
        """Whether the network shows a post to the public, or to one signed-in member."""
        return bool(self._views(posted, to=to))

    def ask(self, method: str, question: Json, *, by: Member | None = None, headers: Json | None = None) -> Any:
        """One question, to the public AppView or, signed in, to the member's own server."""
        base = self.urls["appview" if by is None else "pds"]
        answer = self._client.get(f"{base}/xrpc/{method}", params=question, headers=_signed(by, headers))
        assert answer.status_code == 200, f"{method}: {answer.status_code} {answer.text}"
        return answer.json()

    def do(self, method: str, body: Json, *, by: Member | None = None, headers: Json | None = None) -> Any:
        """One act at the account server."""
        answer = self.attempt(method, body, by=by, headers=headers)
        assert answer.status_code == 200, f"{method}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def attempt(
        self, method: str, body: Json, *, by: Member | None = None, headers: Json | None = None
    ) -> httpx.Response:
        """The same, with whatever the server says to it."""
        return self._client.post(f"{self.urls['pds']}/xrpc/{method}", json=body, headers=_signed(by, headers))

    def wait(self, until: Callable[[], bool], otherwise: str) -> None:
        """Wait for the network to catch up with what was done; fails the test, saying what did not happen."""
        end = time.monotonic() + PATIENCE
        while not until():
            assert time.monotonic() < end, otherwise
            time.sleep(0.1)

    @property
    def _to_moderators(self) -> Json:
        return {"atproto-proxy": f"{self.labeler}#atproto_labeler"}

    def _views(self, posted: Posted, *, to: Member | None = None) -> Sequence[Json]:
        views: Sequence[Json] = self.ask("app.bsky.feed.getPosts", {"uris": posted.uri}, by=to)["posts"]
        return views

    def _picture(self, author: Member) -> Json:
        headers = {"Content-Type": "image/png", **_signed(author, None)}
        answer = self._client.post(
            f"{self.urls['pds']}/xrpc/com.atproto.repo.uploadBlob", content=_PNG, headers=headers
        )
        blob: Json = answer.json()["blob"]
        return blob

    def _facets(self, text: str) -> list[Json]:
        """Mentions as the app writes them: by bytes, not letters."""
        found: list[Json] = []
        for match in re.finditer(r"@([a-z0-9]+)\.test", text):
            start = len(text[: match.start()].encode())
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.member(match[1]).did}
            index = {"byteStart": start, "byteEnd": start + len(match[0])}
            found.append({"index": index, "features": [feature]})
        return found


def _signed(by: Member | None, headers: Json | None) -> dict[str, str]:
    return {**(headers or {}), **({"Authorization": f"Bearer {by.token}"} if by else {})}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def running(rig: Path, state: Path) -> Iterator[Network]:
    """Start the network set up in the folder `rig`, its state and logs in `state`, and stop it afterwards.

    The account server's own limits on how often it may be asked are in force.
    """
    node = rig / "node22/node_modules/node/bin/node"
    if not node.is_file() or not (rig / "node_modules").is_dir():
        pytest.fail(f"{rig} is not a network that has been set up: run its setup.sh first")
    state.mkdir(parents=True, exist_ok=True)
    with (state / "log").open("wb") as log:
        command = ["env", "RIG_RATE_LIMITS=1", str(node), "bsky_net.mjs", str(state)]
        process = subprocess.Popen(command, cwd=rig, stdout=log, stderr=log, start_new_session=True)
        try:
            _await_start(process, state)
            limits = httpx.Timeout(60.0)
            with httpx.Client(timeout=limits, trust_env=False) as client:
                yield Network(json.loads((state / "state.json").read_text(encoding="utf-8")), client)
        finally:
            _stop(process)


def _await_start(process: subprocess.Popen[bytes], state: Path) -> None:
    end = time.monotonic() + _START
    while b"READY" not in (state / "log").read_bytes():
        if process.poll() is not None or time.monotonic() > end:
            said = (state / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
            pytest.fail(f"the network did not start; is one running already, on the same ports?\n{said}")
        time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        # Its databases are its children, in the session of their own that it was started in.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
