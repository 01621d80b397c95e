"""What a data set holds, counted by reading its truth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import Boxes, MaskStack, Points, Polygons
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.catalogue.dataset import Dataset
    from napari_cellsets.core.annotation import LabelImage
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample


_OBJECTS = (MaskStack, Polygons, Boxes, Points)


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
        counts = {name: 1} if cells else _objects(dataset, sample, name)
        for one, count in counts.items():
            classes[one] = classes.get(one, 0) + count
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


def _objects(dataset: Dataset, sample: Sample, otherwise: str) -> dict[str, int]:
    """Objects of each class in a sample; none where there is no truth or it is broken.

    Parameters
    ----------
    dataset, sample
        Whose truth to read. Without one that fits into an image of labels, the first
        annotation of objects counts: outlines that overlap, boxes, points.
    otherwise
        Class of objects without one of their own.
    """
    try:
        truth = dataset.read_truth(sample)
    except CellsetsError:
        return {}  # told in dataset.problems
    if truth is not None:
        return _of_labels(truth, otherwise)
    found = dataset.read_annotations(sample)
    marked = next((one for one in found if isinstance(one, _OBJECTS)), None)
    return {} if marked is None else _of_marks(marked, otherwise)


def _of_labels(truth: LabelImage, otherwise: str) -> dict[str, int]:
    import numpy as np

    names, of = truth.class_names, truth.class_of
    if not of and len(names) == 1:
        (otherwise,) = names.values()
    labels = (int(label) for label in np.unique(truth.labels) if label)
    counts = Counter(names.get(of.get(n, 0), otherwise) for n in labels)
    return dict(counts) or {otherwise: 0}


def _of_marks(
    marked: MaskStack | Polygons | Boxes | Points, otherwise: str
) -> dict[str, int]:
    if marked.class_ids is None:
        columns = ("masks", "outlines", "yxyx", "yx")
        held = next(getattr(marked, name) for name in columns if hasattr(marked, name))
        return {otherwise: len(held)}
    names = marked.class_names
    return dict(Counter(names.get(int(n), str(n)) for n in marked.class_ids))


def _told_to_nobody(fraction: float, text: str) -> None:
    """Stand in where nobody wants to know the progress."""
