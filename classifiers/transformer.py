"""Judges with a transformer from a local folder: ours, with its heads, or a plain sequence classifier. Never trains."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers.utils import logging as transformers_logging

from classifiers.explaining import carried
from classifiers.heads import LABELS, STEPS
from classifiers.network import Network
from classifiers.reading import Ids, Reader, judgements
from classifiers.severity import Lines, Scores, Source
from classifiers.shape import CannotLoad, Judgement, Passage, Reason
from classifiers.weights import NETWORK, Calibration, Weights, incomplete, read_weights, version_of, whole_texts
from records.vocabulary import Level

_ALIASES: Mapping[str, str] = {
    "identity_hate": "hate",
    "identity_attack": "hate",
    "sexual_explicit": "sexual",
    "report": "abusive",
    "toxic": "abusive",
}
"""Names of heads that other published classifiers use for what we call otherwise."""

_BROKEN = (OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError)


class Transformer:
    """One loaded model. Loading sets torch to one thread per operation; several batches run at a time."""

    def __init__(self, reader: Reader, *, lines: Lines, source: Source) -> None:
        self._reader, self._lines, self._source = reader, lines, source

    @classmethod
    def load(cls, *, folder: Path | str, allow_network: bool = False, point: str = "balanced") -> Transformer:
        """Raises CannotLoad, naming the folder, where it is missing, incomplete, damaged or of another kind."""
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(1)
        path = Path(folder)
        if not path.is_dir():
            if not allow_network or path.is_absolute():
                raise CannotLoad(f"There is no model folder {folder}; name a folder that holds a model")
            return cls._plain(str(folder), local=False)
        if not (path / "model.json").exists():
            return cls._plain(str(path), local=True)
        weights = read_weights(path, point=point, files=[NETWORK])
        return cls(reader_of(weights), lines=weights.lines, source=Source(weights.name, weights.version))

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

    @classmethod
    def _plain(cls, source: str, *, local: bool) -> Transformer:
        """A sequence classifier as transformers saves it; its head names must be some of our labels."""
        try:
            model, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
                source, local_files_only=local, output_loading_info=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=local)
            heads = tuple(_our_word(model.config.id2label[at]) for at in range(model.config.num_labels))
        except _BROKEN as error:
            raise CannotLoad(
                f"The model folder {source} does not load ({type(error).__name__}); it must be one that training wrote,"
                " or a sequence classifier with config.json, tokenizer.json and weights"
            ) from error
        if loading["missing_keys"] or not set(heads) & {label.value for label in LABELS}:
            wanted = ", ".join(label.value for label in LABELS)
            raise CannotLoad(f"The model folder {source} has no trained head for any of our labels: {wanted}")
        network = _PlainNetwork(model, softmax=model.config.problem_type == "single_label_classification").eval()
        reader = Reader(
            lambda ids: _run(network, ids),
            tokenizer=whole_texts(tokenizer.backend_tokenizer),
            heads=heads,
            calibrations=[Calibration()] * len(heads),
        )
        version = version_of(f"{source} {model.config.to_json_string()} {_fingerprint(model)}")
        lines = Lines(dict.fromkeys(LABELS, 0.5), dict.fromkeys(STEPS, 0.5))
        return cls(reader, lines=lines, source=Source(Path(source).name, version))


class _PlainNetwork(nn.Module):
    """A published sequence classifier behind the same two arguments; logits whose sigmoid is its probability."""

    def __init__(self, model: transformers.PreTrainedModel, *, softmax: bool) -> None:
        super().__init__()
        self.model, self._softmax = model, softmax

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits = cast(Tensor, self.model(input_ids=input_ids, attention_mask=attention_mask).logits)
        return torch.logit(logits.softmax(-1), eps=1e-6) if self._softmax else logits


def open_network(weights: Weights) -> Network:
    """The network of a checked folder, in full precision; raises CannotLoad where it does not fit its config."""
    try:
        config = transformers.AutoConfig.from_pretrained(weights.folder, local_files_only=True)
        network = Network(config, heads=len(weights.heads))
        network.load_state_dict({name: value.float() for name, value in load_file(weights.folder / NETWORK).items()})
        return network.eval()
    except _BROKEN as error:
        raise incomplete(weights.folder, error, [NETWORK]) from error


def reader_of(weights: Weights, network: Network | None = None) -> Reader:
    """A reader over the folder's network, or over another one with the folder's tokenizer and calibration."""
    opened = network or open_network(weights)
    return Reader(
        lambda ids: _run(opened, ids),
        tokenizer=weights.tokenizer,
        heads=weights.heads,
        calibrations=weights.calibrations,
    )


def _run(network: nn.Module, ids: Ids) -> NDArray[Any]:
    read = torch.from_numpy(ids)
    with torch.inference_mode():
        return cast("NDArray[Any]", network(read, torch.ones_like(read)).numpy())


def _our_word(head: str) -> str:
    word = str(head).casefold().replace(" ", "_")
    return _ALIASES.get(word, word)


def _fingerprint(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(f"{name} {float(value.double().sum())} {float(value.double().abs().sum())}".encode())
    return digest.hexdigest()
