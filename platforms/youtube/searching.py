"""Finds videos that name somebody: one search a day for all their names, because a day has a hundred searches only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from platforms.reading import moment, table, tables, words
from platforms.shape import Page, Subject
from platforms.youtube.addressing import is_video
from platforms.youtube.comments import read_video, short
from platforms.youtube.quota import SEARCHES
from platforms.youtube.scanning import Scan
from wire.errors import Changed, Refused, TryLater
from wire.http import Fields

RESULTS = 50
PAGES = 2
FIRST_LOOK = timedelta(days=30)
OVERLAP = timedelta(days=7)
"""A search looks so far behind the last one: videos are found some time after they are published."""

NO_SEARCHES_LEFT = "The day's YouTube searches are used up: videos that name them are looked for again tomorrow."
NO_SEARCH = "YouTube refused the search for videos that name them: such videos are not seen."
MORE_VIDEOS = "More videos name them than one search hands out: only the newest 100 are seen."


def videos_naming(scan: Scan) -> Iterator[Page]:
    """Pages of videos whose title or description names the subject. Raises TryLater, SignInNeeded or Changed."""
    query = _query(scan.subject)
    mark = f"{scan.line.purse.day} {short(query)}"
    if not query or scan.searched == mark:
        return
    since, token = moment(scan.since) or scan.now - FIRST_LOOK, ""
    for number in range(1, PAGES + 1):
        if not scan.line.purse.left(SEARCHES):
            scan.note(NO_SEARCHES_LEFT)
            return
        try:
            page, token = _page(scan, query, since=since, token=token)
        except TryLater as problem:
            if not problem.rate_limited or scan.line.purse.left(SEARCHES):
                raise
            scan.note(NO_SEARCHES_LEFT)
            return
        except Refused:
            scan.note(NO_SEARCH)
            return
        over = not token
        if over or number == PAGES:
            scan.searched, scan.since = mark, (scan.now - OVERLAP).isoformat()
        yield scan.page(page.posts, unreadable=page.unreadable, notes=() if over or number < PAGES else (MORE_VIDEOS,))
        if over:
            return


def _page(scan: Scan, query: str, *, since: datetime, token: str) -> tuple[Page, str]:
    """The videos of one page of results, in their full wording, and the token of the next page."""
    params: Fields = {
        "part": "snippet",
        "type": "video",
        "q": query,
        "order": "date",
        "publishedAfter": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "regionCode": "GB",
        "safeSearch": "none",
        "maxResults": RESULTS,
        **({"pageToken": token} if token else {}),
    }
    body = scan.line.get("search", params, kind=SEARCHES)
    if not isinstance(body.get("items"), list):
        raise Changed("YouTube answered a search without a list.")
    found = [words(table(each.get("id")).get("videoId")) for each in tables(body.get("items"))]
    ids = list(dict.fromkeys(each for each in found if is_video(each)))
    if not ids:
        return Page((), ""), words(body.get("nextPageToken"))
    # A search result cuts the description short and writes it in HTML.
    items = tables(scan.line.get("videos", {"part": "snippet", "id": ",".join(ids)}).get("items"))
    read = [read_video(each) for each in items]
    fresh, _ = scan.fresh([each for each in read if each is not None])
    return Page(fresh, "", unreadable=read.count(None)), words(body.get("nextPageToken"))


def _query(subject: Subject) -> str:
    """All names and hashtags, any of which will do; a bar between words means "or"."""
    names = [f'"{name}"' for name in (_plain(each) for each in subject.names) if name]
    tags = [f"#{tag}" for tag in (_plain(each).lstrip("#") for each in subject.hashtags) if tag]
    return "|".join(dict.fromkeys([*names, *tags]))


def _plain(term: str) -> str:
    return " ".join(term.replace('"', " ").replace("|", " ").split())
