"""HTML to plain text: what a reader sees, whatever the HTML is like."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.plain_text import LONGEST_HTML, plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
        (
            '<a href="https://x.example/ab"><span class="invisible">https://</span>'
            '<span class="ellipsis">x.example/a</span><span class="invisible">b</span></a>',
            "https://x.example/ab",
        ),
        ('<span class="h-card"><a class="u-url mention">@<span>ada</span></a></span> hi', "@ada hi"),
        ("a & b > c &amp;lt; d", "a & b > c &lt; d"),
        ("x<script>alert(1)</script><style>p{}</style><!-- no -->y", "xy"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("zero\x00 and half \ud800 characters", "zero and half  characters"),
        ("<p></p><p>  </p>", ""),
        ("", ""),
        ("<p>unclosed <b>bold", "unclosed bold"),
    ],
)
def test_the_words_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_what_is_to_be_dropped_goes_with_all_inside_it() -> None:
    html = '<p class="a quote-inline">RE: <a>x</a></p><p>kept</p>'
    assert plain_text(html, drop=lambda name, classes: "quote-inline" in classes) == "kept"


_WORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1
)


@given(st.lists(_WORD, min_size=1, max_size=8))
def test_every_word_survives(words: list[str]) -> None:
    html = "".join(f"<p><b>{escape(word)}</b></p>" for word in words)
    assert plain_text(html).split("\n\n") == words


@given(st.text())
def test_any_html_gives_clean_text(html: str) -> None:
    text = plain_text(html)
    assert text == text.strip("\n")
    assert "\n\n\n" not in text
    assert text.encode("utf-8").decode() == text
    assert not any(ord(char) < 32 and char != "\n" for char in text)


def test_endless_html_is_cut() -> None:
    assert len(plain_text("x" * (LONGEST_HTML * 3))) == LONGEST_HTML
    assert plain_text("<div>" * 100_000 + "x") == ""
