"""What is marked in a sample, with everything that people have corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from napari_cellsets.batch.given_classes import learn_classes
from napari_cellsets.batch.known_classes import class_names
from napari_cellsets.batch.redrawn import Drawing
from napari_cellsets.core.annotation import (
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Polygons,
)
from napari_cellsets.editing.marked import numbered_marks
from napari_cellsets.formats.packing import unpack
from napari_cellsets.store import MarkKey, further_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.catalogue.annotated import NamedAnnotation
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import (
        LayerFacts,
        Project,
        StoredLabels,
        StoredMark,
    )

    Marks: TypeAlias = Mapping[MarkKey, StoredMark]

_OF_PIXELS = (LabelImage, ClassMask, MaskStack)
_TRUTH = "truth"


class Corrected(NamedTuple):
    """One annotation of a sample as it is now.

    Parameters
    ----------
    annotation
        With all corrections.
    name
        Under which its corrections are kept; empty for the truth, and for the class
        of the picture.
    objects
        Which objects it marks, as of `WordOptions.objects`; empty where nothing else
        marks the same.
    counted
        Whether it is the truth of counting.
    changed
        When somebody corrected it last, in seconds since 1970; 0 for never.
    numbers
        By which its objects are known, in order; empty where they are counted from 1,
        or are labels.
    """

    annotation: Annotation
    name: str = ""
    objects: str = ""
    counted: bool = False
    changed: float = 0.0
    numbers: tuple[int, ...] = ()


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
        began to mark comes last. Outlines are also as their drawing, the ground
        truth, was corrected.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    found = corrected_with_times(dataset, project, sample)
    return tuple(one.annotation for one in found)


def corrected_with_times(
    dataset: Dataset, project: Project, sample: Sample
) -> tuple[Corrected, ...]:
    """Return the same as `corrected_annotations`, with what it marks, and when."""
    learn_classes(dataset, project)
    named = dataset.read_named(sample)
    truth = _kept(dataset, project, sample, _TRUTH)
    marks: Marks = project.marks(dataset.identity, sample.name)
    if truth is not None:
        if any(one.counted and not one.name for one in named):
            named = _in_one(named)
        else:
            marks = _redrawn(dataset, sample, named, truth, marks)
    times, whole = _times(marks), marks.get(MarkKey(sample.name))
    found: list[Annotation] = []
    numbers: dict[str, tuple[int, ...]] = {}
    for name, annotation, *_ in named:
        if isinstance(annotation, _OF_PIXELS):
            layer = further_layer(name)
            kept = _kept(dataset, project, sample, layer) if name else truth
            if kept is not None:
                times[name] = kept.changed
                labels, class_of = kept.stored.labels, kept.class_of
                if isinstance(annotation, MaskStack):
                    numbers[name] = tuple(np.unique(labels[labels > 0]).tolist())
                annotation = with_labels(annotation, labels, class_of)
        found.append(annotation)
    names = [one.name for one in named]
    after = numbered_marks(found, marks, class_names(dataset), names)
    known = {one.name: one for one in reversed(named)}
    result = []
    for name, annotation, own in after:
        of = known.get(name)
        objects, counted = ("", False) if of is None else (of.objects, of.counted)
        when = times.get(name, 0.0)
        if isinstance(annotation, ImageClass):
            objects, counted, when = "", False, whole.time if whole else 0.0
        if isinstance(annotation, MaskStack):
            own = numbers.get(name, ())
        result.append(Corrected(annotation, name, objects, counted, when, own))
    return tuple(result)


class _Kept(NamedTuple):
    """Labels from the store, and what is known of their objects."""

    stored: StoredLabels
    facts: LayerFacts

    @property
    def changed(self) -> float:
        """When somebody corrected them last; 0 where they are as they were saved."""
        said = [one.time for one in self.facts.differing.values()]
        if self.stored.edits or self.stored.provenance.get("source") != "data set":
            said.append(self.stored.changed)
        return max(said, default=0.0)

    @property
    def class_of(self) -> dict[int, int | None]:
        """Class id of each object that the store knows; None where it was taken."""
        class_of: dict[int, int | None] = dict(self.facts.class_of)
        known = bool(class_of)
        for label, one in self.facts.differing.items():
            # nothing was taken away where the store does not know what it was
            if one.class_id is not None or known:
                class_of[label] = one.class_id
        return class_of


def _kept(
    dataset: Dataset, project: Project, sample: Sample, layer: str
) -> _Kept | None:
    place = (dataset.identity, sample.name, layer)
    stored = project.load_labels(*place)
    return None if stored is None else _Kept(stored, project.object_facts(*place))


def _in_one(named: Sequence[NamedAnnotation]) -> tuple[NamedAnnotation, ...]:
    """Leave out of those that make up the ground truth all but the first mask of it."""
    first = next(one for one in named if one.counted and not one.name)
    return tuple(one for one in named if one is first or not one.counted)


def _redrawn(
    dataset: Dataset,
    sample: Sample,
    named: Sequence[NamedAnnotation],
    truth: _Kept,
    marks: Marks,
) -> Marks:
    """Return marks, with what was corrected in a ground truth drawn from outlines.

    Where an outline was corrected as such and in the drawing, the later one counts.
    """
    before, drawn = dataset.read_truth(sample), dataset.drawn_from(sample)
    stored = truth.stored
    if not drawn or before is None or before.labels.shape != stored.labels.shape:
        return marks
    counted = [(one.name, one.annotation) for one in named if one.counted]
    outlines = [(name, one) for name, one in counted if isinstance(one, Polygons)]
    after = _relabelled(before, stored.labels, truth.class_of)
    said = (stored.author, stored.changed)
    others = Drawing(sample.name, before, after, outlines, drawn, *said).marks()
    newest = dict(marks)
    for key, one in others.items():
        known = marks.get(key)
        if known is None or known.time <= one.time:
            place = one.mark.place or (known and not one.mark.gone and known.mark.place)
            newest[key] = one._replace(mark=one.mark._replace(place=place or None))
    return newest


def _times(marks: Marks) -> dict[str, float]:
    """Return when marks of each annotation were changed last."""
    times: dict[str, float] = {}
    for key, mark in marks.items():
        if key.layer:  # else it is the class of the picture
            times[key.layer] = max(mark.time, times.get(key.layer, 0.0))
    return times


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
        Class id of each object that has one; a class mask needs none. New objects
        are of the class that all objects had, if there was one.
    """
    if isinstance(annotation, ClassMask):
        return replace(annotation, classes=labels)
    if isinstance(annotation, MaskStack):
        return unpack(annotation, labels, class_of)
    return _relabelled(annotation, labels, class_of)


def _relabelled(
    annotation: LabelImage, labels: np.ndarray, class_of: Mapping[int, int | None]
) -> LabelImage:
    known: dict[int, int | None] = {**annotation.class_of, **class_of}
    shared = set(annotation.class_of.values())
    if len(shared) == 1:
        there = np.unique(labels[labels > 0]).tolist()
        known = {**dict.fromkeys(there, shared.pop()), **known}
    kept = {label: number for label, number in known.items() if number is not None}
    return replace(annotation, labels=labels, class_of=kept)
