"""The real network, started once for these tests; without `-m real` none of them is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.shape import Classifier
from tests.real.install import Install, make
from tests.real.network import Network, running
from wardkeeper.build import load_judge
from wardkeeper.settings import load

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """These tests run only when asked for by their marker."""
    if "real" in config.option.markexpr:
        return
    ours = [item for item in items if item.path.is_relative_to(_HERE)]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The network set up in the folder that RIG names, on a fresh state."""
    rig = os.environ.get("RIG", "")
    if not rig:
        pytest.skip("RIG is not set; say: make test-real RIG=<folder of a set-up Bluesky network>")
    with running(Path(rig).resolve(), tmp_path_factory.mktemp("network")) as opened:
        yield opened


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """The judge the settings name, as the worker loads it."""
    return load_judge(load(tmp_path_factory.mktemp("settings")).judge)


@pytest.fixture
def now() -> datetime:
    """The moment at which a test begins; real, because posts and tokens carry the network's own times."""
    return datetime.now(UTC)


@pytest.fixture
def install(network: Network, tmp_path: Path, now: datetime) -> Callable[..., Install]:
    """Makes an install with one opted-in councillor and the council's reporter account on the network."""

    def made(name: str = "data", **wanted: object) -> Install:
        return make(tmp_path / name, network, now=now, **wanted)  # type: ignore[arg-type]

    return made
