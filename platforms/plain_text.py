"""Turns a platform's HTML into the plain text a reader sees. It follows no link and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from justhtml import JustHTML, Node

LONGEST_HTML = 50_000
"""Characters of HTML that are read; far above what any platform lets people post."""

_UNSEEN = frozenset({"script", "style", "template", "head", "title", "#comment", "!doctype", "noscript", "iframe"})
_BLOCKS = frozenset(
    {"p", "div", "blockquote", "li", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "tr", "table"}
    | {"section", "article", "header", "footer", "figure", "figcaption", "dl", "dt", "dd"}
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Drop = Callable[[str, frozenset[str]], bool]
"""Given an element's name and its classes, whether to leave it out with all that is in it."""


def plain_text(html: str, *, drop: Drop | None = None) -> str:
    """The words of an HTML fragment: a line for each paragraph or <br>, an empty line between paragraphs.

    Everything a reader can see or copy is kept, a link's hidden parts included, so that addresses stay whole. The
    fragment may be broken in any way; beyond LONGEST_HTML characters it is cut.
    """
    pieces: list[str] = []
    todo: list[Node | str] = [JustHTML(html[:LONGEST_HTML], fragment=True, sanitize=False).root]
    while todo:
        each = todo.pop()
        if isinstance(each, str):
            pieces.append(each)
        elif each.name == "#text":
            pieces.append(_SPACES.sub(" ", str(each.data or "")))
        elif each.name == "br":
            pieces.append("\n")
        elif each.name in _UNSEEN or (drop is not None and drop(each.name, _classes(each))):
            continue
        else:
            edge = ["\n\n" if each.name == "p" else "\n"] if each.name in _BLOCKS else []
            pieces.extend(edge)
            todo.extend(edge)
            todo.extend(reversed(each.children or []))
    return tidy("".join(pieces))


def tidy(text: str) -> str:
    """The text without control characters and half characters, spaces trimmed, at most one empty line in a row."""
    lines = [line.strip(" \t\r\f") for line in _UNSENDABLE.sub("", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _classes(node: Node) -> frozenset[str]:
    return frozenset(str((node.attrs or {}).get("class") or "").split())
