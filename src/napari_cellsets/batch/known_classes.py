"""Class of each object of stored labels: as published or predicted, then corrected.

Everybody who shows, counts or writes classes of objects asks here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.batch.given_classes import learn_classes
from napari_cellsets.core.annotation import LabelImage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import LayerFacts, Project, StoredLabels

#: Class of objects in sets and images that know none.
_USUAL = "cell"


def corrected_classes(
    known: Mapping[int, str], facts: LayerFacts | None, names: Mapping[int, str]
) -> dict[int, str]:
    """Return the class of each object of an image, in words.

    Parameters
    ----------
    known
        Classes as the data set has published them, or as a model has predicted them.
    facts
        What people said of the objects; None for nothing.
    names
        Name of each class id of the data set.

    Returns
    -------
    dict
        By label; an object without a class is not in it. Some may be no objects of
        the image any more.
    """
    classes = dict(known)
    if facts is None:
        return classes
    for label, class_id in facts.class_of.items():
        classes[label] = known.get(label, names.get(class_id, str(class_id)))
    for label, one in facts.differing.items():
        if one.class_id is not None:
            classes[label] = names.get(one.class_id, str(one.class_id))
        elif facts.class_of:
            # the store knows what it was, so somebody has taken it away
            classes.pop(label, None)
    return classes


@dataclass(frozen=True, slots=True)
class KeptObjects:
    """Labels of a sample with the class of each object.

    Parameters
    ----------
    labels
        int32, shape (y, x) or (z, y, x).
    classes
        Name of the class of each label that has one.
    names
        Name of each class id of the data set.
    stored, facts
        What the store has of them; None where it has nothing.
    source
        Where they come from.
    """

    labels: np.ndarray
    classes: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    stored: StoredLabels | None = None
    facts: LayerFacts | None = None
    source: str = ""

    @property
    def image(self) -> LabelImage:
        """The same as an annotation; without any class all objects are cells."""
        names = dict(self.names)
        if not self.classes:
            usual = names.get(1, _USUAL)
            return LabelImage(self.labels, self.source, {1: usual})
        ids = {name: class_id for class_id, name in names.items()}
        for name in self.classes.values():
            if name not in ids:
                ids[name] = max(names, default=0) + 1
                names[ids[name]] = name
        class_of = {label: ids[name] for label, name in self.classes.items()}
        return LabelImage(self.labels, self.source, names, class_of)


def kept_objects(
    dataset: Dataset,
    project: Project,
    sample: Sample,
    layer: str = "cells",
    *,
    predicted: Mapping[int, str] | None = None,
) -> KeptObjects | None:
    """Return labels of a sample as they are now, with the class of each object.

    Parameters
    ----------
    dataset, project, sample
        Whose, and where corrections are kept.
    layer
        ``cells``: what was counted, drawn and corrected. ``truth``: the ground truth,
        corrected where somebody did.
    predicted
        Class of each label of the cells as a model tells it.

    Returns
    -------
    KeptObjects or None
        None where there are no such labels.

    Raises
    ------
    CellsetsError
        If store or ground truth cannot be read.
    """
    stored = project.load_labels(dataset.identity, sample.name, layer)
    truth = dataset.read_truth(sample) if layer == "truth" else None
    learn_classes(dataset, project)
    names, known = class_names(dataset), dict(predicted or {})
    if truth is not None:
        names, known = {**truth.class_names, **names}, published_classes(truth)
    if stored is not None:
        facts = project.object_facts(dataset.identity, sample.name, layer)
        classes = corrected_classes(known, facts, names)
        return KeptObjects(stored.labels, classes, names, stored, facts, layer)
    if truth is not None:
        return KeptObjects(truth.labels, known, names, source=truth.source)
    return None


def cells_of(
    dataset: Dataset, project: Project, sample: Sample
) -> tuple[LabelImage, ...]:
    """Return counted and corrected cells as annotations of a sample; none for none.

    Parameters
    ----------
    dataset, project, sample
        As for `kept_objects`.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    kept = kept_objects(dataset, project, sample)
    return () if kept is None else (kept.image,)


def class_names(dataset: Dataset) -> dict[int, str]:
    """Return the name of each class id of a data set, and of those people added."""
    table = dataset.class_table
    own = table.own or dict(enumerate(dataset.recipe.classes, start=1))
    return {**own, **table.given}


def published_classes(truth: LabelImage) -> dict[int, str]:
    """Return the class of each object of a ground truth, in words."""
    names = truth.class_names
    return {one: names.get(kind, str(kind)) for one, kind in truth.class_of.items()}
