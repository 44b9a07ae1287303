"""From raw sets to a trained network, stage by stage, as a recipe says; every finished pass is kept for a restart."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoConfig

from classifiers.heads import HEADS
from classifiers.network import Network, read_ids
from classifiers.training.augment import Augmenter, surnames
from classifiers.training.learning import Learner, Lesson, encode, padding_and_mask
from classifiers.training.recipes import Recipe, RecipeError, Stage
from classifiers.training.sources import CivicPost, Row, Sets, read_civic, read_public
from records.vocabulary import Level

Say = Callable[[str], None]


@dataclass(frozen=True)
class Materials:
    """What a training is made of: the folders of the corpus, the public sets, the encoder and of its own states."""

    corpus: Path
    sources: Path
    encoder: Path
    work: Path


def train(materials: Materials, recipe: Recipe, *, say: Say) -> Network:
    """The trained network: per seed all stages, the weights of all seeds averaged.

    Raises FileNotFoundError naming public sets that are missing, RecipeError where the teacher cannot be used.
    """
    torch.set_num_threads(recipe.threads)
    course = _Course(materials, recipe, say=say)
    results = [course.whole(seed) for seed in recipe.seeds]
    network = fresh_network(materials.encoder)
    network.load_state_dict(mean_of(results))
    return network.eval()


def mean_of(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The average of several networks that started alike, weight by weight."""
    return {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}


def fresh_network(encoder: Path, *, frozen_layers: int = 0) -> Network:
    """The plain encoder with untrained heads; its word vectors stay as they are, so that unseen words move along."""
    config = AutoConfig.from_pretrained(encoder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    torch.manual_seed(0)
    network = Network(config, heads=len(HEADS))
    state = {k: v for k, v in load_file(encoder / "model.safetensors").items() if not k.startswith("pooler.")}
    network.encoder.load_state_dict({k: v for k, v in state.items() if not k.endswith("position_ids")})
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    for layer in network.encoder.encoder.layer[:frozen_layers]:
        layer.requires_grad_(False)
    return network


def open_tokenizer(folder: Path, *, max_tokens: int) -> Tokenizer:
    """The tokenizer of an encoder, cutting the reply's parent first and padding nothing."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens, strategy="longest_first")
    tokenizer.no_padding()
    return tokenizer


class _Course:
    """All stages of one recipe. What a finished stage or pass left in the work folder is taken up from there."""

    def __init__(self, materials: Materials, recipe: Recipe, *, say: Say) -> None:
        self._materials, self._recipe, self._say = materials, recipe, say
        self._tokenizer = open_tokenizer(materials.encoder, max_tokens=recipe.max_tokens)
        self._civic = read_civic(materials.corpus)
        self._sets = Sets(materials.sources, recipe.caps, recipe.weights)
        self._teacher = _Teacher(recipe) if recipe.teacher else None
        self._folder = materials.work
        self._folder.mkdir(parents=True, exist_ok=True)

    def whole(self, seed: int) -> dict[str, Tensor]:
        """The weights after the last stage."""
        state: dict[str, Tensor] | None = None
        for number, stage in enumerate(self._recipe.stages):
            own = self._recipe.seeds[0] if number < self._recipe.shared_stages else seed
            kept = self._folder / f"{stage.name}-{self._digest(number, seed=own)}.safetensors"
            if kept.exists():
                self._say(f"{stage.name} (seed {own}): taken from {kept.name}")
                state = load_file(kept)
            else:
                state = self._stage(stage, seed=own, start=state, kept=kept)
        assert state is not None  # a recipe has at least one stage
        return state

    def _stage(self, stage: Stage, *, seed: int, start: dict[str, Tensor] | None, kept: Path) -> dict[str, Tensor]:
        network = fresh_network(self._materials.encoder, frozen_layers=self._recipe.frozen_layers)
        if start is not None:
            network.load_state_dict(start)
        passes = list(self._passes(stage, seed=seed))
        learner = Learner(network, self._tokenizer, self._recipe, stage=stage, seed=seed, rows=sum(map(len, passes)))
        half_way = kept.with_suffix(".state")
        done = learner.resume(half_way) if half_way.exists() else 0
        for number, rows in enumerate(passes[done:], done + 1):
            taught = self._teacher.logits(rows) if self._teacher else None
            loss = learner.learn(Lesson(rows, taught), name=f"{stage.name} {number}/{len(passes)} (seed {seed})")
            self._say(f"{stage.name} {number}/{len(passes)} (seed {seed}): {len(rows)} rows, loss {loss:.3f}")
            learner.save(half_way, done=number)
        save_file(learner.averaged(), kept)
        half_way.unlink()
        return learner.averaged()

    def _passes(self, stage: Stage, *, seed: int) -> Iterator[list[Row]]:
        """Per pass: the civic posts to learn from, changed anew, with a fresh draw of the public sets."""
        changed = changer(self._civic.learn if stage.civic else (), self._recipe, seed=seed)
        for number in range(stage.passes):
            own = [changed(post.row) for post in self._civic.learn[: round(len(self._civic.learn) * stage.civic)]]
            drawn = read_public(self._sets, seed=seed + 1 + number, share=stage.public) if stage.public else []
            yield own + [changed(row) for row in drawn]

    def _digest(self, number: int, *, seed: int) -> str:
        """Changes with all that decides the outcome of this stage, so that no state of another training is taken up."""
        said = self._recipe.told()
        stages = self._recipe.stages[: number + 1]
        said |= {"stages": [stage.model_dump() for stage in stages], "seeds": seed, "name": "", "shared_stages": 0}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        if any(stage.civic for stage in stages):
            for file in sorted(self._materials.corpus.glob("*.jsonl")):
                digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:12]


class _Teacher:
    """A trained model that scores the student's rows."""

    def __init__(self, recipe: Recipe) -> None:
        assert recipe.teacher is not None
        folder = recipe.teacher.folder
        try:
            heads = json.loads((folder / "model.json").read_text(encoding="utf-8"))["heads"]
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            self._network = Network(config, heads=len(heads))
            self._network.load_state_dict(load_file(folder / "model.safetensors"))
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise RecipeError(f"The teacher {folder} of the recipe {recipe.name} does not load: {error}") from error
        if tuple(heads) != HEADS:
            raise RecipeError(f"The teacher {folder} has other heads than ours; train it with this version")
        self._tokenizer = open_tokenizer(folder, max_tokens=recipe.max_tokens)
        self._padding, _ = padding_and_mask(self._tokenizer)
        self._network.eval()

    def logits(self, rows: Sequence[Row]) -> Tensor:
        encoded = encode(self._tokenizer, rows)
        order = sorted(range(len(rows)), key=lambda i: len(encoded[i]))
        said = torch.zeros((len(rows), len(HEADS)))
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                batch = order[start : start + 64]
                said[batch] = self._network(*read_ids([encoded[i] for i in batch], padding=self._padding))
        return said


def changer(civic: Sequence[CivicPost], recipe: Recipe, *, seed: int) -> Augmenter:
    """Changes rows with the names of these posts and with short lawful ones of them."""
    names = surnames([post.text for post in civic])
    lawful = [post.row.text for post in civic if post.level is Level.LAWFUL and len(post.text) < 120]
    parents = [post.row.text for post in civic if len(post.text) < 140]
    return Augmenter(recipe.augmentation, names=names, lawful=lawful, parents=parents, seed=seed)


def copy_tokenizer(encoder: Path, out: Path) -> None:
    """The tokenizer of an encoder without its cutting and padding."""
    shutil.copyfile(encoder / "tokenizer.json", out / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(out / "tokenizer.json"))
