"""What a classifier said of many cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference.classifier import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.inference.scoring import Scores


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Cells and how likely each class is; nothing in it changes.

    Parameters
    ----------
    names
        Of the cells: of samples in a set, numbers of labels in a picture.
    classes, titles
        Names of the classes as in the data set, and as people call them.
    probabilities
        float32, shape (n, classes).
    distance
        float32, shape (n,): how far a cell lies from everything learnt; None where
        the model does not tell.
    limit
        Cells farther than this are not known; None where all are.
    unknown
        What is said of them.

    Raises
    ------
    CellsetsError
        If the arrays are not of one length.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    titles: tuple[str, ...]
    probabilities: np.ndarray
    distance: np.ndarray | None = None
    limit: float | None = None
    unknown: str = field(default=UNKNOWN)

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.classes))
        far = self.distance
        if self.probabilities.shape != shape or len(self.titles) != shape[1]:
            raise CellsetsError(
                f"{shape[0]} cells and {shape[1]} classes need a table of that shape,"
                f" found {self.probabilities.shape}"
            )
        if far is not None and far.shape != shape[:1]:
            raise CellsetsError(
                f"{shape[0]} cells need as many distances, found {far.shape}"
            )

    @classmethod
    def of(
        cls, names: Sequence[str], scores: Scores, info: ClassifierInfo
    ) -> ClassTable:
        """Return the table of cells that a classifier has scored."""
        return cls(
            tuple(names),
            info.classes,
            tuple(info.title(name) for name in info.classes),
            scores.probabilities,
            scores.distance,
            info.distance_limit,
            info.unknown,
        )

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.names)

    @cached_property
    def predicted(self) -> np.ndarray:
        """Index of the likeliest class, int, shape (n,), also of unknown cells."""
        if not self.classes:
            return np.zeros(len(self), np.intp)
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the likeliest class, float32, shape (n,)."""
        return np.asarray(self.probabilities.max(axis=1, initial=0.0))

    @cached_property
    def known(self) -> np.ndarray:
        """Whether a cell lies near enough to what was learnt, bool, shape (n,)."""
        if self.distance is None or self.limit is None:
            return np.ones(len(self), np.bool_)
        # A distance that is no number is near nothing.
        return np.asarray(self.distance <= self.limit)

    def top(self, index: int, number: int = 3) -> list[tuple[str, float]]:
        """Return the likeliest classes of a cell, best first, with their shares.

        Parameters
        ----------
        index
            Of the cell.
        number
            How many classes, at most.
        """
        shares = self.probabilities[index]
        best = np.argsort(-shares, kind="stable")[:number]
        return [(self.classes[k], float(shares[k])) for k in best]

    def answer(self, index: int) -> str:
        """Return the class as in the data set, or that the cell is not known."""
        if not self.known[index]:
            return self.unknown
        return self.classes[int(self.predicted[index])]

    def shown(self, index: int) -> str:
        """Return the class as people call it, or that the cell is not known."""
        if not self.known[index]:
            return self.unknown
        return self.titles[int(self.predicted[index])]

    def counts(self) -> Mapping[str, int]:
        """Count the cells of each class, in the order of the classes, then unknown.

        Classes without cells count 0; the unknown are left out where all are known.
        """
        found = np.bincount(self.predicted[self.known], minlength=len(self.classes))
        counts = dict(zip(self.classes, found.tolist(), strict=False))
        unknown = int((~self.known).sum())
        return {**counts, self.unknown: unknown} if unknown else counts

    def called(self, classes: Sequence[str]) -> ClassTable:
        """Return the same table with other names of the classes."""
        return replace(self, classes=tuple(classes))

    def chosen(self, indices: np.ndarray) -> ClassTable:
        """Return a table of some of the cells, in the order of `indices`."""
        at = np.asarray(indices, np.intp)
        return replace(
            self,
            names=tuple(self.names[i] for i in at),
            probabilities=self.probabilities[at],
            distance=None if self.distance is None else self.distance[at],
        )
