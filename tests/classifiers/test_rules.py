"""The plain rules: what is said outright is found, and idiom, quotation and published details are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.doxxing import POSTCODE
from classifiers.rules import Finding, rules
from records.vocabulary import Label, Level

CRITICAL = [
    "Cllr Brough, Saturday at the fete, I am bringing a hammer for your knees",
    "I will kill you",
    "I'm going to stab you Cllr Marsh",
    "we'll break your legs if that vote goes through",
    "me and the lads are gonna burn your house down, see you Friday",
    "Somebody should shoot him before the next meeting",
    "I\u200b w\u0456ll kill you",
    "Cllr Marsh lives at 22 Elm Road, go round and tell him what you think",
    "14 Mossbank Road, CB1 2AB. You know what to do lads",
]

SERIOUS = [
    "Cllr Marsh lives at 22 Elm Road",
    "anyone wondering, Councillor Marsh's house is number 9 Lark Rise",
    "Here's her private mobile, 07700 900123, ring her at night",
    "Cllr Marsh's car is AB12 CDE, always outside the gym",
    "go and hang yourself Marsh",
]

SILENT = [
    "Cllr Brough brought the hammer down at the fete auction",
    "We will kill the motion",
    "We'll batter them at the polls in May",
    "I'll bury you at the ballot box, Marsh",
    "He messaged me: I will kill you. I have told the police",
    'The letter read "I will kill you" and two officers came',
    "I would never hurt you, Cllr Marsh, but I am furious about the bypass",
    "I will not kill you, stop saying that I will",
    "I'm bringing a hammer for you to borrow",
    "I'll murder you at darts tonight councillor",
    "Surgery on Saturday 10 to 12 at Mossbank Hall, 14 Mossbank Road, CB1 2AB. Go and see him there",
    "Planning application for 14 Mossbank Road, CB1 2AB is out for consultation",
    "I live at 22 Elm Road and my bin has not been emptied",
    "Ring the council on 020 7946 0123 or email enquiries@brough.gov.uk",
    "Cllr Marsh's ward surgery number is 07700 900123, published on the council website",
    "Don't kill yourself over this, it's only a bus lane",
]


@pytest.mark.parametrize("text", CRITICAL)
def test_said_outright_is_critical(text: str) -> None:
    assert _worst(text) is Level.CRITICAL


@pytest.mark.parametrize("text", SERIOUS)
def test_private_details_and_self_harm_are_serious(text: str) -> None:
    assert _worst(text) is Level.SERIOUS


@pytest.mark.parametrize("text", SILENT)
def test_idiom_quotation_and_public_details_are_left_alone(text: str) -> None:
    assert rules(text) == []


def test_neighbours_who_know_the_home_need_the_model() -> None:
    [finding] = rules("I know where you live, Cllr Marsh")
    assert finding.needs_model
    assert finding.label is Label.INTIMIDATION


def test_spans_are_moved_by_the_offset() -> None:
    [finding] = rules("Listen: i will kill you", offset=100)
    assert finding.why.spans == ((108, 123),)


@pytest.mark.parametrize("postcode", ["cb1 2ab", "m1 1ae", "sw1a 1aa", "dn55 1pt", "cr2 6xh", "w1p 1hq", "gir 0aa"])
def test_postcodes_of_every_shape(postcode: str) -> None:
    assert POSTCODE.search(f"at {postcode}, second floor")


@given(st.text(max_size=200))
def test_no_text_breaks_the_rules(text: str) -> None:
    for finding in rules(text):
        assert all(0 <= start < end <= len(text) for start, end in finding.why.spans)


@pytest.mark.parametrize(
    "text", ["i will " * 6_000, "lives at 1 " * 4_000, "a" * 40_000, "his " * 10_000, "07700 " * 6_000]
)
def test_hostile_repetition_comes_to_an_end(text: str) -> None:
    assert isinstance(rules(text), list)


def _worst(text: str) -> Level:
    findings: list[Finding] = [finding for finding in rules(text) if not finding.needs_model]
    return max((finding.least for finding in findings), default=Level.LAWFUL)
