"""The stream of lines: what is kept, what is added, what a bad line does."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.judging import as_line, judge_lines
from classifiers.register import load
from classifiers.shape import Classifier
from records.vocabulary import Label

WORDS = load("wordlist")


def test_the_example_of_the_manual(transformer: Classifier) -> None:
    lines = [
        b'{"text":"Cllr Brough, Saturday at the fete, I am bringing a hammer for your knees","k":7}\n',
        b"rubbish\n",
        b'{"text":"Cllr Brough brought the hammer down at the fete auction"}\n',
    ]
    threat, bad, auction = judge_lines(lines, transformer)
    assert threat["level"] == 4
    assert threat["k"] == 7
    assert threat["verdict"] == "abusive"
    assert threat["labels"] == ["threat"] or "threat" in str(threat["labels"])
    scores = threat["scores"]
    assert isinstance(scores, dict)
    assert set(scores) == {*(label.value for label in Label), "report"}
    assert bad == {"error": "not JSON", "line": 2}
    assert (auction["level"], auction["verdict"], auction["labels"]) == (0, "lawful", [])


def test_bad_lines_are_named_and_do_not_stop_the_rest() -> None:
    bad = {
        2: b'{"text": 5}',
        3: b"[1, 2]",
        4: b'{"other": "x"}',
        5: b'\xff\xfe{"text": "x"}',
        6: b"[" * 200_000,
        8: b'{"text": "x", "n": NaN}',
        9: b'{"text": "x", "parent": 3}',
        10: b'{"text": "x"',
    }
    lines = [bad.get(number, b'{"text": "fine"}' if number != 7 else b"  \n") for number in range(1, 12)]
    out = list(judge_lines(lines, WORDS))
    assert [line.get("line") for line in out if "error" in line] == list(bad)
    assert [line["text"] for line in out if "error" not in line] == ["fine", "fine"]


def test_input_keys_and_odd_values_survive() -> None:
    said = {"id": "x", "nested": {"a": [1, None]}, "text": "caf\u00e9 \ud83d", "parent": None}
    [out] = judge_lines([json.dumps(said).encode()], WORDS)
    assert {key: out[key] for key in said} == said
    assert json.loads(as_line(out)) == out


def test_lines_are_taken_in_bounded_chunks() -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for number in range(1_000):
            taken.append(number)
            yield b'{"text": "bins"}'

    told: list[int] = []
    out = judge_lines(lines(), WORDS, chunk=10, progress=told.append)
    next(out)
    assert len(taken) == 10
    assert len(list(out)) == 999
    assert told == [*range(10, 1_001, 10), 1_000]


def test_a_byte_order_mark_is_not_an_error() -> None:
    [out] = judge_lines([b'\xef\xbb\xbf{"text": "bins"}'], WORDS)
    assert out["level"] == 0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(lambda t: json.dumps({"text": t}).encode())))
)
def test_any_lines_give_one_answer_each(lines: list[bytes]) -> None:
    out = list(judge_lines(lines, WORDS))
    assert len(out) == sum(bool(line.strip()) for line in lines)
    assert all(("error" in line) != ("level" in line) for line in out)
    assert all(json.loads(as_line(line)) == line for line in out)
