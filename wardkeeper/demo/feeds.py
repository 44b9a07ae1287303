"""A simulated local newspaper: articles with comments, their feeds, and a search engine's alert about them.

It serves what real sites serve, mistakes included, and contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from html import escape
from urllib.parse import quote
from xml.sax.saxutils import escape as xml

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.serving import FaultSwitch, Faulty

RSS = "/feed/"
COMMENTS = "/comments/feed/"
JSON_FEED = "/feed.json"
ATOM = "/atom.xml"
ALERT = "/alerts/feeds/00112233445566778899/12345678901234567890"
MOVED = "/rss.xml"
CLOSED = "/what-s-on/feed/"
BOMB = "/bomb.xml"
FRONT_PAGE = "/"
"""Paths on the newspaper's server: its feeds, one that moved for good, one that is closed, one built to harm."""

_BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/hostname">]>
<rss version="2.0"><channel><title>&c;</title><item><title>&d;</title><guid>1</guid></item></channel></rss>"""


class Standing(StrEnum):
    """What the site answers for an article's or comment's page."""

    UP = "up"
    NOT_FOUND = "404"
    GONE = "410"
    SOFT_404 = "soft 404"
    TO_FRONT_PAGE = "sends to the front page"
    PAYWALL = "402"
    FORBIDDEN = "403"
    LEGAL = "451"


@dataclass(eq=False)
class Comment:
    """A reader's comment under an article."""

    article: Article
    number: int
    author: str
    text: str
    at: datetime
    removed: bool = False


@dataclass(eq=False)
class Article:
    """An article with its comments. `shown_date` replaces its date in the feeds: sites get dates wrong."""

    server: Newspaper
    slug: str
    title: str
    text: str
    at: datetime
    standing: Standing = Standing.UP
    shown_date: str | None = None
    comments: list[Comment] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.server.base}/news/{self.slug}/"


class Newspaper:
    """The site at `base`. `clock` gives the time, in UTC. `alert_for`: the words the search engine's alert is about."""

    def __init__(self, *, base: str, clock: Callable[[], datetime], title: str, alert_for: str = "councillor") -> None:
        self.base = base
        self.clock = clock
        self.title = title
        self.alert_for = alert_for
        self.articles: list[Article] = []

    def publish(self, title: str, text: str, *, at: datetime | None = None, shown_date: str | None = None) -> Article:
        """A new article."""
        slug = f"{len(self.articles) + 1}-{'-'.join(each for each in title.lower().split() if each.isalnum())}"
        article = Article(self, slug, title, text, at or self.clock(), shown_date=shown_date)
        self.articles.append(article)
        return article

    def comment(self, article: Article, author: str, text: str, *, at: datetime | None = None) -> Comment:
        """A reader comments."""
        number = sum(len(each.comments) for each in self.articles) + 1
        comment = Comment(article, number, author, text, at or self.clock())
        article.comments.append(comment)
        return comment

    def comments(self) -> list[Comment]:
        """All comments that are up, newest first."""
        up = [each for article in self.articles for each in article.comments if not each.removed]
        return sorted(up, key=lambda each: each.at, reverse=True)

    def newest(self) -> list[Article]:
        """The twenty newest articles, newest first."""
        return sorted(self.articles, key=lambda each: each.at, reverse=True)[:20]


def newspaper_app(paper: Newspaper) -> tuple[ASGIApp, FaultSwitch]:
    """The site as an application, and the switch that makes it fail."""

    def feed(path: str) -> Callable[[Request], Awaitable[Response]]:
        kind, write = _DOCUMENTS[path]

        async def respond(request: Request) -> Response:
            return _conditional(request, write(paper).encode(), kind)

        return respond

    async def moved(request: Request) -> Response:
        return RedirectResponse(paper.base + RSS, status_code=301)

    async def closed(request: Request) -> Response:
        return HTMLResponse("<title>Gone</title>", status_code=410)

    async def bomb(request: Request) -> Response:
        return Response(_BOMB, media_type="application/rss+xml")

    async def front(request: Request) -> Response:
        return HTMLResponse(f"<!doctype html><html><title>{escape(paper.title)}</title><p>Today's news.</html>")

    async def article(request: Request) -> Response:
        return _page(paper, request.path_params["slug"])

    routes = [Route(path, feed(path)) for path in _DOCUMENTS]
    for path, answer in (
        (MOVED, moved),
        (CLOSED, closed),
        (BOMB, bomb),
        (FRONT_PAGE, front),
        ("/news/{slug}/", article),
    ):
        routes.append(Route(path, answer))
    switch = FaultSwitch(limit_headers=lambda: {"Retry-After": "120"}, error_body=lambda status: b"Service unavailable")
    return Faulty(Starlette(routes=routes), switch), switch


def _conditional(request: Request, body: bytes, kind: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, headers={"Content-Type": kind, "ETag": tag})


def _page(paper: Newspaper, slug: str) -> Response:
    article = next((each for each in paper.articles if each.slug == slug), None)
    standing = article.standing if article else Standing.NOT_FOUND
    if article is None or standing.value.isdigit():
        return HTMLResponse("<!doctype html><title>Sorry</title>", status_code=int(standing.value))
    if standing is Standing.TO_FRONT_PAGE:
        return RedirectResponse(paper.base + FRONT_PAGE, status_code=302)
    if standing is Standing.SOFT_404:
        return HTMLResponse(
            f"<!doctype html><html><title>Page not found | {escape(paper.title)}</title>Oh dear.</html>"
        )
    comments = "".join(
        f'<li id="comment-{each.number}"><b>{escape(each.author)}</b> <p>{escape(each.text)}</p></li>'
        for each in article.comments
        if not each.removed
    )
    return HTMLResponse(
        f"<!doctype html><html><head><title>{escape(article.title)} | {escape(paper.title)}</title></head>"
        f"<body><h1>{escape(article.title)}</h1><p>{escape(article.text)}</p><ol>{comments}</ol></body></html>"
    )


def _date(article: Article) -> str:
    return format_datetime(article.at) if article.shown_date is None else article.shown_date


def _rss(paper: Newspaper) -> str:
    items = "".join(
        f"<item><title>{xml(each.title)}</title><link>{each.url}?utm_source=rss&amp;utm_medium=feed</link>"
        f'<guid isPermaLink="false">{paper.base}/?p={number}</guid><pubDate>{_date(each)}</pubDate>'
        f"<description><![CDATA[<p>{escape(each.text, quote=False)}</p>]]></description></item>"
        for number, each in ((paper.articles.index(each) + 1, each) for each in paper.newest())
    )
    return _channel(paper, paper.title, items)


def _comments_rss(paper: Newspaper) -> str:
    items = "".join(
        f"<item><title>Comment on {xml(each.article.title)} by {xml(each.author)}</title>"
        f"<link>{each.article.url}#comment-{each.number}</link>"
        f"<dc:creator><![CDATA[{each.author}]]></dc:creator><pubDate>{format_datetime(each.at)}</pubDate>"
        f'<guid isPermaLink="false">{paper.base}/?p=0#comment-{each.number}</guid>'
        f"<description>{xml(each.text)}</description>"
        f"<content:encoded><![CDATA[<p>{escape(each.text, quote=False)}</p>]]></content:encoded></item>"
        for each in paper.comments()[:20]
    )
    return _channel(paper, f"Comments for {paper.title}", items)


def _channel(paper: Newspaper, title: str, items: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>{xml(title)}</title><link>{paper.base}</link>{items}</channel></rss>"
    )


def _atom(paper: Newspaper) -> str:
    entries = "".join(
        f"<entry><id>tag:{paper.title.lower().replace(' ', '')},2026:{each.slug}</id><title>{xml(each.title)}</title>"
        f'<link rel="alternate" href="/news/{each.slug}/"/><updated>{each.at.isoformat()}</updated>'
        f'<author><name>Newsroom</name></author><summary type="text">{xml(each.text)}</summary></entry>'
        for each in paper.newest()
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:paper</id><title>{xml(paper.title)}</title>{entries}</feed>'
    )


def _alert(paper: Newspaper) -> str:
    found = [each for each in paper.newest() if is_about(paper, each)]
    entries = "".join(_alert_entry(paper, each) for each in found)
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:idx="urn:atom-extension:indexing">'
        "<id>tag:google.com,2005:reader/user/00112233445566778899/state/com.google/alerts/12345678901234567890</id>"
        f"<title>Google Alert - {xml(paper.alert_for)}</title>{entries}</feed>"
    )


def is_about(paper: Newspaper, article: Article) -> bool:
    """Whether the alert's words stand in the article."""
    return paper.alert_for.lower() in f"{article.title} {article.text}".lower()


def _alert_entry(paper: Newspaper, article: Article) -> str:
    number = int(hashlib.sha256(article.url.encode()).hexdigest()[:15], 16)
    target = quote(f"{article.url}?utm_source=alert", safe="/:")
    link = f"https://www.google.com/url?rct=j&sa=t&url={target}&ct=ga&cd=CAIyGjA&usg=AOvVaw"
    words = escape(article.text, quote=False).replace(paper.alert_for, f"<b>{paper.alert_for}</b>")
    stamp = article.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<entry><id>tag:google.com,2013:googlealerts/feed:{number}</id><title type="html">'
        f'{xml(escape(article.title, quote=False))}</title><link href="{xml(link)}"></link>'
        f"<published>{stamp}</published><updated>{stamp}</updated>"
        f'<content type="html">{xml(words)}&amp;nbsp;...</content><author><name></name></author></entry>'
    )


def _json_feed(paper: Newspaper) -> str:
    items = [
        {
            "id": each.slug,
            "url": each.url,
            "title": each.title,
            "content_html": f"<p>{escape(each.text, quote=False)}</p>",
            "date_published": each.at.isoformat(),
            "authors": [{"name": "Newsroom"}],
        }
        for each in paper.newest()
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": paper.title, "items": items})


_DOCUMENTS: dict[str, tuple[str, Callable[[Newspaper], str]]] = {
    RSS: ("application/rss+xml; charset=UTF-8", _rss),
    COMMENTS: ("application/rss+xml; charset=UTF-8", _comments_rss),
    ATOM: ("application/atom+xml", _atom),
    ALERT: ("text/xml; charset=utf-8", _alert),
    JSON_FEED: ("application/feed+json", _json_feed),
}
