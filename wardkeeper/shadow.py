"""A judge in shadow as a job of its own: whatever goes wrong with it is told in plain words and disturbs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from classifiers.shape import CannotLoad, Classifier, Judgement, Passage

log = structlog.get_logger()


class Shadow:
    """Reads what the judge reads. `problem` says why it does not work, "" while it does."""

    def __init__(self, classifier: Classifier | None, *, point: str, problem: str = "") -> None:
        self._classifier = classifier
        self.point = point
        self.problem = problem

    @classmethod
    def load(cls, load: Callable[[], Classifier], *, point: str, beside: Classifier) -> Shadow:
        """The judge that `load` gives, ready or with its problem; never raises.

        One that judges exactly as `beside` does is not run: it would take time and show nothing.
        """
        try:
            classifier = load()
        except CannotLoad as missing:
            return cls(None, point=point, problem=str(missing))
        except Exception as fault:  # the outermost wrapper of the shadow's job: the judging must go on
            log.error("the judge in shadow does not load", fault=type(fault).__name__, exc_info=True)
            return cls(None, point=point, problem=f"It does not load ({type(fault).__name__}); see the log.")
        if (classifier.name, classifier.version) == (beside.name, beside.version):
            same = "It judges exactly as the judge does, so there is nothing to compare: name another folder or point."
            return cls(None, point=point, problem=same)
        return cls(classifier, point=point)

    @property
    def name(self) -> str:
        """The model's name, "" when none is loaded."""
        return self._classifier.name if self._classifier else ""

    @property
    def version(self) -> str:
        """The model's version, "" when none is loaded."""
        return self._classifier.version if self._classifier else ""

    def judge(self, passages: Sequence[Passage]) -> list[Judgement] | None:
        """One judgement per passage, or None while it does not work. Tried anew with every batch; never raises."""
        if self._classifier is None:
            return None
        try:
            judgements = self._classifier.judge(passages)
        except Exception as fault:  # the outermost wrapper of the shadow's job: the judging must go on
            self._break(f"It broke while judging ({type(fault).__name__}); see the log.")
            return None
        if len(judgements) != len(passages):
            self._break("It gave another number of judgements than it was given posts.")
            return None
        self.problem = ""
        return judgements

    def _break(self, problem: str) -> None:
        if problem != self.problem:
            log.error("the judge in shadow broke; the judging goes on", problem=problem, exc_info=True)
        self.problem = problem
