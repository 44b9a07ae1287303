"""Judges with a weights folder's quick network through onnxruntime, without torch. Never trains, never exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as states

from classifiers.explaining import carried
from classifiers.reading import Ids, Reader, Run, judgements
from classifiers.register import QUICK_NETWORK
from classifiers.severity import Lines, Scores, Source
from classifiers.shape import CannotLoad, Judgement, Passage, Reason
from classifiers.weights import Weights, incomplete, read_weights
from records.vocabulary import Level

_BROKEN = (
    states.Fail,
    states.InvalidArgument,
    states.InvalidGraph,
    states.InvalidProtobuf,
    states.NoSuchFile,
    states.NotImplemented,
    states.RuntimeException,
)


class Onnx:
    """One loaded model. Every operation runs on one thread; several batches run at a time."""

    def __init__(self, reader: Reader, *, lines: Lines, source: Source) -> None:
        self._reader, self._lines, self._source = reader, lines, source

    @classmethod
    def load(cls, *, folder: Path | str, allow_network: bool = False, point: str = "balanced") -> Onnx:
        """Raises CannotLoad, naming the folder, where it is missing, incomplete, damaged or holds no quick network.

        Nothing is ever fetched: `allow_network` is there because every back-end takes it.
        """
        path = Path(folder)
        if not path.is_dir():
            raise CannotLoad(f"There is no model folder {folder}; name a folder that holds a model")
        if not (path / QUICK_NETWORK).exists():
            raise CannotLoad(
                f"The model folder {folder} holds no {QUICK_NETWORK}; make it with: python -m"
                f" classifiers.training.quick {folder}, or judge with the model 'transformer'"
            )
        weights = read_weights(path, point=point, files=[QUICK_NETWORK])
        try:
            reader = reader_of(weights, path / QUICK_NETWORK)
        except _BROKEN as error:
            raise incomplete(path, error, [QUICK_NETWORK]) from error
        return cls(reader, lines=weights.lines, source=Source(weights.name, weights.version))

    @property
    def name(self) -> str:
        return self._source.model

    @property
    def version(self) -> str:
        return self._source.version

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """One judgement per passage, in order; a short reply is read together with the post it answers."""
        return judgements(passages, self.scores(passages), lines=self._lines, source=self._source)

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        """What the network alone says, before rules and lines: for choosing lines and for measuring."""
        return self._reader.scores(passages)

    def carried(self, passage: Passage) -> Reason | None:
        """The words that carried the judgement, by leaving each out in turn."""
        return carried(passage, lambda some: [one.steps[Level.ABUSIVE] for one in self.scores(some)])


def reader_of(weights: Weights, network: Path | bytes) -> Reader:
    """A reader over an ONNX file, or its bytes, with the folder's tokenizer and calibration."""
    return Reader(runner(network), tokenizer=weights.tokenizer, heads=weights.heads, calibrations=weights.calibrations)


def runner(network: Path | bytes) -> Run:
    """The network of an ONNX file, or of its bytes; a text gets the same logits alone and among others."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # What a batch needs is given back after it; kept for the next one it grows to the largest batch of every thread.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    # The graph runs as it was drawn: joined or reordered nodes are slower here, or sum a text alone differently.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        network if isinstance(network, bytes) else str(network), options, providers=["CPUExecutionProvider"]
    )

    def run(ids: Ids) -> NDArray[Any]:
        return cast("NDArray[Any]", session.run(["logits"], {"input_ids": ids})[0])

    return run
