"""One scan of YouTube under way, and where to go on should it stop. It asks nothing itself.

The cursor holds places in lists and fingerprints, never the id of anybody's comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from platforms.reading import table, words
from platforms.shape import Found, Known, Page, Subject
from platforms.youtube.comments import short
from platforms.youtube.talking import Line, loaded
from wire.errors import WireError


@dataclass
class State:
    """How far one list has been read: `waiting` are the places to go on from ("" is the top), nearest first.

    `left` counts the pages that the first scan still goes back (None: it is over). `half` is the place of a page whose
    longer conversations are still being read. `deep`: read on past known pages, because a place to go on from has
    lapsed. `marks` are threads as last read, by fingerprint.
    """

    waiting: list[str] = field(default_factory=list)
    left: int | None = None
    half: str | None = None
    deep: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    begun: bool = False

    @property
    def may_stop(self) -> bool:
        """Whether a page known before is a reason to stop at the place being read."""
        return self.left is None and not self.deep and (self.half is None or self.half != self.waiting[0])

    def start(self, *, first_pages: int) -> None:
        """Begin a scan: at the top, unless the first one is not over."""
        if not self.begun:
            self.begun, self.waiting, self.left = True, [""], first_pages
        elif self.left is None:
            self.waiting = ["", *(each for each in self.waiting if each and not self.deep)]

    def advance(self, following: str) -> None:
        """One page has been read; `following` is where it goes on, "" where it need not."""
        self.half = None if self.half == self.waiting[0] else self.half
        self.waiting.pop(0)
        if following:
            self.waiting.insert(0, following)
        if self.left is not None:
            self.left -= 1
            if self.left <= 0 or not self.waiting:
                # A list's whole history is not wanted.
                self.left, self.waiting = None, []

    def lapse(self) -> None:
        """YouTube no longer knows the place to go on from."""
        self.waiting, self.left, self.half, self.deep = [""], None, None, True

    def finish(self) -> None:
        """The scan has read what it may of this list."""
        if self.deep:
            self.deep, self.waiting = False, []

    def remember(self, marks: Mapping[str, str], *, most: int) -> None:
        """Keep threads as they were read; the longest unchanged are forgotten first."""
        for key, mark in marks.items():
            self.marks.pop(key, None)
            self.marks[key] = mark
        for key in list(self.marks)[:-most]:
            del self.marks[key]

    def kept(self) -> Mapping[str, object]:
        """For the cursor."""
        places = {"waiting": self.waiting, "left": self.left, "half": self.half, "deep": self.deep}
        return {**places, "marks": self.marks}


@dataclass
class Scan:
    """What must be known within a scan; `states` and `searched` last from one to the next.

    `searched` is the day in California of the last search with a fingerprint of what was looked for, `since` how far
    back the next search looks. `seen` are the versions of this scan: a page of them is not a page known before it.
    """

    line: Line
    subject: Subject
    known: Known
    now: datetime
    states: dict[str, State] = field(default_factory=dict)
    searched: str = ""
    since: str = ""
    seen: set[tuple[str, str]] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    problem: WireError | None = None

    def state(self, name: str) -> State:
        """How far the list of that name has been read."""
        return self.states.setdefault(short(name), State())

    def note(self, sentence: str) -> None:
        """Say it with the next page."""
        self.noted.add(sentence)

    def fresh(self, posts: Iterable[Found]) -> tuple[tuple[Found, ...], bool]:
        """Posts by others that this scan has not handed out, each version once; and whether all were held before."""
        others = [post for post in posts if not self._by_subject(post)]
        pairs = {(post.external_id, post.version): post for post in others}
        held = self.known(list(pairs)) if pairs else set()
        new = {pair: post for pair, post in pairs.items() if pair not in self.seen and pair not in held}
        known_before = bool(pairs) and self.seen.isdisjoint(pairs) and held >= set(pairs)
        self.seen.update(new)
        return tuple(new.values()), known_before

    def page(
        self, posts: tuple[Found, ...], *, unreadable: int = 0, notes: tuple[str, ...] = (), ahead: bool = True
    ) -> Page:
        """A page of findings. `ahead`: another call follows before the next page."""
        said, self.noted = (*sorted(self.noted), *notes), set()
        session = self.line.to_keep(ahead=ahead)
        return Page(posts, self.cursor(), session, unreadable, said, self.line.purse.allowances())

    def cursor(self) -> str:
        """All that the next scan needs, or this one after a crash."""
        lists = {name: state.kept() for name, state in self.states.items()}
        return json.dumps({"lists": lists, "searched": self.searched, "since": self.since})

    def _by_subject(self, post: Found) -> bool:
        ours = self.subject.handle.removeprefix("@").lower()
        if self.subject.stable_id and post.author_id:
            return post.author_id == self.subject.stable_id
        return bool(ours) and post.author_handle.lower() == ours


def begun(line: Line, subject: Subject, cursor: str, known: Known, *, now: datetime) -> Scan:
    """The scan set to where the last one stopped. A cursor that cannot be read means starting afresh."""
    kept = loaded(cursor)
    scan = Scan(line, subject, known, now, searched=words(kept.get("searched")), since=words(kept.get("since")))
    for name, value in table(kept.get("lists")).items():
        scan.states[name] = _state(table(value))
    return scan


def _state(kept: Mapping[str, object]) -> State:
    waiting, left, half = kept.get("waiting"), kept.get("left"), kept.get("half")
    return State(
        waiting=[words(each) for each in waiting if isinstance(each, str)] if isinstance(waiting, list) else [],
        left=left if isinstance(left, int) and left > 0 else None,
        half=half if isinstance(half, str) else None,
        deep=kept.get("deep") is True,
        marks={key: mark for key, mark in table(kept.get("marks")).items() if isinstance(mark, str)},
        begun=True,
    )
