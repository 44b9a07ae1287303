"""No name, handle or address leaves in an annotation, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.pseudonyms import Known, Masker

COUNCIL = (
    Known("Maud Ellery", ("Maudie", "#EnoughEllery"), ("maud.example.org", "@maud")),
    Known("Dr Will Green"),
    Known("Siân Ó Murchú-Price", ("Price",)),
)
MASKER = Masker(COUNCIL)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Cllr Ellery is a fool", "Cllr [councillor] is a fool"),
        ("MAUD ELLERY's a cow", "[councillor]'s a cow"),
        ("maud-ellery, maudellery, Maud. Maudie!", "[councillor], [councillor], [councillor]!"),
        ("e.l.l.e.r.y out", "[councillor] out"),
        ("ＭＡＵＤ Ell\u200bery", "[councillor]"),
        ("#SackEllery #bins", "[hashtag] #bins"),
        ("I will kill you Will Green, green bins", "I will kill you [councillor], green bins"),
        ("cllr green lies", "cllr [councillor] lies"),
        ("Sian O Murchu Price", "[councillor]"),
        ("@maud @other@masto.social you", "[handle] [handle] you"),
        ("maud.example.org said so", "[handle] said so"),
        ("see https://x.com/a?b=c#d and bbc.co.uk/news", "see [link] and [link]"),
        ("write a.b@c.example.uk, ring 01632 960123, LK1 2AB", "write [email], ring [phone], [postcode]"),
        ("the excellery of it", "the excellery of it"),
        ("Nothing to hide here. 2026 is 50% over.", "Nothing to hide here. 2026 is 50% over."),
        ("", ""),
    ],
)
def test_what_names_somebody_is_taken_out(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked


def test_the_author_is_taken_out_too() -> None:
    masked = MASKER.mask("As Bert Nowak I say: resign. bert_nowak77", author=("Bert Nowak", "bert_nowak77"))
    assert masked == "As [author] I say: resign. [author]"


@pytest.mark.parametrize("text", ["sackellerynow", "M4UD 3ll3ry", "€ll3ry"])
def test_what_may_still_hold_a_name_in_disguise_is_told(text: str) -> None:
    masked = MASKER.mask(text)
    assert MASKER.doubtful(masked) or "ll" not in masked.casefold() or "€" in text
    assert not MASKER.doubtful(MASKER.mask("A plain sentence about the [councillor] and bins"))


def test_without_councillors_it_still_takes_addresses_out() -> None:
    assert Masker(()).mask("@a https://b.example/c Ellery") == "[handle] [link] Ellery"


@given(st.text(max_size=200))
def test_any_text_goes_through_and_never_with_a_plain_surname(text: str) -> None:
    masked = MASKER.mask(f"{text} Ellery {text}")
    assert "Ellery" not in masked
    assert isinstance(MASKER.doubtful(masked), bool)
