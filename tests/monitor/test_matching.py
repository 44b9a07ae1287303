"""Whom a text is about, and how surely."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.folding import fold
from monitor.matching import DECLARED, HANDLE, SURE_ENOUGH, Match, Matcher, MatchText, Watched, build
from records.vocabulary import MatchKind

JO = Watched(
    councillor_id=1,
    council_id=1,
    name="Jo Brough",
    nicknames=("Broughy", "Bruff"),
    hashtags=("BroughOut",),
    handles=(("bluesky", "jobrough.example.org"), ("x", "@CllrJo"), ("mastodon", "jo@town.example")),
    stable_ids=(("bluesky", "did:plc:jo"),),
    context=("Elmfield", "Orchard Party", "Larkford District Council"),
    exclusions=("darts",),
)
PETE = Watched(councillor_id=2, council_id=1, name="Peter Hall", context=("Moor End",))
ZOE = Watched(councillor_id=3, council_id=1, name="Zoë van der Berg", surnames=("van der Berg",), context=("Quay",))
UNA = Watched(councillor_id=4, council_id=1, name="Una O'Brien", context=("Quay",))
ALL = build([JO, PETE, ZOE, UNA])


def about(text: str, *, platform: str = "bluesky", line: float = SURE_ENOUGH, by: Matcher = ALL) -> list[int]:
    return [match.councillor_id for match in by.matches(MatchText(platform, text), line=line)]


@pytest.mark.parametrize(
    "text",
    [
        "Cllr Brough, Saturday at the fete",
        "CLLR BROUGH!",
        "Cllr. Brough is late",
        "Councillor Brough",
        "Councillor Jo Brough's dog",
        "Councillor J. Brough",
        "Cllr (Jo) Brough",
        "Cllr. Mrs Brough",
        "Coun Brough",
        "coun. Brough",
        "Cllr Brough’s expenses",
        "#CllrBrough",
        "Cllrs Hall and Brough",
        "Cllrs Hall, Brough & Jones",
        "Cyng. Brough",
        "Cl\u200blr Bro\u00adugh",
        "Ｃｌｌｒ Ｂｒｏｕｇｈ",
        "Cllr Brôugh",
        "Cllr\n\tBrough",
        "Jo Brough of Elmfield",
        "jo  brough, orchard party",
        "Bruff again",
        "#broughout",
    ],
)
def test_a_councillor_is_found(text: str) -> None:
    assert 1 in about(text)


@pytest.mark.parametrize(
    "text",
    [
        "the town hall is cold",
        "Cllr Hallam voted",
        "Cllr Marshall",
        "Cllr Smith-Hall",
        "Cllr Hall-Smith",
        "Coun Brougham",
        "county brough",
        "Cllr Jones lied. Brough is out",
        "Councillor says Hall is shut",
        "Cllr Ann Brough",
        "@brough",
        "Broughyard",
        "Cllr Brien",
        "Cllr Berg",
        "",
    ],
)
def test_nobody_is_found(text: str) -> None:
    assert about(text) == []


@pytest.mark.parametrize(("text", "who"), [("Cllr van der Berg", 3), ("Cllr Zoe Van Der Berg", 3), ("Cllr O’Brien", 4)])
def test_surnames_of_several_words_and_apostrophes(text: str, who: int) -> None:
    assert about(text) == [who]


def test_a_name_alone_may_be_a_namesake_and_context_makes_it_sure() -> None:
    assert about("Jo Brough won again") == []
    alone = ALL.matches(MatchText("bluesky", "Jo Brough won again"), line=0)
    assert [match.how for match in alone] == [MatchKind.NAME]
    assert alone[0].surety < SURE_ENOUGH
    assert about("Jo Brough won Elmfield again") == [1]
    assert about("Jo Brough won Elmfieldshire again") == []


def test_without_any_context_given_a_full_name_is_enough() -> None:
    bare = build([Watched(councillor_id=9, name="Ifor Teal")])
    assert about("ifor teal", by=bare) == [9]


def test_an_exclusion_means_the_namesake_unless_the_platform_says_otherwise() -> None:
    text = "Cllr Brough of Elmfield takes the darts final"
    assert about(text) == []
    declared = ALL.matches(MatchText("bluesky", text, mentioned=("did:plc:jo",)))
    assert declared == (Match(1, MatchKind.MENTION, DECLARED, 1),)
    assert about(f"@jobrough.example.org {text}") == [1]


@pytest.mark.parametrize(
    ("post", "how"),
    [
        (MatchText("bluesky", "hello", mentioned=("did:plc:other", "did:plc:jo")), MatchKind.MENTION),
        (MatchText("bluesky", "hello", parent_author="did:plc:jo"), MatchKind.REPLY),
        (MatchText("bluesky", "hello", quoted_author="did:plc:jo"), MatchKind.QUOTE),
    ],
)
def test_what_the_platform_declares_is_surest(post: MatchText, how: MatchKind) -> None:
    assert ALL.matches(post) == (Match(1, how, 1.0, 1),)


def test_a_stable_id_of_another_platform_means_nothing() -> None:
    assert ALL.matches(MatchText("x", "hello", mentioned=("did:plc:jo",))) == ()


@pytest.mark.parametrize(
    ("platform", "text", "found"),
    [
        ("bluesky", "hi @jobrough.example.org.", True),
        ("bluesky", "https://bsky.app/profile/jobrough.example.org/post/1", True),
        ("bluesky", "not.jobrough.example.org", False),
        ("bluesky", "jobrough.example.org.uk", False),
        ("x", "hi @CLLRJO!", True),
        ("x", "https://x.com/CllrJo", True),
        ("x", ".@CllrJo you", True),
        ("x", "hi @CllrJonathan", False),
        ("x", "hi @CllrJo@town.example", False),
        ("x", "cllrjo without its sign", False),
        ("mastodon", "hi @jo@town.example", True),
        ("mastodon", "hi @jo@town.example.org", False),
        ("bluesky", "hi @CllrJo", False),
        ("bluesky", "hi @CllrJo of Elmfield", True),
    ],
)
def test_handles(platform: str, text: str, found: bool) -> None:
    assert (about(text, platform=platform) == [1]) is found


def test_warning_and_alt_text_are_read_and_do_not_run_together() -> None:
    assert ALL.matches(MatchText("bluesky", "look", alt="Cllr Brough in the stocks"))
    assert ALL.matches(MatchText("bluesky", "look", warning="Cllr Brough"))
    assert ALL.matches(MatchText("bluesky", "Brough", warning="Cllr"), line=0) == ()


def test_a_councillors_own_post_is_not_about_them() -> None:
    own = MatchText("bluesky", "Cllr Brough here, with Cllr Hall", author="did:plc:jo")
    assert [match.councillor_id for match in ALL.matches(own)] == [2]


def test_a_surname_shared_across_councils_needs_context() -> None:
    far = Watched(councillor_id=7, council_id=2, name="Ann Hall", context=("Harbour",))
    both = build([PETE, far])
    assert about("Cllr Hall is a disgrace", by=both) == []
    assert about("Cllr Hall of Harbour is a disgrace", by=both) == [7]
    assert about("Cllr Ann Hall is a disgrace", by=both) == [7]
    near = build([PETE, Watched(councillor_id=8, council_id=1, name="Ann Hall")])
    assert about("Cllr Hall is a disgrace", by=near) == [2, 8]


def test_results_are_surest_first_and_many_equals_one_by_one() -> None:
    posts = [
        MatchText("bluesky", "Cllr Hall and @jobrough.example.org"),
        MatchText("bluesky", "bins"),
        MatchText("x", ""),
    ]
    assert ALL.matches_many(posts) == [ALL.matches(post) for post in posts]
    assert [match.surety for match in ALL.matches(posts[0])] == sorted((HANDLE, 0.75), reverse=True)


def test_nobody_watched_matches_nothing() -> None:
    assert about("Cllr Brough", by=build([])) == []


def test_an_absurdly_long_text_is_read_in_reasonable_time() -> None:
    assert about("Cllr Brough " + "councillor and hall, " * 500_000) == [1]


@given(st.text())
def test_folding_is_idempotent_and_leaves_no_case_or_space_differences(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(text.upper().lower()) == fold(text.lower())
    assert "  " not in folded
    assert folded == folded.strip()


@given(
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F)),
    st.sampled_from("\u200b\u200d\u00ad\ufeff\u0301"),
)
def test_hidden_characters_and_composition_make_no_difference(text: str, hidden: str) -> None:
    hidden_in = hidden.join(text) if text else text
    assert fold(hidden_in) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(), st.text())
def test_no_text_whatever_stops_the_matching(before: str, after: str) -> None:
    found = ALL.matches(MatchText("bluesky", f"{before}\nCllr Brough.\n{after}", mentioned=(after,)), line=0)
    assert all(0 < match.surety <= 1 for match in found)


@given(st.text(st.characters(categories=("Cs", "Lu", "So")), max_size=20))
def test_lone_surrogates_are_borne(text: str) -> None:
    assert 1 in about(f"{text} Cllr Brough", line=0)
