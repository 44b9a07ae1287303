"""Feeds over real HTTP to the simulated newspaper: reading politely, unwrapping, refusing harm, asking after pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platforms.feeds import FEEDS
from platforms.feeds.addressing import article_address
from platforms.feeds.documents import read_document
from platforms.shape import Access, Page, PostRef, Subject
from records.vocabulary import Presence
from wardkeeper.demo import feeds as paper_room
from wardkeeper.demo.feeds import Article, Newspaper, Standing, newspaper_app
from wardkeeper.demo.serving import Fault, FaultSwitch, Serving
from wire.errors import Changed, Refused, TryLater, WireError
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """The newspaper, a way to make it fail, and the wire."""

    paper: Newspaper
    faults: FaultSwitch
    wire: Wire

    def access(self, path: str = paper_room.RSS) -> Access:
        return Access(address=self.paper.base + path)

    def read(self, path: str = paper_room.RSS, *, cursor: str = "", access: Access | None = None) -> Page:
        assert FEEDS.mentions is not None
        found = FEEDS.mentions(self.wire, access or self.access(path), Subject(), cursor, lambda pairs: set())
        [page] = list(found)
        return page

    def look(self, url: str) -> Presence:
        assert FEEDS.look is not None
        return FEEDS.look(self.wire, Access(), PostRef(url, "v", url, "")).presence


@pytest.fixture
def world() -> Iterator[World]:
    with Serving(("paper",)) as serving, Wire(user_agent="Wardkeeper tests", admit_loopback=True) as wire:
        paper = Newspaper(base=serving.urls["paper"], clock=lambda: NOON, title="Harrow Bugle", alert_for="Ada Adeyemi")
        app, faults = newspaper_app(paper)
        serving.start({"paper": app})
        yield World(paper, faults, wire)


def article(world: World, *, shown_date: str | None = None) -> Article:
    return world.paper.publish("Library stays open", "Cllr Ada Adeyemi said 2 < 3 & smiled", shown_date=shown_date)


@pytest.mark.parametrize("path", [paper_room.RSS, paper_room.ATOM, paper_room.JSON_FEED])
def test_articles_are_read_from_every_kind_of_feed(world: World, path: str) -> None:
    written = article(world)
    [post] = world.read(path).posts
    assert post.text == "Library stays open\n\nCllr Ada Adeyemi said 2 < 3 & smiled"
    assert (post.url, post.posted_at) == (written.url, NOON)
    assert post.author_id
    assert post.raw


def test_a_comment_is_read_with_its_author_and_the_headline_it_stands_under(world: World) -> None:
    written = article(world)
    world.paper.comment(written, "Angry Reader", "She should be <ashamed> & gone")
    [post] = world.read(paper_room.COMMENTS).posts
    assert (post.text, post.parent_text) == ("She should be <ashamed> & gone", "Library stays open")
    assert post.author_handle == "Angry Reader"
    assert post.url == f"{written.url}#comment-1"


def test_an_alert_s_links_are_unwrapped_and_lose_their_trackers(world: World) -> None:
    written = article(world)
    world.paper.publish("Potholes", "Nothing about her")
    [post] = world.read(paper_room.ALERT).posts
    assert post.url == written.url
    assert post.external_id.startswith("tag:google.com,2013:googlealerts/feed:")
    assert post.text.startswith("Library stays open\n\nCllr Ada Adeyemi said")
    assert "<b>" not in post.text


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (
            "https://www.google.com/url?sa=t&url=https://example.org/story%3Fa%3D1&ct=ga",
            "https://example.org/story?a=1",
        ),
        ("https://www.google.co.uk/url?q=https://example.org/%23x&usg=1", "https://example.org/"),
        ("https://example.org/a?utm_source=x&id=7&fbclid=y&b=%20c", "https://example.org/a?id=7&b=%20c"),
        ("https://EXAMPLE.org/A/#comment-12", "https://example.org/A/#comment-12"),
        ("https://example.org/a#:~:text=hello", "https://example.org/a"),
        ("https://www.google.com/url?url=javascript:alert(1)", ""),
        (
            "https://www.google.evil.example/url?url=https://example.org/",
            "https://www.google.evil.example/url?url=https://example.org/",
        ),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_links_become_the_article_s_own_address(link: str, address: str) -> None:
    assert article_address(link) == address


def test_an_unchanged_feed_is_not_sent_twice(world: World) -> None:
    article(world)
    first = world.read()
    again = world.read(cursor=first.cursor)
    assert (again.posts, again.cursor) == ((), first.cursor)
    article(world)
    assert len(world.read(cursor=first.cursor).posts) == 2


def test_another_feed_s_cursor_is_not_believed(world: World) -> None:
    article(world)
    first = world.read(paper_room.RSS)
    kept = json.loads(first.cursor)
    assert len(world.read(paper_room.ATOM, cursor=json.dumps(kept)).posts) == 1


def test_an_edited_article_is_a_new_version_of_the_same_post(world: World) -> None:
    written = article(world)
    [before] = world.read().posts
    written.text = "Something else entirely"
    [after] = world.read().posts
    assert before.external_id == after.external_id
    assert before.version != after.version


def test_a_feed_that_moved_for_good_is_noted_and_read_at_its_new_place(world: World) -> None:
    article(world)
    access = world.access(paper_room.MOVED)
    page = world.read(access=access)
    assert len(page.posts) == 1
    assert "moved for good" in page.notes[0]
    assert world.paper.base not in page.cursor
    later = replace(access, session=page.session)
    world.faults.fail(Fault.ERROR, path=paper_room.MOVED)
    assert world.read(access=later, cursor=page.cursor).posts == ()
    assert len(world.read(access=later).posts) == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (paper_room.CLOSED, "closed this feed for good"),
        (paper_room.BOMB, "DOCTYPE"),
        (paper_room.FRONT_PAGE, "web page, not a feed"),
        ("/nowhere/secret-part-of-an-address", "no feed at this address"),
    ],
)
def test_what_is_no_feed_is_refused_in_plain_words_without_its_address(world: World, path: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as raised:
        world.read(path)
    assert path == "/" or path not in str(raised.value)


def test_an_overloaded_site_is_left_alone_as_long_as_it_asks(world: World) -> None:
    world.faults.fail(Fault.RATE_LIMITED)
    with pytest.raises(TryLater) as raised:
        world.read()
    assert raised.value.after == timedelta(seconds=120)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.MALFORMED, Fault.WRONG_TYPE])
def test_a_broken_answer_is_one_of_the_four_errors_or_what_could_be_read(world: World, fault: Fault) -> None:
    article(world)
    world.faults.fail(fault)
    said = ""
    try:
        world.read()
    except WireError as problem:
        said = problem.why
    assert "/feed/" not in said


@pytest.mark.parametrize("date", ["", "last Tuesday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 22 Nov 2999 10:00:00 GMT"])
def test_a_wrong_or_missing_date_is_no_date(world: World, date: str) -> None:
    article(world, shown_date=date)
    assert world.read().posts[0].posted_at is None


def test_identify_says_what_the_feed_calls_itself(world: World) -> None:
    assert FEEDS.identify is not None
    article(world)
    found = FEEDS.identify(world.wire, world.access())
    assert found.handle == "Harrow Bugle"
    assert paper_room.RSS not in found.stable_id
    with pytest.raises(Refused, match="not a web address"):
        FEEDS.identify(world.wire, Access(address="harrow bugle"))


@pytest.mark.parametrize(
    ("standing", "presence"),
    [
        (Standing.UP, Presence.UP),
        (Standing.NOT_FOUND, Presence.REMOVED_BY_PLATFORM),
        (Standing.GONE, Presence.REMOVED_BY_PLATFORM),
        (Standing.SOFT_404, Presence.UNKNOWN),
        (Standing.TO_FRONT_PAGE, Presence.UNKNOWN),
        (Standing.PAYWALL, Presence.PRIVATE_OR_BLOCKED),
        (Standing.FORBIDDEN, Presence.PRIVATE_OR_BLOCKED),
        (Standing.LEGAL, Presence.LIMITED_IN_UK),
    ],
)
def test_what_the_site_answers_for_a_page(world: World, standing: Standing, presence: Presence) -> None:
    written = article(world)
    written.standing = standing
    assert world.look(written.url) is presence


def test_a_comment_missing_from_a_page_that_is_up_is_not_called_gone(world: World) -> None:
    written = article(world)
    comment = world.paper.comment(written, "Angry Reader", "text")
    url = f"{written.url}#comment-{comment.number}"
    assert world.look(url) is Presence.UP
    comment.removed = True
    assert world.look(url) is Presence.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "presence"),
    [
        (Fault.UNAVAILABLE, Presence.UNKNOWN),
        (Fault.RATE_LIMITED, Presence.RATE_LIMITED),
        (Fault.WRONG_TYPE, Presence.UNKNOWN),
        (Fault.CUT, Presence.UNKNOWN),
    ],
)
def test_a_site_in_trouble_says_nothing_about_the_post(world: World, fault: Fault, presence: Presence) -> None:
    written = article(world)
    world.faults.fail(fault)
    assert world.look(written.url) is presence


def test_an_address_we_may_not_open_is_unknown(world: World) -> None:
    assert world.look("https://10.0.0.1/news/1/") is Presence.UNKNOWN
    assert world.look("not an address") is Presence.UNKNOWN


RSS = """<?xml version="1.0"{declaration}?>{before}<rss version="2.0"><channel><title>T</title><link>https://news.example/</link>
<item><title>{title}</title><guid isPermaLink="false">{guid}</guid><link>{link}</link></item></channel></rss>"""


def rss(*, declaration: str = "", before: str = "", title: str = "A", guid: str = "7", link: str = "/a") -> str:
    return RSS.format(declaration=declaration, before=before, title=title, guid=guid, link=link)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize(
    "before", ["<!DOCTYPE rss>", "\n<!-- > -->\n<!doctype rss [<!ENTITY x 'y'>]>", "<?x?><!DOCTYPE r>"]
)
def test_a_doctype_is_seen_in_every_encoding(encoding: str, before: str) -> None:
    with pytest.raises(Refused, match="DOCTYPE"):
        read_document(rss(before=before).encode(encoding), charset="", base="https://news.example/feed")


def test_an_exotic_charset_hides_nothing_from_us() -> None:
    hidden = rss(declaration=' encoding="utf-7"').replace("<rss", "+ADw-!DOCTYPE rss+AD4-<rss")
    found = read_document(hidden.encode(), charset="utf-7", base="https://news.example/feed")
    assert "DOCTYPE" not in "".join(entry.text for entry in found.entries)


@pytest.mark.parametrize(
    ("encoding", "name"), [("windows-1252", "windows-1252"), ("iso-8859-1", "ISO-8859-1"), ("utf-16", "utf-16")]
)
def test_the_feed_s_own_encoding_is_understood(encoding: str, name: str) -> None:
    body = rss(declaration=f' encoding="{name}"', title="Café £5").encode(encoding)
    [entry] = read_document(body, charset="", base="https://news.example/feed").entries
    assert (entry.text, entry.url) == ("Café £5", "https://news.example/a")


def test_a_doctype_inside_an_article_is_an_article_about_doctypes() -> None:
    body = rss(title="<![CDATA[How to write &lt;!DOCTYPE html&gt;]]>").encode()
    [entry] = read_document(body, charset="utf-8", base="https://news.example/feed").entries
    assert entry.text == "How to write <!DOCTYPE html>"


def test_a_bare_number_as_id_is_kept_apart_by_site(world: World) -> None:
    article(world)
    [post] = world.read(paper_room.JSON_FEED).posts
    assert post.external_id == f"{world.paper.base.removeprefix('http://')}:1-library-stays-open"


def test_entries_without_anything_to_read_or_to_point_at_are_counted() -> None:
    body = b"<rss version='2.0'><channel><item/><item><title>no link</title></item></channel></rss>"
    found = read_document(body, charset="", base="https://news.example/feed")
    assert (found.entries, found.unreadable) == ((), 2)


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
@example(b"/etc/passwd")
@example(b"{")
@example(b'{"version": "https://jsonfeed.org/version/1.1", "items": [1, {"id": 5, "url": 7}]}')
@example(b"[" * 100_000)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Refused, Changed):
        read_document(body, charset="", base="https://news.example/feed")


@given(
    st.integers(0, 400),
    st.binary(max_size=6),
    st.sampled_from([rss(), rss(title="&nbsp;&lt;b&gt;x"), rss(link="https://[")]),
)
def test_a_damaged_feed_is_read_or_refused(place: int, damage: bytes, whole: str) -> None:
    body = whole.encode()
    with suppress(Refused, Changed):
        read_document(body[:place] + damage + body[place + len(damage) :], charset="", base="https://news.example/feed")
