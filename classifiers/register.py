"""The back-ends by name. Reading this table loads no model; a process that only lists them never imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from classifiers.shape import CannotLoad, Classifier

BACKENDS: Mapping[str, str] = {
    "transformer": "classifiers.transformer:Transformer",
    "wordlist": "classifiers.wordlist:Wordlist",
}
"""Name to `module:class`; each class has `load(*, folder, allow_network)`."""

DEFAULT_FOLDER = Path(__file__).parent / "weights" / "civic-minilm-1"
"""The shipped weights, inside the package, so that an installed wheel has them too."""


def load(name: str, *, folder: Path | str | None = None, allow_network: bool = False) -> Classifier:
    """The back-end of that name, loaded and ready.

    `folder` is where the weights stand (the shipped ones when None; the word list needs none), or, only with
    `allow_network`, the id of a model on a hub. Raises CannotLoad, naming the folder and what to do.
    """
    if name not in BACKENDS:
        raise CannotLoad(f"There is no classifier called {name!r}; choose one of: {', '.join(sorted(BACKENDS))}")
    module, backend = BACKENDS[name].split(":")
    try:
        loaded = getattr(import_module(module), backend)
    except ImportError as missing:
        raise CannotLoad(
            f"The classifier {name!r} cannot load {folder or DEFAULT_FOLDER}: the Python package {missing.name!r}"
            " is not installed. Install the judge with: pip install 'wardkeeper[judge]'"
        ) from missing
    ready: Classifier = loaded.load(folder=folder or DEFAULT_FOLDER, allow_network=allow_network)
    return ready
