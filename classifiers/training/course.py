"""One recipe followed from its file to a weights folder: the whole of training behind one function."""

from __future__ import annotations

from pathlib import Path

from classifiers.training.encoders import NoEncoder, encoder_folder
from classifiers.training.recipes import RecipeError, read_recipe
from classifiers.training.shipping import ship
from classifiers.training.sources import CORPUS, LICENCES, read_civic
from classifiers.training.train import Materials, Say, train


class Stopped(Exception):
    """Training that cannot go on; says what is missing or wrong."""


def follow(
    recipe: Path, *, sources: Path, work: Path, say: Say, out: Path | None = None, corpus: Path = CORPUS
) -> Path:
    """Train as the recipe says and write the weights folder `out` (`work/models/NAME` when None); returns it.

    Every finished pass is kept under `work` and taken up when called again. Raises Stopped.
    """
    try:
        plan = read_recipe(recipe)
        encoder = encoder_folder(plan.encoder, work=work)
        for name in plan.caps:
            say(f"{name}: at most {plan.caps[name]} rows, licence {LICENCES.get(name, 'NOT STATED: not for shipping')}")
        network = train(Materials(corpus, sources, encoder, work), plan, say=say)
        folder = out or work / "models" / plan.name
        ship(network, encoder=encoder, out=folder, civic=read_civic(corpus), recipe=plan.told())
    except (RecipeError, NoEncoder, FileNotFoundError, ValueError) as problem:
        raise Stopped(str(problem)) from problem
    return folder
