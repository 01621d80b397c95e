"""What is marked in a sample, with everything that people have corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellsets.batch.known_classes import class_names
from napari_cellsets.core.annotation import ClassMask, LabelImage, MaskStack
from napari_cellsets.editing.marked import marked_annotations
from napari_cellsets.formats.packing import unpack
from napari_cellsets.store import further_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

_OF_PIXELS = (LabelImage, ClassMask, MaskStack)


def corrected_annotations(
    dataset: Dataset, project: Project, sample: Sample
) -> tuple[Annotation, ...]:
    """Return all that is marked in a sample, as corrected where somebody did.

    Parameters
    ----------
    dataset
        The set; its own files stay as they are.
    project
        Where corrections are kept.
    sample
        One of the set.

    Returns
    -------
    tuple of Annotation
        As of `Dataset.read_annotations`, in the same order and kinds; what people
        began to mark comes last.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    found: list[Annotation] = []
    named = dataset.read_named(sample)
    for name, annotation in named:
        if isinstance(annotation, _OF_PIXELS):
            layer = further_layer(name) if name else "truth"
            found.append(_of_pixels(dataset, project, sample, layer, annotation))
        else:
            found.append(annotation)
    return marked_annotations(
        found,
        project.marks(dataset.identity, sample.name),
        class_names(dataset),
        [name for name, _ in named],
    )


def _of_pixels(
    dataset: Dataset,
    project: Project,
    sample: Sample,
    layer: str,
    annotation: LabelImage | ClassMask | MaskStack,
) -> Annotation:
    stored = project.load_labels(dataset.identity, sample.name, layer)
    if stored is None:
        return annotation
    facts = project.object_facts(dataset.identity, sample.name, layer)
    said = {**facts.class_of, **{n: one.class_id for n, one in facts.differing.items()}}
    return with_labels(annotation, stored.labels, said)


def with_labels(
    annotation: LabelImage | ClassMask | MaskStack,
    labels: np.ndarray,
    class_of: Mapping[int, int | None],
) -> Annotation:
    """Return an annotation with other pixels.

    Parameters
    ----------
    annotation
        As it was.
    labels
        int32; of masks that overlap (plane, y, x), else of the annotation's shape.
    class_of
        Class id of each object that has one; a class mask needs none.
    """
    if isinstance(annotation, ClassMask):
        return replace(annotation, classes=labels)
    if isinstance(annotation, MaskStack):
        return unpack(annotation, labels, class_of)
    known = {**annotation.class_of, **class_of}
    kept = {label: number for label, number in known.items() if number is not None}
    return replace(annotation, labels=labels, class_of=kept)
