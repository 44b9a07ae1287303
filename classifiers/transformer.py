"""Judges with a transformer from a local folder: ours, with its heads, or a plain sequence classifier. Never trains."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
import transformers
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers.utils import logging as transformers_logging

from classifiers import doxxing, normalise, rules, severity
from classifiers.normalise import for_model, parts, unmasked
from classifiers.severity import Lines, Scores, Source, judged
from classifiers.shape import CannotLoad, Judgement, Passage
from records.vocabulary import Label, Level

WINDOW = 128
"""Tokens the model reads at once, as in training."""

OVERLAP = 32
"""Tokens that neighbouring windows share, so that a sentence cut by one stands whole in the next."""

LONGEST = 30_000
"""Characters read of one text; of a longer one the start, the end and samples between are read."""

BATCH = 16

WEIGHTS = "model.safetensors"

STEPS = (Level.UNCIVIL, Level.ABUSIVE, Level.SERIOUS, Level.CRITICAL)

_ALIASES: Mapping[str, str] = {
    "identity_hate": "hate",
    "identity_attack": "hate",
    "sexual_explicit": "sexual",
    "report": "abusive",
    "toxic": "abusive",
}
"""Names of heads that other published classifiers use for what we call otherwise."""


class Network(nn.Module):
    """An encoder, the mean of its states over the text, and one linear layer: one logit per head."""

    def __init__(self, config: transformers.PretrainedConfig, *, heads: int) -> None:
        super().__init__()
        self.encoder = transformers.AutoModel.from_config(  # type: ignore[no-untyped-call]
            config, add_pooling_layer=False
        )
        self.dropout = nn.Dropout(0.2)
        self.heads = nn.Linear(config.hidden_size, heads)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        present = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * present).sum(1) / present.sum(1).clamp(min=1)
        return cast(Tensor, self.heads(self.dropout(pooled)))


class _PlainNetwork(nn.Module):
    """A published sequence classifier behind the same two arguments."""

    def __init__(self, model: transformers.PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return cast(Tensor, self.model(input_ids=input_ids, attention_mask=attention_mask).logits)


@dataclass(frozen=True)
class Loaded:
    """A model with what is needed to read its outputs: head names in order, and the operating point."""

    name: str
    version: str
    tokenizer: Tokenizer
    network: nn.Module
    temperature: float
    softmax: bool
    heads: tuple[str, ...]
    lines: Lines


class Transformer:
    """One loaded model. The same text always gets the same judgement, alone or among others.

    Every text is padded to a length that depends on itself only and every batch runs on one thread (several batches at
    a time), because sums split over threads differ in the last digit. Loading sets torch to one thread per operation.
    """

    def __init__(self, loaded: Loaded, *, threads: int | None = None) -> None:
        self._loaded = loaded
        self._threads = threads or min(4, os.cpu_count() or 1)
        torch.set_num_threads(1)

    @classmethod
    def load(cls, *, folder: Path | str, allow_network: bool = False) -> Transformer:
        """Raises CannotLoad, naming the folder, where it is missing, incomplete, damaged or of another kind."""
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        path = Path(folder)
        if not path.is_dir():
            if not allow_network or path.is_absolute():
                raise CannotLoad(f"There is no model folder {folder}; name a folder that holds a model")
            return cls(_plain(str(folder), local=False))
        return cls(_ours(path) if (path / "model.json").exists() else _plain(str(path), local=True))

    @property
    def name(self) -> str:
        return self._loaded.name

    @property
    def version(self) -> str:
        return self._loaded.version

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """One judgement per passage, in order; equal texts are read once. The parent post is not read by this model."""
        texts = list(dict.fromkeys(passage.text for passage in passages))
        source = Source(self.name, self.version)
        read = [parts(text, longest=LONGEST) for text in texts]
        done = {
            text: judged(stretches, score, self._loaded.lines, source)
            for text, stretches, score in zip(texts, read, self._scores(read), strict=True)
        }
        return [done[passage.text] for passage in passages]

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """What the network alone says, before rules and lines: for choosing lines and for measuring."""
        return self._scores([parts(text, longest=LONGEST) for text in texts])

    def _scores(self, read: Sequence[Sequence[tuple[int, str]]]) -> list[Scores]:
        """The worst of each text's windows, head by head."""
        windows = [
            (at, window) for at, stretches in enumerate(read) for _, text in stretches for window in self._windows(text)
        ]
        worst = [[0.0] * len(self._loaded.heads) for _ in read]
        batches = _batches([window for _, window in windows])
        with ThreadPoolExecutor(self._threads) as pool:
            outputs = pool.map(lambda batch: self._run([windows[i][1] for i in batch]), batches)
            for batch, rows in zip(batches, outputs, strict=True):
                for i, row in zip(batch, rows, strict=True):
                    worst[windows[i][0]] = list(map(max, worst[windows[i][0]], row))
        return [_named(self._loaded.heads, row) for row in worst]

    def _windows(self, text: str) -> list[list[int]]:
        """The text in overlapping windows; where it looks disguised, the undisguised reading as well."""
        plain = for_model(text)
        readings = [plain, *filter(None, [unmasked(plain)])]
        return [window for reading in readings for window in _cut(self._loaded.tokenizer, reading)]

    def _run(self, windows: Sequence[Sequence[int]]) -> list[list[float]]:
        length = _padded_length(len(windows[0]))
        ids = torch.zeros((len(windows), length), dtype=torch.long)
        mask = torch.zeros((len(windows), length), dtype=torch.long)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = torch.tensor(window)
            mask[row, : len(window)] = 1
        with torch.inference_mode():
            logits = self._loaded.network(ids, mask) / self._loaded.temperature
            chances = logits.softmax(-1) if self._loaded.softmax else logits.sigmoid()
        return [[round(float(chance), 4) for chance in row] for row in chances]


def _cut(tokenizer: Tokenizer, text: str) -> list[list[int]]:
    whole = tokenizer.encode(text).ids
    if len(whole) <= WINDOW:
        return [whole]
    first, inner, last = whole[0], whole[1:-1], whole[-1]
    room = WINDOW - 2
    starts = [*range(0, len(inner) - room, room - OVERLAP), len(inner) - room]
    return [[first, *inner[at : at + room], last] for at in starts]


def _padded_length(tokens: int) -> int:
    return min(WINDOW, -(-tokens // 8) * 8)


def _batches(windows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Indexes of windows of one padded length each, long ones first so that no thread waits for a late one."""
    by_length: dict[int, list[int]] = {}
    for at, window in enumerate(windows):
        by_length.setdefault(_padded_length(len(window)), []).append(at)
    return [
        same[start : start + BATCH]
        for _, same in sorted(by_length.items(), reverse=True)
        for start in range(0, len(same), BATCH)
    ]


def _named(heads: Sequence[str], row: Sequence[float]) -> Scores:
    by_name = dict(zip(heads, row, strict=True))
    labels = {label: by_name.get(label.value, 0.0) for label in Label}
    if "abusive" in by_name and "serious" in by_name:
        steps = {step: by_name[step.name.casefold()] for step in STEPS}
        for step in STEPS[1:]:
            steps[step] = min(steps[step], steps[Level(step - 1)])
        return Scores(labels, steps)
    grave = max(labels[Label.THREAT], labels[Label.DOXXING])
    report = max(by_name.get("abusive", 0.0), *(score for label, score in labels.items() if label is not Label.INSULT))
    any_label = max(report, labels[Label.INSULT])
    return Scores(labels, {STEPS[0]: any_label, STEPS[1]: report, STEPS[2]: grave, STEPS[3]: 0.0})


def _ours(folder: Path) -> Loaded:
    """A folder written by training: config.json, tokenizer.json, model.json and model.safetensors."""
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        for file, digest in about["files"].items():
            if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
                raise CannotLoad(f"The model folder {folder} is damaged: {file} is not the file that model.json names")
        heads = tuple(about["heads"])
        network = Network(transformers.AutoConfig.from_pretrained(folder, local_files_only=True), heads=len(heads))
        network.load_state_dict({name: value.float() for name, value in load_file(folder / WEIGHTS).items()})
        return Loaded(
            name=str(about["name"]),
            version=_version(json.dumps(about, sort_keys=True)),
            tokenizer=_whole_texts(Tokenizer.from_file(str(folder / "tokenizer.json"))),
            network=network.eval(),
            temperature=float(about["temperature"]),
            softmax=False,
            heads=heads,
            lines=Lines(
                {label: float(about["lines"][label.value]) for label in Label},
                {step: float(about["lines"][step.name.casefold()]) for step in STEPS},
            ),
        )
    except (OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError) as error:
        raise CannotLoad(
            f"The model folder {folder} is incomplete or damaged ({type(error).__name__}); it must hold config.json,"
            f" tokenizer.json, model.json and {WEIGHTS} as training wrote them"
        ) from error


def _plain(source: str, *, local: bool) -> Loaded:
    """A sequence classifier as transformers saves it; its head names must be some of our labels."""
    wanted = ", ".join(label.value for label in Label)
    try:
        model, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
            source, local_files_only=local, output_loading_info=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=local).backend_tokenizer
    except (OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError) as error:
        raise CannotLoad(
            f"The model folder {source} does not load ({type(error).__name__}); it must be one that training wrote, or"
            " a sequence classifier with config.json, tokenizer.json and weights"
        ) from error
    heads = tuple(_our_word(model.config.id2label[at]) for at in range(model.config.num_labels))
    if loading["missing_keys"] or not set(heads) & {label.value for label in Label}:
        raise CannotLoad(f"The model folder {source} has no trained head for any of our labels: {wanted}")
    return Loaded(
        name=Path(source).name,
        version=_version(f"{source} {model.config.to_json_string()} {_fingerprint(model)}"),
        tokenizer=_whole_texts(tokenizer),
        network=_PlainNetwork(model).eval(),
        temperature=1.0,
        softmax=model.config.problem_type == "single_label_classification",
        heads=heads,
        lines=Lines(dict.fromkeys(Label, 0.5), dict.fromkeys(STEPS, 0.5)),
    )


def _our_word(head: str) -> str:
    word = str(head).casefold().replace(" ", "_")
    return _ALIASES.get(word, word)


def _whole_texts(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _fingerprint(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(f"{name} {float(value.double().sum())} {float(value.double().abs().sum())}".encode())
    return digest.hexdigest()


def _version(model: str) -> str:
    """Changes with the weights, the operating point and the rules, by choice even with a comment in a rule."""
    digest = hashlib.sha256(model.encode())
    for module in (normalise, severity, rules, doxxing):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]
