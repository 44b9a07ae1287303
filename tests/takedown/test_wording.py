"""Reports fit every limit, keep rule and link, and quote word for word without cutting one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from platforms.measuring import fits
from platforms.shape import TextLimit, Unit
from records.vocabulary import Harm, NotAllowed
from takedown.masking import visible
from takedown.wording import Facts, ReportedPost, Target, compose, quote
from tests.builders import LARKFORD, MAUD, NOW
from tests.takedown.townboard import a_route

POST = ReportedPost(
    url="https://townboard.example/@resident/posts/8841",
    external_id="tb:8841",
    version="v2",
    author_handle="resident.example",
    author_id="user:resident",
    words="Maud Ellery ought to be ashamed, she is a stain on Weir ward",
    posted_at=NOW - timedelta(minutes=20),
    seen_at=NOW,
)
FACTS = Facts(council=LARKFORD, posts=(POST,), targets=(Target(name=MAUD, ward="Weir"),))
LIMITS = (
    (TextLimit(2000, Unit.GRAPHEMES), TextLimit(20_000, Unit.BYTES)),
    (TextLimit(1000, Unit.CHARACTERS),),
    (TextLimit(500, Unit.CHARACTERS),),
    (TextLimit(220, Unit.BYTES),),
    (),
)
WORDS = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="👩‍👧🏽🔪🇬🇧é\u0301\u0300 ", max_size=400),
    st.text(alphabet="ابتثسش\u202e\u0651 ", max_size=400),
    st.text(alphabet="殺害予告\u3000ｶﾞ", max_size=400),
    st.lists(st.text(min_size=1, max_size=12), max_size=120).map(" ".join),
)


def test_a_report_says_rule_place_quote_target_times_and_what_is_asked() -> None:
    text = compose(FACTS, a_route(), Harm.HARASSMENT)
    first = text.splitlines()[0]
    assert "House rule on harassment" in first
    assert "https://townboard.example/rules" in first
    for fact in (
        POST.url,
        "tb:8841, version v2",
        "@resident.example (user:resident)",
        "2026-05-04 09:10 UTC",
        "2026-05-04 09:30 UTC",
        f"“{POST.words}”",
        "Councillor Maud Ellery, elected member for Weir, Larkford District Council",
        "remove it",
        "good faith",
    ):
        assert fact in text
    assert "offence" not in text


def test_what_is_not_known_is_not_made_up() -> None:
    bare = replace(POST, version="", author_id="", author_handle="", posted_at=None, words="")
    text = compose(replace(FACTS, posts=(bare,)), a_route(), Harm.HATE)
    assert "Posted: time not known." in text
    assert "It says" not in text
    assert "Author" not in text
    assert "version" not in text


@given(words=WORDS, limits=st.sampled_from(LIMITS), harm=st.sampled_from([Harm.THREAT, Harm.DOXXING]))
@example(words="🔪" * 10_000, limits=LIMITS[1], harm=Harm.THREAT)
@example(words="a" * 10_000, limits=LIMITS[1], harm=Harm.THREAT)
@example(words="سلام " * 2_000, limits=LIMITS[0], harm=Harm.THREAT)
@example(words="e\u0301" * 5_000, limits=LIMITS[3], harm=Harm.THREAT)
def test_every_report_fits_and_keeps_rule_and_link(words: str, limits: tuple[TextLimit, ...], harm: Harm) -> None:
    text = compose(replace(FACTS, posts=(replace(POST, words=words),)), a_route(limits=limits), harm)
    assert fits(text, limits)
    assert POST.url in text
    assert f"House rule on {harm.value}" in text


@given(words=WORDS, longest=st.integers(0, 300))
@example(words="one two", longest=6)
@example(words="x" * 5_000 + " end", longest=300)
def test_a_quote_is_verbatim_and_ends_between_words(words: str, longest: int) -> None:
    said = quote(words, longest)
    flat = " ".join(visible(words).split())
    if said == flat:
        return
    if not said:
        assert len(flat) > longest
        return
    kept = said.removesuffix(" …")
    assert kept != said
    assert len(kept) <= longest
    assert flat.startswith(kept)
    rest = flat[len(kept) :]
    assert rest.startswith(" ") or not (kept[-1].isascii() and rest[0].isascii())
    if not rest.startswith(" "):
        clusters = regex.findall(r"\X", flat)
        edges = {0}
        for cluster in clusters:
            edges.add(max(edges) + len(cluster))
        assert len(kept) in edges


def test_the_quote_shrinks_before_anything_else_goes() -> None:
    facts = replace(FACTS, posts=(replace(POST, words="stain on the ward " * 40),))
    whole = compose(facts, a_route(limits=()), Harm.HARASSMENT)
    shorter = compose(facts, a_route(limits=(TextLimit(len(whole) - 50, Unit.CHARACTERS),)), Harm.HARASSMENT)
    assert "good faith" in shorter
    assert "Kind of harm" in shorter
    assert "stain on" in shorter
    assert len(shorter) <= len(whole) - 50


def test_where_not_even_the_link_fits_the_rule_is_left() -> None:
    route = a_route(limits=(TextLimit(45, Unit.CHARACTERS),))
    assert compose(FACTS, route, Harm.THREAT) == "House rule on threat"


def test_links_that_cannot_fit_and_unmapped_harms_are_refused_with_the_reason() -> None:
    two = replace(FACTS, posts=(POST, replace(POST, url=POST.url + "9")))
    with pytest.raises(NotAllowed, match="fewer posts"):
        compose(two, a_route(limits=(TextLimit(80, Unit.CHARACTERS),)), Harm.THREAT)
    with pytest.raises(NotAllowed, match="goes to the police"):
        compose(FACTS, a_route(), Harm.EXTREMISM)
