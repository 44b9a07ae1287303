"""Collects public comments on an account's own channel and on what was chosen, and videos that name somebody.

A comment's date is never a reason to stop: only a page known before is. Threads of the last weeks are looked over in
every scan all the same, because an answer does not move its thread up. Every call is paid for from the day's budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from platforms.reading import moment, tables, words
from platforms.shape import Access, Known, Page, Subject
from platforms.youtube.addressing import Place, is_channel, place_of, places_in
from platforms.youtube.comments import Thread, is_public, read_comment, read_thread
from platforms.youtube.quota import Clock
from platforms.youtube.scanning import Scan, State, begun
from platforms.youtube.searching import videos_naming
from platforms.youtube.talking import Line
from wire.errors import Changed, Refused, TryLater, WireError
from wire.http import Fields, Wire

PAGE = 100
_AS_TEXT: Fields = {"textFormat": "plainText", "maxResults": PAGE}
PAGES = 10
"""Pages of one list in one scan; what lies deeper is read in the next."""
FIRST_PAGES = 5
"""How far back the first scan of a list goes."""
REREAD_PAGES = 3
REREAD = timedelta(days=14)
"""Threads no older than this, on so many pages, are looked over for new answers in every scan."""
REPLY_PAGES = 10
MOST_MARKS = 600
"""Threads of one list that are remembered; far more than those pages hold."""

GONE = frozenset({"videoNotFound", "channelNotFound", "commentThreadNotFound", "commentNotFound", "notFound", "404"})
"""YouTube's words for what is not there."""

NOTHING_CHOSEN = "Neither a channel nor a chosen video is known for this account: only videos that name them are found."
NOT_A_PLACE = "One of the chosen addresses is no YouTube channel or video and is not read."
COMMENTS_OFF = "Comments are turned off under a chosen video or channel: there is nothing to read while they are."
NOT_THERE = "A chosen channel or video is not there any more, or not public."
MORE_WAITS = "There is more to read here than one scan takes; the next scan goes on from there."
MORE_REPLIES = "A comment has more answers than are read: the newest ones beyond 1,000 are not seen."


def mentions(
    wire: Wire, access: Access, subject: Subject, cursor: str, known: Known, *, clock: Clock
) -> Iterator[Page]:
    """Pages of comments where the account has its channel or chose to look, and of videos that name the subject.

    One list that fails does not stop the others; its error is raised at the end. Raises the four errors; TryLater
    also when the day's budget is used up, until it renews.
    """
    line = Line(wire, access, None, clock=clock)
    scan = begun(line, subject, cursor, known, now=clock())
    try:
        line.still_permitted()
        # What is kept before a call already counts it: a process that dies in between has spent it all the same.
        yield scan.page((), notes=line.warnings)
        for place in _places(scan, access):
            yield from _read(scan, place)
        yield from videos_naming(scan)
    except WireError as problem:
        scan.problem = problem
    yield scan.page((), ahead=False)
    if scan.problem is not None:
        raise scan.problem


def _places(scan: Scan, access: Access) -> list[Place]:
    """The subject's own channel and what was chosen, each once."""
    own = scan.subject.stable_id
    if not is_channel(own):
        named = place_of(f"@{scan.subject.handle.removeprefix('@')}") if scan.subject.handle else None
        own = named.channel if named else ""
    found = [Place(channel=own)] if own else []
    for _, place in places_in(access.address):
        if place is None:
            scan.note(NOT_A_PLACE)
        else:
            found.append(place)
    if not found:
        scan.note(NOTHING_CHOSEN)
    return list(dict.fromkeys(found))


def _read(scan: Scan, place: Place) -> Iterator[Page]:
    """The pages of one place. An error is noted for the end, unless it concerns every place alike."""
    try:
        if place.video:
            yield from _threads(scan, f"video:{place.video}", {"videoId": place.video})
        else:
            channel = place.channel if is_channel(place.channel) else resolve(scan.line, place.channel)
            yield from _threads(scan, f"channel:{channel}", {"allThreadsRelatedToChannelId": channel})
    except Refused as problem:
        if problem.code == "commentsDisabled":
            scan.note(COMMENTS_OFF)
        elif problem.code in GONE:
            scan.note(NOT_THERE)
        else:
            scan.problem = scan.problem or problem
    except TryLater as problem:
        # Once may be this list's own trouble; twice is the server's, and more waiting would only hold others up.
        if problem.rate_limited or isinstance(scan.problem, TryLater):
            raise
        scan.problem = scan.problem or problem
    except Changed as problem:
        scan.problem = scan.problem or problem
    yield scan.page(())


def resolve(line: Line, name: str) -> str:
    """The id of the channel that an @handle names. Raises Refused (code "channelNotFound") when there is none."""
    body = line.get("channels", {"part": "id", "forHandle": name})
    for item in tables(body.get("items")):
        if is_channel(words(item.get("id"))):
            return words(item.get("id"))
    raise Refused("YouTube has no channel of that name: check how it is spelt.", code="channelNotFound")


def _threads(scan: Scan, name: str, where: Mapping[str, str]) -> Iterator[Page]:
    state = scan.state(name)
    state.start(first_pages=FIRST_PAGES)
    pages = 0
    while state.waiting and pages < PAGES:
        body = _leaf(scan, state, where)
        token, pages = state.waiting[0], pages + 1
        threads, unreadable = _threads_in(body)
        fresh, known_before = scan.fresh([post for each in threads for post in each.posts])
        changed = [each for each in threads if each.mark != state.marks.get(each.key)]
        state.remember({each.key: each.mark for each in changed if each.whole}, most=MOST_MARKS)
        done = known_before and state.may_stop and not (pages < REREAD_PAGES and _recent(scan, threads))
        longer = [each for each in changed if not each.whole]
        if longer:
            # Should we stop half-way, this page is read again and not taken for one known before.
            state.half = token
            yield scan.page(fresh, unreadable=unreadable)
            fresh, unreadable = (), 0
            for each in longer:
                yield from _replies(scan, state, each)
        following = words(body.get("nextPageToken"))
        state.advance(following if following != token and not done else "")
        notes = (MORE_WAITS,) if state.waiting and pages == PAGES else ()
        yield scan.page(fresh, unreadable=unreadable, notes=notes)
    state.finish()


def _threads_in(body: Mapping[str, object]) -> tuple[list[Thread], int]:
    """The public threads of a page, and how many things in it could not be read."""
    items = tables(body.get("items"))
    read = [read_thread(each) for each in items if is_public(each)]
    threads = [each for each in read if each is not None]
    return threads, _broken(body, items) + read.count(None) + sum(each.unreadable for each in threads)


def _leaf(scan: Scan, state: State, where: Mapping[str, str]) -> Mapping[str, object]:
    """One page of threads. A place kept from an earlier scan may have lapsed; then all is read from the top again."""
    token = state.waiting[0]
    params: Fields = {"part": "snippet,replies", "order": "time", **_AS_TEXT, **where}
    try:
        return _checked(scan.line.get("commentThreads", {**params, "pageToken": token} if token else params))
    except Refused as problem:
        if not token or problem.code != "invalidPageToken":
            raise
        state.lapse()
        return _checked(scan.line.get("commentThreads", params))


def _replies(scan: Scan, state: State, thread: Thread) -> Iterator[Page]:
    """All answers of one thread: the list of threads holds a few of each only."""
    top, token = thread.top, ""
    channel, video = (top.parent_author, top.parent_id) if top else ("", "")
    for number in range(1, REPLY_PAGES + 1):
        params: Fields = {"part": "snippet", "parentId": thread.thread_id, **_AS_TEXT}
        try:
            body = _checked(scan.line.get("comments", {**params, "pageToken": token} if token else params))
        except Refused as problem:
            if problem.code not in GONE:
                raise
            body = {"items": []}  # deleted since the threads were listed
        items = tables(body.get("items"))
        read = [read_comment(each, channel=channel, video=video, parent=top) for each in items if is_public(each)]
        fresh, _ = scan.fresh([each for each in read if each is not None])
        following = words(body.get("nextPageToken"))
        more = bool(following) and following != token
        if not more or number == REPLY_PAGES:
            state.remember({thread.key: thread.mark}, most=MOST_MARKS)
        notes = (MORE_REPLIES,) if more and number == REPLY_PAGES else ()
        yield scan.page(fresh, unreadable=_broken(body, items) + read.count(None), notes=notes)
        if not more:
            return
        token = following


def _recent(scan: Scan, threads: list[Thread]) -> bool:
    """Whether the oldest thread of a page is young enough for new answers to be likely below it."""
    posted = [each for each in (moment(thread.posted) for thread in threads) if each is not None]
    return bool(posted) and scan.now - min(posted) < REREAD


def _checked(body: Mapping[str, object]) -> Mapping[str, object]:
    if not isinstance(body.get("items"), list):
        raise Changed("YouTube answered without a list of comments.")
    return body


def _broken(body: Mapping[str, object], items: tuple[Mapping[str, object], ...]) -> int:
    listed = body.get("items")
    return len(listed) - len(items) if isinstance(listed, list) else 0
