"""The words of a report: the platform's own rule first, the exact place, a short verbatim quote, what is asked.

Pure: facts in, text out, always within the platform's limits. It knows no table and alleges no offence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from platforms.measuring import fits
from platforms.shape import Category, ReportRoute
from records.vocabulary import Harm, NotAllowed
from takedown.masking import visible

LONGEST_QUOTE = 300
"""Characters of a post that a report quotes at most, the dots at the end not counted."""

_READ = 4000  # characters of a post looked at for its quote; enough for the longest quote after runs of spaces
_JAMO = (range(0x1100, 0x1160), range(0xA960, 0xA980))


@dataclass(frozen=True)
class ReportedPost:
    """One post version as a report describes it. Times are UTC; `posted_at` is None when nobody knows."""

    url: str
    external_id: str
    version: str
    author_handle: str
    author_id: str
    words: str
    posted_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True)
class Target:
    """Whom the posts are about."""

    name: str
    ward: str


@dataclass(frozen=True)
class Facts:
    """All that a report says: who reports, which posts of one author, and whom they target."""

    council: str
    posts: tuple[ReportedPost, ...]
    targets: tuple[Target, ...]


Layout = Callable[[Facts, Category, int], str]


def compose(facts: Facts, route: ReportRoute, harm: Harm) -> str:
    """The text of a report, within every limit of the route.

    The quote shrinks first, then explanations go; the rule and the links stay. Only where a platform leaves too little
    room for even the rule with one link (Reddit: 100 characters) does the link stay out of the text, because the
    report itself names the post there. Raises NotAllowed when the harm is not mapped or the links cannot fit.
    """
    category = route.categories.get(harm)
    if category is None:
        why = route.unmapped.get(harm, "this platform has no category for it")
        raise NotAllowed(f"a report for {harm.value} on {route.platform}", why=why)
    for layout in (_full, _short, _bare):
        if fits(layout(facts, category, 0), route.limits):
            return layout(facts, category, _longest_quote(facts, category, route, layout))
    if len(facts.posts) == 1 and fits(category.rule, route.limits):
        return category.rule
    raise NotAllowed(
        f"a report for {harm.value} on {route.platform}",
        why=f"the rule and {len(facts.posts)} link(s) do not fit the platform's limit; report fewer posts at once",
    )


def _longest_quote(facts: Facts, category: Category, route: ReportRoute, layout: Layout) -> int:
    low, high = 0, LONGEST_QUOTE
    while low < high:
        middle = (low + high + 1) // 2
        if fits(layout(facts, category, middle), route.limits):
            low = middle
        else:
            high = middle - 1
    return low


def quote(words: str, longest: int) -> str:
    """The first words of a post, verbatim but for white space and control characters, in at most `longest` characters.

    Ends between words, with dots when there is more; "" when not even the first word fits.
    """
    flat = " ".join(visible(words[:_READ]).split())
    whole = len(words) <= _READ
    if whole and len(flat) <= longest:
        return flat
    cut = min(longest, len(flat) - 1)
    while cut > 0 and not _between_words(flat, cut):
        cut -= 1
    return f"{flat[:cut].rstrip()} …" if cut > 0 else ""


def _between_words(text: str, at: int) -> bool:
    """True where a cut before character `at` splits no word and no character as people see it."""
    after, before = text[at], text[at - 1]
    if after == " ":
        return True
    # Emoji, Chinese and Japanese are written without spaces: between two of them is between words.
    stands_alone = unicodedata.east_asian_width(after) in "WF" and unicodedata.category(after) in ("Lo", "So")
    joined = any(ord(after) in jamo for jamo in _JAMO) or unicodedata.category(before) in ("Cf", "Mn", "Sk", "Lm")
    return stands_alone and (not joined or unicodedata.category(before) == "Sk")


def _full(facts: Facts, category: Category, longest: int) -> str:
    many = len(facts.posts) > 1
    these = f"these {len(facts.posts)} posts by one author" if many else "this post"
    lines = [f"{facts.council} reports {these} under your rule “{category.rule}”{_link(category)}.", ""]
    for post in facts.posts:
        lines += [*_described(post, longest), ""]
    lines += [
        f"Kind of harm: {category.harm.meaning}.",
        f"Targeted: {_targets(facts)}.",
        f"Asked: please review {'them' if many else 'it'} under this rule and remove {'them' if many else 'it'}.",
        "This report is made in good faith on behalf of those targeted; to the best of our knowledge it is "
        "accurate and complete.",
    ]
    return "\n".join(lines)


def _described(post: ReportedPost, longest: int) -> list[str]:
    quoted = quote(post.words, longest)
    author = " ".join(part for part in (_handle(post.author_handle), _bracketed(post.author_id)) if part)
    version = f", version {post.version}" if post.version else ""
    return [
        line
        for line in (
            f"Post: {post.url}" if post.url else "",
            f"Post id: {post.external_id}{version}" if post.external_id else "",
            f"Author: {author}" if author else "",
            f"Posted: {_moment(post.posted_at)}. Seen: {_moment(post.seen_at)}.",
            f"It says: “{quoted}”" if quoted else "",
        )
        if line
    ]


def _short(facts: Facts, category: Category, longest: int) -> str:
    lines = [f"Rule: {category.rule}{_link(category)}"]
    for post in facts.posts:
        quoted = quote(post.words, longest)
        lines += [_place(post), f"“{quoted}”"] if quoted else [_place(post)]
    lines += [f"Targeted: {_targets(facts)}.", "Please remove. Reported in good faith; accurate to our knowledge."]
    return "\n".join(lines)


def _bare(facts: Facts, category: Category, longest: int) -> str:
    lines = [category.rule, *(_place(post) for post in facts.posts)]
    quoted = quote(facts.posts[0].words, longest) if len(facts.posts) == 1 else ""
    return "\n".join([*lines, f"“{quoted}”"] if quoted else lines)


def _place(post: ReportedPost) -> str:
    return post.url or post.external_id


def _link(category: Category) -> str:
    return f" ({category.rule_url})" if category.rule_url else ""


def _handle(handle: str) -> str:
    clean = visible(handle).strip()
    return clean if not clean or clean.startswith("@") else f"@{clean}"


def _bracketed(author_id: str) -> str:
    return f"({author_id})" if author_id else ""


def _targets(facts: Facts) -> str:
    return (
        "; ".join(
            f"Councillor {target.name}, elected member" + (f" for {target.ward}" if target.ward else "")
            for target in facts.targets
        )
        + f", {facts.council}"
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "time not known"
