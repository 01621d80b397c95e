"""What a data set holds, counted by reading its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.catalogue.dataset import Dataset
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample


def dataset_info(
    dataset: Dataset,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Count samples and objects; look at head and end of each picture.

    Parameters
    ----------
    dataset
        An opened data set.
    token
        Stops the count between two samples.
    progress
        Told a fraction (0 to 1) and the name of the sample.

    Returns
    -------
    dict
        ``dataset``, ``title``, ``samples``, ``annotated``, ``classes`` (objects
        of each class; pictures of each class where a picture is one cell),
        ``splits`` (samples of each), ``complete`` and ``problems`` (one sentence
        each); ``splits_by`` where there are several splits to choose from.

    Raises
    ------
    CancelledError
        If `token` was cancelled.
    """
    recipe = dataset.recipe
    cells = dataset.kind == "cells"
    classes = dict.fromkeys(dataset.classes, 0) if cells or recipe.form else {}
    total = len(dataset.samples)
    report = progress or _told_to_nobody
    for number, sample in enumerate(dataset.samples):
        if token is not None:
            token.raise_if_cancelled()
        report(number / total, sample.name)
        dataset.looks_whole(sample)
        name = sample.facts.get("class") or recipe.classes[0]
        count = 1 if cells else _objects(dataset, sample)
        if count is not None:
            classes[name] = classes.get(name, 0) + count
    report(1.0, "")
    annotated = sum(bool(sample.annotations) for sample in dataset.samples)
    found: dict[str, Any] = {
        "dataset": recipe.key,
        "title": recipe.title,
        "samples": total,
        "annotated": total if cells else annotated,
        "classes": classes,
        "splits": dataset.splits,
        "complete": dataset.completeness.complete,
        "problems": [problem.message for problem in dataset.problems],
    }
    if dataset.split_kinds:
        found["splits_by"] = {
            kind: dataset.split_by(kind).splits for kind in dataset.split_kinds
        }
    return found


def _objects(dataset: Dataset, sample: Sample) -> int | None:
    """Objects in the truth of a sample; None without, or where it is broken."""
    import numpy as np

    try:
        truth = dataset.read_truth(sample)
    except CellsetsError:
        return None  # told in dataset.problems
    if truth is None:
        return None
    return int(np.count_nonzero(np.unique(truth.labels)))


def _told_to_nobody(fraction: float, text: str) -> None:
    """Stand in where nobody wants to know the progress."""
