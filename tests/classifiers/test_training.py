"""From raw sets to a folder that judges, on a network small enough to train in a moment."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from classifiers.register import DEFAULT_FOLDER, load
from classifiers.shape import Passage
from classifiers.training.augment import Augmenter, surnames
from classifiers.training.shipping import ship
from classifiers.training.sources import (
    BLOCK,
    CORPUS,
    LABELS,
    STEPS,
    Row,
    public_target,
    read_civic,
    read_posts,
    read_public,
)
from classifiers.training.train import Recipe, masked_loss, train
from records.vocabulary import Label, Level


def test_the_corpus_is_consistent_and_whole() -> None:
    posts = [post for file in sorted(CORPUS.glob("*.jsonl")) for post in read_posts(file)]
    assert len(posts) >= 7_000
    assert len({post.id for post in posts}) == len(posts)
    for post in posts:
        assert (post.level is Level.LAWFUL) == (not post.labels), post.id


def test_twins_stay_in_one_split() -> None:
    civic = read_civic()
    where = {post.id: name for name in ("learn", "choose", "held_out") for post in getattr(civic, name)}
    assert min(len(civic.choose), len(civic.held_out)) >= 400
    for file in CORPUS.glob("*.jsonl"):
        posts = read_posts(file)
        for start in range(0, len(posts), BLOCK):
            assert len({where[post.id] for post in posts[start : start + BLOCK]}) == 1


def test_nothing_learned_from_is_in_the_evaluation_set() -> None:
    from classifiers.evaluation.measure import CIVICCHECK

    learned = {post.text.casefold() for post in read_civic().learn}
    assert not learned & {post.text.casefold() for post in read_posts(CIVICCHECK)}


def test_a_broken_corpus_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "1", "text": "a"}\n')
    with pytest.raises(ValueError, match=r"x\.jsonl line 1"):
        read_civic(tmp_path)


def test_silence_is_not_a_no() -> None:
    said = public_target({"hate": 1, "threat": None, "abusive": 1})
    assert said[LABELS.index(Label.HATE)] == 1
    assert said[LABELS.index(Label.THREAT)] is None
    assert said[len(LABELS) :] == (1.0, 1.0, None, None)
    assert public_target({"insult": 1})[len(LABELS) :] == (1.0, None, None, None)
    assert set(public_target({"abusive": 0})[len(LABELS) :]) == {0.0}
    assert public_target({"abusive": 0})[LABELS.index(Label.HATE)] is None


def test_what_a_source_does_not_say_costs_nothing() -> None:
    known = (1.0, *[None] * (len(LABELS) + len(STEPS) - 1))
    logits = torch.zeros((1, len(known)))
    moved = torch.tensor([[0.0, *[9.0] * (len(known) - 1)]])
    assert masked_loss(logits, [Row("x", known)]) == masked_loss(moved, [Row("x", known)])
    assert masked_loss(logits + 3, [Row("x", known)]) < masked_loss(logits, [Row("x", known)])


def test_names_are_swapped_and_other_words_kept() -> None:
    names = surnames(["Cllr Marsh and Cllr Brough", "Councillor Okafor spoke", "marshmallow for the council"])
    assert names == ("brough", "marsh", "okafor")
    swapped = {
        Augmenter(names=names, lawful=["Bins are on Tuesday"], seed=seed)("Cllr Marsh voted for it")
        for seed in range(40)
    }
    assert any("okafor" in text or "brough" in text for text in swapped)
    assert any("voted for it" in text for text in swapped)


def test_from_raw_sets_to_a_judgement(tmp_path: Path) -> None:
    encoder, corpus, sources = _tiny_encoder(tmp_path), tmp_path / "corpus", tmp_path / "sources"
    corpus.mkdir()
    lines = (CORPUS / "c1_threats.jsonl").read_text(encoding="utf-8").splitlines()
    (corpus / "c1_threats.jsonl").write_text("\n".join(lines[:400]), encoding="utf-8")
    sources.mkdir()
    with gzip.open(sources / "edos.jsonl.gz", "wt") as file:
        file.writelines(json.dumps({"text": f"[USER] row {n}", "hate": n % 2}) + "\n" for n in range(64))
    recipe, told, work = Recipe(civic_passes=1, max_tokens=16, batch=128), list[str](), tmp_path / "work"
    whole = train(corpus, sources, encoder=encoder, work=work, recipe=recipe, progress=told.append)
    network = train(corpus, sources, encoder=encoder, work=work, recipe=recipe, progress=told.append)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in whole.state_dict().items())
    ship(network, encoder=encoder, out=tmp_path / "tiny", corpus=corpus, recipe={})
    classifier = load("transformer", folder=tmp_path / "tiny")
    [judgement] = classifier.judge([Passage("Cllr Marsh spoke about kerbs")])
    assert judgement.model == "tiny"


def test_no_sets_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="edos"):
        read_public(tmp_path, seed=1)


def _tiny_encoder(tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    config = transformers.BertConfig(
        vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    torch.manual_seed(1)
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    shutil.copyfile(DEFAULT_FOLDER / "tokenizer.json", folder / "tokenizer.json")
    return folder
