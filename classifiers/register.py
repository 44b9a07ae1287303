"""The back-ends by name. Reading this table loads no model; a process that only lists them never imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from classifiers.shape import CannotLoad, Classifier

BACKENDS: Mapping[str, str] = {
    "onnx": "classifiers.onnx:Onnx",
    "transformer": "classifiers.transformer:Transformer",
    "wordlist": "classifiers.wordlist:Wordlist",
}
"""Name to `module:class`; each class has `load(*, folder, allow_network, point)`."""

AUTO = "auto"
"""Not a back-end: the quick network where the folder and the installation have it, else the full one."""

QUICK_NETWORK = "model.onnx"
"""The file of a weights folder that tells that it can be judged with by `onnx`."""

DEFAULT_FOLDER = Path(__file__).parent / "weights" / "civic-minilm-2"
"""The shipped weights, inside the package, so that an installed wheel has them too."""


def load(
    name: str, *, folder: Path | str | None = None, allow_network: bool = False, point: str = "balanced"
) -> Classifier:
    """The back-end of that name, or `auto`, loaded and ready.

    `point` is one of its operating points: `cautious`, `balanced`, `quiet`. `folder` is where the weights stand (the
    shipped ones when None; the word list needs none), or, only with `allow_network`, the id of a model on a hub.
    Raises CannotLoad, naming the folder and what to do.
    """
    if name == AUTO:
        name = _quickest(folder or DEFAULT_FOLDER)
    if name not in BACKENDS:
        known = ", ".join([AUTO, *sorted(BACKENDS)])
        raise CannotLoad(f"There is no classifier called {name!r}; choose one of: {known}")
    module, backend = BACKENDS[name].split(":")
    try:
        loaded = getattr(import_module(module), backend)
    except ImportError as missing:
        raise CannotLoad(
            f"The classifier {name!r} cannot load {folder or DEFAULT_FOLDER}: the Python package {missing.name!r}"
            " is not installed. Install the judge with: pip install 'wardkeeper[judge]'"
        ) from missing
    ready: Classifier = loaded.load(folder=folder or DEFAULT_FOLDER, allow_network=allow_network, point=point)
    return ready


def _quickest(folder: Path | str) -> str:
    """What `auto` stands for in this folder."""
    return "onnx" if (Path(folder) / QUICK_NETWORK).exists() and find_spec("onnxruntime") else "transformer"
