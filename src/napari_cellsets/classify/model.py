"""What a person has chosen about classifying, and what is shown for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from napari_cellsets.classify.order import by_disagreement, by_doubt, by_name
from napari_cellsets.classify.report import ClassReport, compare
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.evented import EventedModel
from napari_cellsets.inference.classifier import ClassifierInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Order = Literal["name", "doubt", "disagreement"]


class ClassifyModel(EventedModel):
    """The state of one Classify dock; `events.<field>` tells of each change.

    Parameters
    ----------
    model
        What is known of the classifier, complete; None while there is none.
    table
        What it said; None before it ran.
    truth
        Label of each cell of the table, None where there is none.
    corrected
        Rows of the table whose label a person gave; the others are as published.
    aliases
        Further names of classes, as of `ClassNames`.
    report
        The comparison; None without a table or without any label.
    order
        In which order cells are shown.
    field
        (true, predicted): only the cells of this field of the confusion matrix are
        shown, None in its place for a whole column or row; None for all cells.
    between
        Only the cells with a confidence from and up to these are shown; None for
        all cells.
    selection
        Indices of the table that the person selected.
    """

    model: ClassifierInfo | None = None
    table: ClassTable | None = None
    truth: tuple[str | None, ...] = ()
    corrected: frozenset[int] = frozenset()
    aliases: dict[str, str] = Field(default_factory=dict)
    report: ClassReport | None = None
    order: Order = "name"
    field: tuple[str | None, str | None] | None = None
    between: tuple[float, float] | None = None
    selection: tuple[int, ...] = ()
    #: Sorting 17,000 names takes a tenth of a second; a click on a field must not.
    _orders: dict[str, np.ndarray] = PrivateAttr(default_factory=dict)

    def take(
        self,
        table: ClassTable | None,
        truth: Sequence[str | None] = (),
        aliases: Mapping[str, str] | None = None,
        corrected: Iterable[int] = (),
    ) -> None:
        """Show another table; selection and field are of the old one and go.

        Parameters
        ----------
        table
            What a classifier said, None for nothing.
        truth
            Label of each cell, None where there is none; empty: no cell has one.
        aliases
            As of `compare`.
        corrected
            Rows whose label a person gave.
        """
        self.selection, self.field, self.between = (), None, None
        labels: tuple[str | None, ...] = tuple(truth)
        if table is not None and not labels:
            labels = (None,) * len(table)
        self.corrected = frozenset(corrected)
        self.report = None
        self._orders = {}
        self.table, self.truth, self.aliases = table, labels, dict(aliases or {})
        if table is not None and any(labels):
            self.report = compare(table, labels, aliases)

    def shown(self) -> np.ndarray:
        """Return the indices of the cells to show, in order, as int, shape (n,)."""
        table = self.table
        if table is None:
            return np.zeros(0, np.intp)
        if self.order not in self._orders:
            self._orders[self.order] = self._sorted(table)
        indices = self._orders[self.order]
        inside = np.ones(len(table), np.bool_)
        if self.field is not None and self.report is not None:
            inside[:] = False
            inside[self.report.members(*self.field)] = True
        if self.between is not None:
            low, high = self.between
            sure = table.confidence.astype(np.float64)
            inside &= (sure >= low) & (sure <= high)
        return np.asarray(indices[inside[indices]])

    def _sorted(self, table: ClassTable) -> np.ndarray:
        if self.order == "doubt":
            return by_doubt(table)
        if self.order == "disagreement":
            return by_disagreement(table, self.truth, self.aliases)
        return by_name(table)
