"""Reading forms: whatever is sent, the answer is a clean value or a message beside the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from console.forms import Answers
from console.looks import ago, is_web, when
from records.vocabulary import Role
from tests.builders import NOW


def _filled(**answers: str) -> Answers:
    return Answers(FormData({name.replace("__", "-"): value for name, value in answers.items()}))


@given(st.text(max_size=300))
def test_a_line_of_text_has_no_control_characters_and_its_length_holds(entered: str) -> None:
    answers = _filled(name=entered)
    text = answers.text("name", most=100)
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in text)
    assert text == text.strip()
    assert ("name" in answers.errors) == (len(text) > 100)


@given(day=st.text(max_size=6), month=st.text(max_size=6), year=st.text(max_size=6), clock=st.text(max_size=12))
def test_a_moment_is_a_time_with_a_zone_or_a_message(day: str, month: str, year: str, clock: str) -> None:
    answers = _filled(at__day=day, at__month=month, at__year=year, at__time=clock)
    moment = answers.moment("at", need="Enter the day", now=NOW)
    assert (moment is None) == bool(answers.errors) or (moment is not None and bool(answers.errors))
    if moment is not None and not answers.errors:
        assert moment.utcoffset() == timedelta(0)
        assert datetime(2000, 1, 1, tzinfo=UTC) <= moment <= NOW


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("", "11:00"),
        ("2:30pm", "13:30"),
        ("14.30", "13:30"),
        ("9am", "08:00"),
        ("12am", "23:00"),
        ("12:05 PM", "11:05"),
    ],
)
def test_times_are_read_as_people_write_them_in_uk_time(clock: str, expected: str) -> None:
    moment = _filled(at__day="2", at__month="5", at__year="2026", at__time=clock).moment("at", need="", now=NOW)
    assert moment is not None
    assert f"{moment:%H:%M}" == expected


@given(st.text(max_size=30))
def test_numbers_levels_and_words_are_of_their_kind_or_nothing(entered: str) -> None:
    answers = _filled(number=entered, level=entered, role=entered)
    number = answers.number("number")
    assert number is None or 0 <= number < 10**9
    assert answers.level("level") is None or entered.strip() in "01234"
    assert answers.choice("role", Role, need="Choose") is None or entered in set(Role)


def test_the_first_message_of_a_field_stays_and_a_date_leads_to_its_first_box() -> None:
    answers = _filled(until__day="", until__month="", until__year="")
    answers.date("until", need="Enter a day")
    answers.wrong("until", "another")
    assert answers.errors == {"until": "Enter a day"}
    assert answers.anchor("until") == "until-day"


@given(st.integers(-(10**8), 10**8))
def test_how_long_ago_is_always_words(seconds: int) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW)


def test_times_are_shown_in_uk_time() -> None:
    assert when(datetime(2026, 1, 5, 0, 7, tzinfo=UTC)) == "12:07am on 5 January 2026"
    assert when(datetime(2026, 7, 5, 12, 0, tzinfo=UTC)) == "1:00pm on 5 July 2026"
    assert when(None) == ""
    assert ago(None, NOW) == "never"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", " https://x", "ftp://x", None, 7, ""])
def test_nothing_but_a_web_address_becomes_a_link(address: object) -> None:
    assert not is_web(address)
