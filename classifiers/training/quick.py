"""A weights folder's network in whole numbers of eight bits, for onnxruntime; let in only where it decides alike.

Run: python -m classifiers.training.quick FOLDER [--corpus DIR].
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from tokenizers import Tokenizer

from classifiers import onnx, transformer
from classifiers.network import Network
from classifiers.normalise import for_model
from classifiers.reading import WINDOW, Reader, judgements
from classifiers.register import QUICK_NETWORK
from classifiers.severity import Source
from classifiers.shape import CannotLoad, Passage
from classifiers.training.graph import FED_TOGETHER, LAYER, Shape, State, draw
from classifiers.training.rounding import Rounded, rounded
from classifiers.training.shipping import digest_of, read_about, write_about
from classifiers.training.sources import CORPUS, Civic, CivicPost, read_civic
from classifiers.weights import NETWORK, POINTS, read_weights
from records.vocabulary import Level

POSTS = 400
"""Posts of the corpus's learning blocks that the rounding is fitted to."""

MOST_MOVED = 0.01
"""A matrix whose rounding alone moves the logits by more than this part of how much they vary stays in floats."""

_MOVED_ON = 120

LEAST_ALIKE = 0.99
"""Share of the posts of the choosing blocks that both networks must decide alike at the balanced point."""

Say = Callable[[str], None]


class NotQuick(Exception):
    """A network that cannot be had in whole numbers; says why. Its folder is left as it was."""


def quicken(folder: Path, civic: Civic, *, say: Say = print, least_alike: float = LEAST_ALIKE) -> None:
    """Write `model.onnx` to a weights folder and name it in its model.json, which says under `quick` how it was made.

    Raises CannotLoad where the folder is no weights folder of ours, NotQuick where its network is not a BERT or the
    two networks decide otherwise on too many posts.
    """
    torch.set_num_threads(1)
    weights = read_weights(folder, point=POINTS[1], files=[NETWORK])
    network = transformer.open_network(weights)
    shape = _shape(network)
    fitted = fitted_to(civic.learn)
    encoded = _encoded(weights.tokenizer, fitted)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    whole = _bearable(state, shape, _in_whole_numbers(network, shape, encoded), encoded=encoded[:_MOVED_ON], say=say)
    drawn = draw(state, shape, whole).SerializeToString(deterministic=True)
    alike = _alike(folder, transformer.reader_of(weights, network), onnx.reader_of(weights, drawn), civic.choose)
    for point, (same, posts) in alike.items():
        say(f"{point}: {same} of {posts} posts of the choosing blocks are decided alike")
    same, posts = alike[POINTS[1]]
    if same < least_alike * posts:
        raise NotQuick(
            f"In whole numbers the network in {folder} decides {posts - same} of {posts} posts otherwise,"
            f" more than {1 - least_alike:.0%}: {QUICK_NETWORK} was not written"
        )
    _write(folder, drawn, {"posts": len(fitted), "floats": _floats(shape, whole), "decided_alike": alike})


def fitted_to(posts: Sequence[CivicPost]) -> list[CivicPost]:
    """The posts that the rounding is fitted to: always the same ones of the same corpus."""
    return random.Random(20260511).sample(list(posts), min(POSTS, len(posts)))  # noqa: S311 - not secret


def main() -> int:
    """Make a folder's network quick; 1 where it cannot be."""
    ask = argparse.ArgumentParser(prog="python -m classifiers.training.quick", description=__doc__)
    ask.add_argument("folder", type=Path, help="a weights folder as training wrote it")
    ask.add_argument("--corpus", type=Path, default=CORPUS, help="the civic corpus")
    asked = ask.parse_args()
    try:
        quicken(asked.folder, read_civic(asked.corpus), say=lambda line: print(line, flush=True))
    except (CannotLoad, NotQuick) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _shape(network: Network) -> Shape:
    config = network.encoder.config
    if config.model_type != "bert" or config.hidden_act != "gelu":
        raise NotQuick(f"Only a BERT encoder can be had in whole numbers, not a {config.model_type}")
    return Shape(config.num_hidden_layers, config.num_attention_heads, config.layer_norm_eps)


def _encoded(tokenizer: Tokenizer, posts: Sequence[CivicPost]) -> list[list[int]]:
    return [tokenizer.encode(for_model(post.text)).ids[:WINDOW] for post in posts]


def _in_whole_numbers(network: Network, shape: Shape, encoded: Sequence[Sequence[int]]) -> dict[str, Rounded]:
    """Every group of matrices with the same inputs, by the name of its first."""
    whole = {}
    for layer in range(shape.layers):
        groups = [[LAYER.format(layer) + name for name in group] for group in FED_TOGETHER]
        seen = _inputs(network, [group[0] for group in groups], encoded)
        for group in groups:
            parts = [network.get_submodule(name).state_dict() for name in group]
            kernel = np.concatenate([part["weight"].numpy().T for part in parts], axis=1)
            bias = np.concatenate([part["bias"].numpy() for part in parts])
            whole[group[0]] = rounded(kernel, bias, seen[group[0]])
    return whole


def _bearable(
    state: State, shape: Shape, whole: Mapping[str, Rounded], *, encoded: Sequence[Sequence[int]], say: Say
) -> dict[str, Rounded]:
    """Those whose rounding alone moves the logits little, however much it puts their own outputs off."""
    exact = _logits(draw(state, shape, {}), encoded)
    kept = {}
    for name, one in whole.items():
        off = _logits(draw(state, shape, {name: one}), encoded) - exact
        moved = float(np.sqrt((off**2).mean(0) / exact.var(0)).mean())
        say(f"{name}: off by {one.error:.1%}, moves the logits by {moved:.2%}")
        if moved <= MOST_MOVED:
            kept[name] = one
    return kept


def _logits(drawn: ModelProto, encoded: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    run = onnx.runner(drawn.SerializeToString(deterministic=True))
    return np.concatenate([run(np.array([ids])) for ids in encoded]).astype(np.float64)


def _inputs(
    network: Network, names: Sequence[str], encoded: Sequence[Sequence[int]]
) -> Mapping[str, NDArray[np.float32]]:
    """What these layers of the network are given when it reads the texts, (tokens, inputs)."""
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}

    def watch(name: str) -> Callable[..., None]:
        return lambda _, given: seen[name].append(given[0].flatten(0, 1).numpy().copy())

    with ExitStack() as hooks, torch.inference_mode():
        for name in names:
            hooks.callback(network.get_submodule(name).register_forward_pre_hook(watch(name)).remove)
        for ids in encoded:
            read = torch.tensor([ids])
            network(read, torch.ones_like(read))
    return {name: np.concatenate(parts) for name, parts in seen.items()}


def _alike(folder: Path, one: Reader, other: Reader, posts: Sequence[CivicPost]) -> dict[str, tuple[int, int]]:
    """Per operating point: so many posts, of so many, that both readers' scores report or let pass alike."""
    passages = [Passage(post.text, post.parent) for post in posts]
    scores = [reader.scores(passages) for reader in (one, other)]
    alike = {}
    for point in POINTS:
        lines = read_weights(folder, point=point, files=[NETWORK]).lines
        decided = [
            [judged.level >= Level.ABUSIVE for judged in judgements(passages, said, lines=lines, source=Source("", ""))]
            for said in scores
        ]
        alike[point] = (sum(a == b for a, b in zip(*decided, strict=True)), len(passages))
    return alike


def _floats(shape: Shape, whole: Mapping[str, Rounded]) -> list[str]:
    names = [LAYER.format(layer) + group[0] for layer in range(shape.layers) for group in FED_TOGETHER]
    return [name for name in names if name not in whole]


def _write(folder: Path, drawn: bytes, made: Mapping[str, Any]) -> None:
    """First the network, whole, then the model.json that names it: a stopped write leaves a folder that judges."""
    beside = folder / f"{QUICK_NETWORK}.part"
    beside.write_bytes(drawn)
    os.replace(beside, folder / QUICK_NETWORK)
    about = read_about(folder)
    files = about["files"]
    if not isinstance(files, dict):
        raise NotQuick(f"The model.json of {folder} names no files")
    files[QUICK_NETWORK] = digest_of(folder / QUICK_NETWORK)
    with_versions = {name: version(name) for name in ("onnx", "onnxruntime")}
    about["quick"] = {"weights": "8 bits, of which 7 are used", **made, "versions": with_versions}
    write_about(folder, about)


if __name__ == "__main__":
    sys.exit(main())
