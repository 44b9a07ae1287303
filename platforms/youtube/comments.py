"""Reads one comment, thread or video as YouTube's Data API answers it. Comments that are not published stay unread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from platforms.plain_text import tidy
from platforms.reading import moment, table, tables, words
from platforms.shape import Found
from platforms.youtube.addressing import comment_url, is_channel, is_comment, is_video, video_url

Item = Mapping[str, object]


@dataclass(frozen=True)
class Thread:
    """A comment with the answers that came along: `replies` of `total`; `mark` changes when any of it does.

    `unreadable` counts what was skipped because its shape was wrong; `top` is None when that is the comment itself.
    """

    thread_id: str
    top: Found | None
    replies: tuple[Found, ...]
    total: int
    mark: str
    posted: str
    unreadable: int

    @property
    def whole(self) -> bool:
        """Whether all answers came along: of many, YouTube hands out a few only."""
        return self.total <= len(self.replies)

    @property
    def posts(self) -> tuple[Found, ...]:
        """The comment and the answers that came along."""
        return (self.top, *self.replies) if self.top else self.replies

    @property
    def key(self) -> str:
        """The thread's id for the cursor, which holds no id of anybody's comment."""
        return short(self.thread_id)


def short(text: str) -> str:
    """A short fingerprint, to recognise a thing again by."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def read_thread(item: Item) -> Thread | None:
    """The thread in an item of `commentThreads`; None when its shape is not that of one, or it is not public."""
    snippet = table(item.get("snippet"))
    thread_id = words(item.get("id"))
    if not is_comment(thread_id) or not snippet:
        return None
    top_item = table(snippet.get("topLevelComment"))
    channel, video = words(snippet.get("channelId")), words(snippet.get("videoId"))
    top = read_comment(top_item, channel=channel, video=video)
    listed = tables(table(item.get("replies")).get("comments"))
    read = [read_comment(each, channel=channel, video=video, parent=top) for each in listed]
    replies = tuple(each for each in read if each is not None)
    total = snippet.get("totalReplyCount")
    total = total if isinstance(total, int) and total > 0 else 0
    return Thread(
        thread_id=thread_id,
        top=top,
        replies=replies,
        total=total,
        mark=short(" ".join([str(total), *sorted(f"{each.external_id} {each.version}" for each in replies)])),
        posted=words(table(top_item.get("snippet")).get("publishedAt")),
        unreadable=len(read) - len(replies) + (top is None),
    )


def is_public(item: Item) -> bool:
    """Whether everybody may read a thread or comment: not one that its channel's owner has held back."""
    snippet = table(item.get("snippet"))
    top = table(table(snippet.get("topLevelComment")).get("snippet"))
    status = words(snippet.get("moderationStatus")) or words(top.get("moderationStatus"))
    return snippet.get("isPublic") is not False and status in ("", "published")


def read_comment(item: Item, *, channel: str, video: str, parent: Found | None = None) -> Found | None:
    """The comment in an item; None when its shape is not that of one.

    `channel` and `video` are where it stands. A comment answers the channel's owner; who answers a comment (`parent`)
    still speaks on that owner's page, and the owner counts as mentioned.
    """
    snippet, comment = table(item.get("snippet")), words(item.get("id"))
    text, version = snippet.get("textDisplay"), words(snippet.get("updatedAt")) or words(snippet.get("publishedAt"))
    if not is_comment(comment) or not isinstance(text, str) or not version:
        return None
    channel = channel or words(snippet.get("channelId"))
    video = video or words(snippet.get("videoId"))
    handle = tidy(words(snippet.get("authorDisplayName"))).removeprefix("@")
    return Found(
        external_id=comment,
        version=version,
        url=comment_url(comment, video=video if is_video(video) else "", channel=channel),
        author_id=words(table(snippet.get("authorChannelId")).get("value")),
        author_handle=handle,
        text=tidy(text),
        parent_id=parent.external_id if parent else (video if is_video(video) else ""),
        parent_author=parent.author_id if parent else channel,
        parent_text=parent.text if parent else "",
        mentioned=(channel,) if parent and is_channel(channel) else (),
        posted_at=moment(snippet.get("publishedAt")),
        raw=json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"),
    )


def read_video(item: Item) -> Found | None:
    """The video in an item of `videos`: its title and description are what is said. A new wording is a new version."""
    snippet, video = table(item.get("snippet")), words(item.get("id"))
    title, channel = words(snippet.get("title")), words(snippet.get("channelId"))
    if not is_video(video) or not title or not channel:
        return None
    text = tidy("\n\n".join(each for each in (title, words(snippet.get("description"))) if each.strip()))
    name = tidy(words(snippet.get("channelTitle")))
    return Found(
        external_id=video,
        version=short(text),
        url=video_url(video),
        author_id=channel,
        author_handle=name,
        author_name=name,
        text=text,
        language=words(snippet.get("defaultLanguage")) or words(snippet.get("defaultAudioLanguage")),
        posted_at=moment(snippet.get("publishedAt")),
        raw=json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"),
    )
