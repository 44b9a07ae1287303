"""A simulated TikTok, as far as a council can ask it anything: the public service that embeds videos."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.serving import FaultSwitch, Faulty

_VIDEO = re.compile(r"https://(?:www\.|m\.)?tiktok\.com/@[^/]*/(?:video|photo)/([0-9]{5,25})(?:\?.*)?")
_SHARED = re.compile(r"https://(?:vm\.tiktok\.com|(?:www\.)?tiktok\.com/t)/([A-Za-z0-9]{5,20})/?")


class Standing(StrEnum):
    """What became of a video. The embed service does not tell one from another once it is not up."""

    UP = "up"
    DELETED = "deleted"
    REMOVED = "removed"
    PRIVATE = "private"
    NOT_EMBEDDED = "not embedded"


@dataclass(eq=False)
class Video:
    """One video: its number, its short link's code, whose it is and what its caption says."""

    number: str
    code: str
    author: str
    caption: str
    standing: Standing = Standing.UP

    @property
    def url(self) -> str:
        """The link people copy."""
        return f"https://www.tiktok.com/@{self.author}/video/{self.number}"

    @property
    def short_url(self) -> str:
        """The link that sharing gives."""
        return f"https://vm.tiktok.com/{self.code}/"


class Videos:
    """All there is; `wait` is how many seconds too many questions have to wait. `instead` is embedded whatever is asked
    for, as by a page that leads everybody to the same place."""

    def __init__(self) -> None:
        self.videos: list[Video] = []
        self.wait = 60
        self.instead: Video | None = None

    def post(self, author: str, caption: str) -> Video:
        """A new video."""
        count = len(self.videos)
        video = Video(str(7_300_000_000_000_000_001 + count), f"ZGe{count:06d}", author, caption)
        self.videos.append(video)
        return video

    def found(self, url: str) -> Video | None:
        """The video a link leads to."""
        number, code = _VIDEO.fullmatch(url), _SHARED.fullmatch(url)
        for video in self.videos:
            if (number and number.group(1) == video.number) or (code and code.group(1) == video.code):
                return video
        return None


def addresses(base: str) -> dict[str, str]:
    """What `Access.addresses` must hold to reach a service served at `base` instead of the public one."""
    return {"oembed": f"{base}/oembed"}


def tiktok_app(videos: Videos) -> tuple[ASGIApp, FaultSwitch]:
    """The embed service as an application, and the switch that makes it fail."""

    async def embed(request: Request) -> Response:
        if not request.headers.get("user-agent"):
            return _wrong(403)
        video = videos.instead or videos.found(request.query_params.get("url", ""))
        if video is None or video.standing is not Standing.UP:
            return _wrong(400)
        return JSONResponse(_embedding(video))

    switch = FaultSwitch(
        limit_headers=lambda: {"Retry-After": str(videos.wait)},
        error_body=lambda status: json.dumps({"code": status, "message": "Something went wrong"}).encode(),
    )
    return Faulty(Starlette(routes=[Route("/oembed", embed)]), switch), switch


def _wrong(status: int) -> Response:
    return JSONResponse({"code": status, "message": "Something went wrong"}, status_code=status)


def _embedding(video: Video) -> dict[str, object]:
    who = f"https://www.tiktok.com/@{video.author}"
    html = (
        f'<blockquote class="tiktok-embed" cite="{video.url}" data-video-id="{video.number}"><section>'
        f'<a target="_blank" href="{who}">@{escape(video.author)}</a> <p>{escape(video.caption)}</p></section>'
        "</blockquote>"
    )
    facts = {"version": "1.0", "type": "video", "title": video.caption, "author_url": who, "author_name": video.author}
    more = {"author_unique_id": video.author, "embed_product_id": video.number, "embed_type": "video", "html": html}
    return {**facts, **more, "provider_url": "https://www.tiktok.com", "provider_name": "TikTok"}
