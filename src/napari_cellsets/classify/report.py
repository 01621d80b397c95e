"""Answers of a classifier beside the labels that a data set gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify.calibration import BINS, Calibration, calibrate
from napari_cellsets.classify.intervals import Interval, wilson
from napari_cellsets.classify.truth import ClassNames
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.classify.table import ClassTable


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class was found.

    Parameters
    ----------
    name, title
        As in the data set, and as people call it.
    support
        Cells whose label is this class.
    predicted
        Cells with a label, of any class, that were given this class.
    hits
        Cells that were given their class.
    precision, recall
        hits / predicted and hits / support; None where there is nothing to divide.
    precision_interval, recall_interval
        Wilson, 95 %.
    f1
        Harmonic mean, None without cells of either kind.
    """

    name: str
    title: str
    support: int
    predicted: int
    hits: int
    precision: float | None
    precision_interval: Interval
    recall: float | None
    recall_interval: Interval
    f1: float | None


@dataclass(frozen=True, eq=False)
class ClassReport:
    """How well a set, or a picture, was classified.

    Parameters
    ----------
    rows
        Classes of the labels: those of the model in its order, then labels that
        stand for none of them, as written.
    row_titles
        The same as people call them.
    columns
        Classes of the model, then what is said of cells that are not known.
    confusion
        int, shape (rows, columns): number of cells.
    right, judged
        Cells given their class, and cells whose label is a class of the model.
        One of these that was called unknown was not given its class.
    classes
        One a class of the model, in its order.
    calibration
        Over the judged cells that were given a class.
    foreign, foreign_unknown
        Cells whose label is no class of the model, and how many of them were
        rightly called unknown. They are not judged: no answer could be right.
    unknown
        Cells called unknown, with or without a label.
    cells
        All cells, with or without a label.
    """

    rows: tuple[str, ...]
    row_titles: tuple[str, ...]
    columns: tuple[str, ...]
    confusion: np.ndarray
    right: int
    judged: int
    classes: tuple[ClassScore, ...]
    calibration: Calibration
    foreign: int
    foreign_unknown: int
    unknown: int
    cells: int
    _row_of: np.ndarray
    _column_of: np.ndarray

    @property
    def accuracy(self) -> float | None:
        """Share of the judged cells that were given their class; None without any."""
        return self.right / self.judged if self.judged else None

    @property
    def accuracy_interval(self) -> Interval:
        """Wilson, 95 %."""
        return wilson(self.right, self.judged)

    @property
    def worst(self) -> ClassScore | None:
        """The class of least recall, of those with labels; None without any."""
        found = [score for score in self.classes if score.recall is not None]
        return min(found, key=lambda score: score.recall or 0.0, default=None)

    def members(self, true: str | None, predicted: str | None) -> np.ndarray:
        """Return the cells of one field of the confusion matrix.

        Parameters
        ----------
        true, predicted
            One of `rows` and one of `columns`; None for a whole column or row.

        Returns
        -------
        ndarray
            Their indices in the table, ascending.

        Raises
        ------
        CellsetsError
            If there is no such field.
        """
        rows, columns = (None, *self.rows), (None, *self.columns)
        if true not in rows or predicted not in columns:
            raise CellsetsError(
                f"the confusion matrix has no field {true!r}, {predicted!r}",
                advice="Choose one of its rows and columns.",
            )
        return self.members_at(rows.index(true) - 1, columns.index(predicted) - 1)

    def members_at(self, row: int, column: int) -> np.ndarray:
        """Return the cells of the field in this row and column, as `members` does.

        -1 stands for all of them; cells without a label are in no row.
        """
        inside = self._row_of >= 0 if row < 0 else self._row_of == row
        if column >= 0:
            inside = inside & (self._column_of == column)
        return np.flatnonzero(inside)


def compare(
    table: ClassTable,
    truth: Sequence[str | None],
    aliases: Mapping[str, str] | None = None,
    bins: int = BINS,
) -> ClassReport:
    """Compare answers with labels.

    Parameters
    ----------
    table
        What the classifier said.
    truth
        Label of each cell; None where there is none.
    aliases
        Further names of classes, as of `ClassNames`.
    bins
        Of the calibration, at most.

    Raises
    ------
    CellsetsError
        If there is not one label, or None, a cell.
    """
    if len(truth) != len(table):
        raise CellsetsError(
            f"{len(table)} cells need as many labels, found {len(truth)}"
        )
    k = len(table.classes)
    names = ClassNames(table.classes, table.titles, aliases)
    meant = {label: names.find(label) or label for label in set(truth) if label}
    foreign = sorted(set(meant.values()) - set(table.classes))
    rows = (*table.classes, *foreign)
    place = {name: i for i, name in enumerate(rows)}
    row_of = np.array([place[meant[t]] if t else -1 for t in truth], np.intp)
    column_of = np.where(table.known, table.predicted, k)
    told = row_of >= 0
    fields = row_of[told] * (k + 1) + column_of[told]
    confusion = np.bincount(fields, minlength=len(rows) * (k + 1))
    confusion = confusion.reshape(len(rows), k + 1)
    named = told & (row_of < k) & table.known
    return ClassReport(
        rows=rows,
        row_titles=(*table.titles, *foreign),
        columns=(*table.classes, table.unknown),
        confusion=confusion,
        right=int(np.trace(confusion[:k])),
        judged=int(confusion[:k].sum()),
        classes=tuple(_score(table, confusion, i) for i in range(k)),
        calibration=calibrate(
            table.confidence[named], (table.predicted == row_of)[named], bins
        ),
        foreign=int(confusion[k:].sum()),
        foreign_unknown=int(confusion[k:, k].sum()),
        unknown=int((~table.known).sum()),
        cells=len(table),
        _row_of=row_of,
        _column_of=column_of,
    )


def _score(table: ClassTable, confusion: np.ndarray, index: int) -> ClassScore:
    support = int(confusion[index].sum())
    predicted = int(confusion[:, index].sum())
    hits = int(confusion[index, index])
    both = support + predicted
    return ClassScore(
        name=table.classes[index],
        title=table.titles[index],
        support=support,
        predicted=predicted,
        hits=hits,
        precision=hits / predicted if predicted else None,
        precision_interval=wilson(hits, predicted),
        recall=hits / support if support else None,
        recall_interval=wilson(hits, support),
        f1=2 * hits / both if both else None,
    )
