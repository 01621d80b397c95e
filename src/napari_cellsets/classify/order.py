"""In which order to look at cells: where the classifier doubts or contradicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify.truth import ClassNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.classify.table import ClassTable


def by_name(table: ClassTable) -> np.ndarray:
    """Return indices in the natural order of names: ``IG_9`` before ``IG_10``."""
    keys = [
        [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
        for parts in (re.split(r"(\d+)", name.casefold()) for name in table.names)
    ]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp)


def by_doubt(table: ClassTable) -> np.ndarray:
    """Return indices, the most doubtful cell first.

    Cells that are not known come first, the farthest first; then the others by how
    little the best class is ahead of the second.
    """
    far = np.zeros(len(table))
    if table.distance is not None:
        far = np.where(table.known, 0.0, np.nan_to_num(table.distance, nan=np.inf))
    return np.lexsort((np.arange(len(table)), _lead(table), -far, table.known))


def by_disagreement(
    table: ClassTable,
    truth: Sequence[str | None],
    aliases: Mapping[str, str] | None = None,
) -> np.ndarray:
    """Return indices, the cell whose label is most likely wrong first.

    Ordered by how much more likely the best class is than the class of the label
    (which is 0 where the model has no such class). Cells whose label is the best
    class follow in order of doubt; cells without a label come last.

    Parameters
    ----------
    table
        What the classifier said.
    truth
        Label of each cell, None where there is none.
    aliases
        As of `ClassNames`.
    """
    names = ClassNames(table.classes, table.titles, aliases)
    place = {name: k for k, name in enumerate(table.classes)}
    of_label = {t: place.get(names.find(t) or "", -1) for t in set(truth) if t}
    label = np.array([of_label[t] if t else -1 for t in truth], np.intp)
    labelled = np.array([bool(t) for t in truth], np.bool_)
    share = np.where(
        label >= 0, table.probabilities[np.arange(len(table)), label], np.float32(0)
    )
    ahead = np.where(labelled, table.confidence - share, -1.0)
    return np.lexsort((np.arange(len(table)), _lead(table), -ahead, ~labelled))


def _lead(table: ClassTable) -> np.ndarray:
    """How far the best class is ahead of the second."""
    if len(table.classes) < 2:
        return table.confidence
    two = np.partition(table.probabilities, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])
