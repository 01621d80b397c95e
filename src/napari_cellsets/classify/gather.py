"""Answers about the samples of a set, kept as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify.table import ClassTable
from napari_cellsets.inference.scoring import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.inference.classifier import ClassifierInfo


class Gathered:
    """Room for the answer to every sample of a set.

    Parameters
    ----------
    names
        Of all samples.
    info
        The classifier that answers.
    """

    def __init__(self, names: Sequence[str], info: ClassifierInfo) -> None:
        self.info = info
        self._names = names
        self._shares = np.zeros((len(names), len(info.classes)), np.float32)
        self._far = np.zeros(len(names), np.float32)
        self._done = np.zeros(len(names), np.bool_)

    def put(self, indices: Sequence[int] | np.ndarray, scores: Scores) -> None:
        """Keep the answers to these samples, in place of earlier ones."""
        at = np.asarray(indices, np.intp)
        self._shares[at] = scores.probabilities
        if scores.distance is not None:
            self._far[at] = scores.distance
        self._done[at] = True

    @property
    def done(self) -> np.ndarray:
        """Indices of the samples that were answered, ascending, intp, shape (n,)."""
        return np.flatnonzero(self._done)

    @property
    def waiting(self) -> np.ndarray:
        """Indices of the samples that were not, ascending, intp, shape (n,)."""
        return np.flatnonzero(~self._done)

    def table(self, indices: Sequence[int] | None = None) -> ClassTable:
        """Return what is known so far, in the order of `done`; or of some samples."""
        at = self.done if indices is None else np.asarray(indices, np.intp)
        told = self.info.distance_output is not None
        scores = Scores(self._shares[at], self._far[at] if told else None)
        return ClassTable.of([self._names[i] for i in at], scores, self.info)
