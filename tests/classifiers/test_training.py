"""From raw sets to a folder that judges, on a network small enough to train in a moment."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from classifiers.heads import HEADS, LABELS, STEPS
from classifiers.register import DEFAULT_FOLDER, load
from classifiers.shape import Passage
from classifiers.training.augment import Augmenter, surnames
from classifiers.training.course import Stopped, follow
from classifiers.training.learning import masked_loss
from classifiers.training.recipes import RECIPES, Augmentation, RecipeError, read_recipe
from classifiers.training.sources import (
    BLOCK,
    CORPUS,
    LICENCES,
    PETITIONS,
    Row,
    Sets,
    held_back,
    public_target,
    read_civic,
    read_posts,
    read_public,
)
from records.vocabulary import Label

RECIPE = """
name = "tiny"
encoder = "{encoder}"
seeds = [1, 2]
max_tokens = 16
batch = 128
[[stages]]
name = "public"
public = 1.0
rate = 1e-3
[[stages]]
name = "civic"
civic = 1.0
public = 0.1
passes = 2
rate = 1e-3
[caps]
edos = 64
"""


def test_twins_stay_in_one_split() -> None:
    civic = read_civic()
    where = {post.id: name for name in ("learn", "choose", "held_out") for post in getattr(civic, name)}
    assert min(len(civic.choose), len(civic.held_out)) >= 400
    for file in CORPUS.glob("*.jsonl"):
        posts = read_posts(file)
        for start in range(0, len(posts), BLOCK):
            assert len({where[post.id] for post in posts[start : start + BLOCK]}) == 1


def test_a_broken_corpus_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "1", "text": "a"}\n')
    with pytest.raises(ValueError, match=r"x\.jsonl line 1"):
        read_civic(tmp_path)


def test_silence_is_not_a_no() -> None:
    said = public_target({"hate": 1, "threat": None, "abusive": 1})
    assert said[LABELS.index(Label.HATE)] == 1
    assert said[LABELS.index(Label.THREAT)] is None
    steps = slice(len(LABELS), len(LABELS) + len(STEPS))
    assert said[steps] == (1.0, 1.0, None, None)
    assert public_target({"insult": 1})[steps] == (1.0, None, None, None)
    assert set(public_target({"abusive": 0})[steps]) == {0.0}
    assert public_target({"abusive": 0})[LABELS.index(Label.HATE)] is None
    assert len(said) == len(HEADS)


def test_what_a_source_does_not_say_costs_nothing() -> None:
    known = (1.0, *[None] * (len(HEADS) - 1))
    logits = torch.zeros((1, len(known)))
    moved = torch.tensor([[0.0, *[9.0] * (len(known) - 1)]])
    assert masked_loss(logits, [Row("x", known)]) == masked_loss(moved, [Row("x", known)])
    assert masked_loss(logits + 3, [Row("x", known)]) < masked_loss(logits, [Row("x", known)])


def test_where_people_are_silent_the_teacher_speaks() -> None:
    silent = Row("x", (1.0, *[None] * (len(HEADS) - 1)))
    taught = torch.full((1, len(HEADS)), 3.0)
    follows = masked_loss(taught, [silent], taught=taught, follow=0.5)
    assert follows < masked_loss(-taught, [silent], taught=taught, follow=0.5)
    known = masked_loss(torch.full((1, len(HEADS)), -3.0), [Row("x", (1.0,) * len(HEADS))], taught=-taught, follow=0.0)
    assert known == masked_loss(torch.full((1, len(HEADS)), -3.0), [Row("x", (1.0,) * len(HEADS))])


def test_names_are_swapped_and_other_words_kept() -> None:
    names = surnames(["Cllr Marsh and Cllr Brough", "Councillor Okafor spoke", "marshmallow for the council"])
    assert names == ("brough", "marsh", "okafor")
    swapped = {_changed("Cllr Marsh voted for it", names=names, seed=seed) for seed in range(40)}
    assert any("okafor" in text or "brough" in text for text in swapped)
    assert any("voted for it" in text for text in swapped)


def test_what_is_said_of_one_group_is_said_of_another() -> None:
    often = Augmentation(names=0, identities=1, case=0, beside=0, handle=0, punctuation=0, scuff=0, emoji=0)
    texts = {_changed("The Muslims and the council", often=often, seed=seed) for seed in range(30)}
    assert len(texts) > 10
    assert all(text.startswith("The ") and text.endswith(" and the council") for text in texts)


def test_a_parent_may_be_given_and_is_never_taken() -> None:
    augment = Augmenter(Augmentation(parent=1), names=[], lawful=[], parents=["You said so"], seed=1)
    assert augment(Row("Yes", ())).parent == "You said so"
    assert augment(Row("Yes", (), parent="Did I?")).parent == "Did I?"


def test_from_raw_sets_to_a_judgement_in_one_command(tmp_path: Path) -> None:
    recipe, corpus, sources = _small_world(tmp_path)
    told = list[str]()
    first = follow(recipe, sources=sources, work=tmp_path / "work", corpus=corpus, out=tmp_path / "a", say=told.append)
    assert any("edos: at most 64 rows, licence CC0" in line for line in told)
    again = follow(recipe, sources=sources, work=tmp_path / "fresh", corpus=corpus, out=tmp_path / "b", say=told.append)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (first, again)]
    assert weights[0] == weights[1]
    classifier = load("transformer", folder=first)
    [judgement] = classifier.judge([Passage("Cllr Marsh spoke about kerbs", parent="Who spoke?")])
    assert judgement.model == "a"
    about = json.loads((first / "model.json").read_text())
    assert about["sources"] == {"civic corpus": "MIT", "edos": "CC0"}
    assert set(about["points"]) == {"cautious", "balanced", "quiet"}


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    recipe, corpus, sources = _small_world(tmp_path)
    work, told = tmp_path / "work", list[str]()

    def stop_after_a_civic_pass(line: str) -> None:
        told.append(line)
        if line.startswith("civic 2/2"):
            raise KeyboardInterrupt

    out = tmp_path / "tiny"
    with pytest.raises(KeyboardInterrupt):
        follow(recipe, sources=sources, work=work, corpus=corpus, out=out, say=stop_after_a_civic_pass)
    told.clear()
    follow(recipe, sources=sources, work=work, corpus=corpus, out=out, say=told.append)
    assert not any(line.startswith("public 1/1") for line in told)
    assert [line[:9] for line in told if line.startswith("civic")].count("civic 1/2") == 1
    follow(recipe, sources=sources, work=tmp_path / "w2", corpus=corpus, out=tmp_path / "whole", say=told.append)
    assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_a_student_learns_from_a_teacher(tmp_path: Path) -> None:
    recipe, corpus, sources = _small_world(tmp_path)
    alone = follow(recipe, sources=sources, work=tmp_path / "w", corpus=corpus, out=tmp_path / "alone", say=str)
    recipe.write_text(
        recipe.read_text().replace("[[stages]]", f'[teacher]\nfolder = "{alone}"\nweight = 0.5\n[[stages]]', 1)
    )
    taught = follow(recipe, sources=sources, work=tmp_path / "w", corpus=corpus, out=tmp_path / "taught", say=str)
    assert (alone / "model.safetensors").read_bytes() != (taught / "model.safetensors").read_bytes()
    (alone / "model.safetensors").unlink()
    with pytest.raises(Stopped, match="teacher"):
        follow(recipe, sources=sources, work=tmp_path / "x", corpus=corpus, out=tmp_path / "no", say=str)


def test_missing_sets_stop_the_training_by_name(tmp_path: Path) -> None:
    recipe, corpus, sources = _small_world(tmp_path)
    (sources / "edos.jsonl.gz").unlink()
    with pytest.raises(Stopped, match="edos"):
        follow(recipe, sources=sources, work=tmp_path, corpus=corpus, say=str)


def test_a_recipe_names_its_fault(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(RECIPE.format(encoder="none") + "unknown_set = 'many'\n")
    with pytest.raises(RecipeError, match=r"x\.toml .*unknown_set"):
        read_recipe(file)
    file.write_text(RECIPE.format(encoder="none").replace("batch", "bach"))
    with pytest.raises(RecipeError, match="bach"):
        read_recipe(file)


def test_shipped_recipes_use_open_sets_only() -> None:
    recipes = [read_recipe(file) for file in sorted(RECIPES.glob("*.toml"))]
    assert recipes
    for recipe in recipes:
        assert recipe.name.startswith("compare-") or set(recipe.caps) <= set(LICENCES)


def test_titles_held_back_are_never_drawn(tmp_path: Path) -> None:
    texts = [f"Keep the library in ward {n} open" for n in range(200)]
    with gzip.open(tmp_path / f"{PETITIONS}.jsonl.gz", "wt") as file:
        file.writelines(json.dumps({"text": text, "abusive": 0}) + "\n" for text in texts)
    drawn = {row.text for row in read_public(Sets(tmp_path, {PETITIONS: 500}, {}), seed=1)}
    kept = {text for text in texts if held_back(text)}
    assert kept
    assert drawn == set(texts) - kept


def _changed(text: str, *, seed: int, names: tuple[str, ...] = (), often: Augmentation | None = None) -> str:
    augment = Augmenter(often or Augmentation(), names=names, lawful=["Bins are on Tuesday"], parents=[], seed=seed)
    return augment.text(text)


def _small_world(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A recipe, a corpus of a few hundred posts and one public set."""
    encoder, corpus, sources = _tiny_encoder(tmp_path), tmp_path / "corpus", tmp_path / "sources"
    corpus.mkdir()
    lines = (CORPUS / "c1_threats.jsonl").read_text(encoding="utf-8").splitlines()
    (corpus / "c1_threats.jsonl").write_text("\n".join(lines[:400]), encoding="utf-8")
    sources.mkdir()
    with gzip.open(sources / "edos.jsonl.gz", "wt") as file:
        file.writelines(json.dumps({"text": f"[USER] row {n}", "hate": n % 2}) + "\n" for n in range(64))
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE.format(encoder=encoder), encoding="utf-8")
    return recipe, corpus, sources


def _tiny_encoder(tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    config = transformers.BertConfig(
        vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    torch.manual_seed(1)
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    shutil.copyfile(DEFAULT_FOLDER / "tokenizer.json", folder / "tokenizer.json")
    return folder
