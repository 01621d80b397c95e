"""What a data set holds, counted by reading its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.catalogue.dataset import Dataset
    from napari_cellsets.core.cancel import CancelToken


def dataset_info(
    dataset: Dataset,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Count samples and objects.

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
        of each class), ``splits`` (samples of each), ``complete`` and
        ``problems`` (one sentence each).

    Raises
    ------
    CancelledError
        If `token` was cancelled.
    """
    import numpy as np

    recipe = dataset.recipe
    classes = dict.fromkeys(recipe.classes, 0) if recipe.form else {}
    total = len(dataset.samples)
    for number, sample in enumerate(dataset.samples):
        if token is not None:
            token.raise_if_cancelled()
        if progress is not None:
            progress(number / total, sample.name)
        try:
            truth = dataset.read_truth(sample)
        except CellsetsError:
            continue  # told in dataset.problems
        if truth is not None:
            name = sample.facts.get("class", recipe.classes[0])
            present = np.unique(truth.labels)
            classes[name] = classes.get(name, 0) + int((present != 0).sum())
    if progress is not None:
        progress(1.0, "")
    return {
        "dataset": recipe.key,
        "title": recipe.title,
        "samples": total,
        "annotated": sum(bool(sample.annotations) for sample in dataset.samples),
        "classes": classes,
        "splits": dataset.splits,
        "complete": dataset.completeness.complete,
        "problems": [problem.message for problem in dataset.problems],
    }
