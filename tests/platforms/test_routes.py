"""The ten shipped route documents, and what happens to one with a mistake in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.register import PLATFORMS
from platforms.routes import RouteError, read
from platforms.shape import Unit
from records.vocabulary import Harm, RouteKind

FOLDER = Path(__file__).parents[2] / "config" / "platforms"
X = (FOLDER / "x.toml").read_bytes()
MASTODON = (FOLDER / "mastodon.toml").read_bytes()


def test_there_is_one_document_for_each_platform_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(PLATFORMS)


@pytest.mark.parametrize("key", sorted(PLATFORMS))
def test_a_shipped_document_is_whole(key: str) -> None:
    route = read((FOLDER / f"{key}.toml").read_bytes(), where=f"{key}.toml")
    assert route.platform == key
    assert set(route.categories) | set(route.unmapped) == set(Harm)
    assert (route.kind is RouteKind.API) == (PLATFORMS[key].report is not None)
    assert route.checked_on == date(2026, 11, 22)
    assert route.steps
    assert route.asks_for
    assert all(category.token for category in route.categories.values()) == (route.kind is RouteKind.API)


def test_the_limits_are_those_of_the_platforms() -> None:
    found = {
        key: {(limit.length, limit.unit) for limit in read((FOLDER / f"{key}.toml").read_bytes(), where=key).limits}
        for key in PLATFORMS
    }
    assert found["bluesky"] == {(2000, Unit.GRAPHEMES), (20000, Unit.BYTES)}
    assert found["mastodon"] == {(1000, Unit.CHARACTERS)}
    assert found["reddit"] == {(100, Unit.CHARACTERS)}
    assert found["youtube"] == {(500, Unit.CHARACTERS)}
    assert found["feeds"] == set()


def test_mastodon_s_tokens_are_the_four_of_its_interface() -> None:
    tokens = {category.token for category in read(MASTODON, where="mastodon.toml").categories.values()}
    assert tokens <= {"violation", "legal", "spam", "other"}


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("posts_per_report = 1", "post_per_report = 1", "post_per_report", 'did you mean "posts_per_report"'),
        ('label = "Hate"', 'lable = "Hate"', "categories.hate.lable", 'did you mean "label"'),
        ("[categories.threat]", "[categories.thraet]", "categories.thraet", 'did you mean "threat"'),
        ('kind = "form"', 'kind = "letter"', "kind", "use one of api, form"),
        ('kind = "form"', "kind = 3", "kind", "must be text"),
        ("posts_per_report = 1", "posts_per_report = 0", "posts_per_report", "1 or more"),
        ("posts_per_report = 1", "posts_per_report = true", "posts_per_report", "whole number"),
        ("\nverified = false", '\nverified = "no"', "verified", "true or false"),
        ("checked_on = 2026-11-22", 'checked_on = "2026-11-22"', "checked_on", "without quotes"),
        ("checked_on = 2026-11-22", "", "checked_on", "missing"),
        ('unit = "characters"', 'unit = "letters"', "limits[1].unit", "use one of"),
        ("length = 500", "length = -1", "limits[1].length", "1 or more"),
        ("length = 500", "lenght = 500", "limits[1].lenght", 'did you mean "length"'),
        ('policy_url = "https', 'policy_url = "http', "policy_url", "https://"),
        ('    "Open the post while signed in.",', "    7,", "steps[1]", "sentence"),
        ("[categories.spam]", "[unmapped]\nspam = 'no'\n[categories.spam]", "unmapped.spam", "keep one of the two"),
        ("[categories.spam]", "[categories.spam", "", "not TOML"),
        ('platform = "x"', "", "platform", "missing"),
        ("limits = [{", "limits = [5, {", "limits[1]", "must be a table"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(old: str, new: str, key: str, words: str) -> None:
    assert old in X.decode()
    with pytest.raises(RouteError) as raised:
        read(X.decode().replace(old, new, 1).encode(), where="config/platforms/x.toml")
    assert raised.value.key == key
    assert words in raised.value.why
    assert str(raised.value).startswith("config/platforms/x.toml")


def test_a_harm_left_out_without_a_reason_is_a_mistake() -> None:
    start, _, rest = X.decode().partition("[categories.extremism]")
    with pytest.raises(RouteError, match="say why not under"):
        read(start.encode(), where="x.toml")
    assert rest


def test_bytes_that_are_no_text_are_a_mistake() -> None:
    with pytest.raises(RouteError, match="not UTF-8 text"):
        read(b"platform = '\xff'", where="x.toml")


def test_an_overlay_changes_what_it_names_and_nothing_else() -> None:
    shipped = read(X, where="x.toml")
    overlay = b"""
posts_per_report = 4
verified = true
[categories.hate]
label = "Hateful content"
[unmapped]
spam = "Our council never reports spam"
"""
    route = read(X, where="x.toml", overlay=overlay)
    assert (route.posts_per_report, route.verified) == (4, True)
    assert route.categories[Harm.HATE].label == "Hateful content"
    assert route.categories[Harm.HATE].rule_url == shipped.categories[Harm.HATE].rule_url
    assert Harm.SPAM not in route.categories
    assert route.unmapped[Harm.SPAM].startswith("Our council")
    assert route.categories[Harm.THREAT] == shipped.categories[Harm.THREAT]


def test_an_overlay_can_map_what_was_not_mapped() -> None:
    feeds = (FOLDER / "feeds.toml").read_bytes()
    overlay = b'[categories.extremism]\nlabel = "Report comment"\nrule = "House rules"\n'
    route = read(feeds, where="feeds.toml", overlay=overlay)
    assert Harm.EXTREMISM in route.categories
    assert route.unmapped == {}


@pytest.mark.parametrize(
    ("overlay", "key"),
    [
        (b'kind = "api"', "kind"),
        (b'platform = "facebook"', "platform"),
        (b"postsperreport = 2", "postsperreport"),
        (b"[categories.hate]\ncolour = 'red'", "categories.hate.colour"),
        (b"categories = 3", "categories"),
        (b"[categories]\nhate = 3", "categories.hate"),
        (b"[unmapped]\nrudeness = 'no'", "unmapped.rudeness"),
        (b"unmapped = []", "unmapped"),
        (b"[categories.hate]\nlabel = 3", "categories.hate.label"),
    ],
)
def test_a_mistake_in_an_overlay_is_named_as_the_overlay_s(overlay: bytes, key: str) -> None:
    with pytest.raises(RouteError) as raised:
        read(X, where="x.toml", overlay=overlay, overlay_where="/council/platforms/x.toml")
    assert (raised.value.where, raised.value.key) == ("/council/platforms/x.toml", key)


def test_a_council_may_turn_sending_off() -> None:
    assert read(MASTODON, where="m", overlay=b'kind = "form"').kind is RouteKind.FORM


@given(st.binary(max_size=60), st.integers(0, 4000))
def test_a_damaged_document_is_a_named_mistake_or_still_good(damage: bytes, place: int) -> None:
    try:
        read(X[:place] + damage + X[place + len(damage) :], where="x.toml", overlay=damage)
    except RouteError as problem:
        named = problem.where
    else:
        named = "x.toml"
    assert "x.toml" in named
