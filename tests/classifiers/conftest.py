"""The shipped model, loaded once for the whole room."""

from __future__ import annotations

import pytest

from classifiers.register import load
from classifiers.shape import Classifier


@pytest.fixture(scope="session")
def transformer() -> Classifier:
    return load("transformer")


@pytest.fixture(scope="session")
def wordlist() -> Classifier:
    return load("wordlist")


@pytest.fixture(scope="session", params=["transformer", "wordlist"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """Each back-end in turn: what every classifier must do."""
    loaded: Classifier = request.getfixturevalue(request.param)
    return loaded
