"""Annotations of label pixels as the store keeps them: loaded, shown, followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets._napari.drawn import ANY_CLASS, NO_CLASS
from napari_cellsets._napari.edits import Tracked
from napari_cellsets._napari.stack_axes import flat, laid
from napari_cellsets.batch.drawn_on import drawn_on, picture_changed
from napari_cellsets.batch.known_classes import corrected_classes
from napari_cellsets.store import further_layer
from napari_cellsets.store.object_words import CLASSES, said_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from napari_cellsets._napari.drawn import Drawn
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets.core.errors import CellsetsError
    from napari_cellsets.core.image import Picture
    from napari_cellsets.store import LayerFacts, Project, StoredLabels

_DENSE = 1_000_000
_PART_PX = 1_000_000
"""Labels up to this are counted in a list."""


class Kept(NamedTuple):
    """What the store has of one annotation of a sample.

    Parameters
    ----------
    stored
        Its labels.
    facts
        What is known of its objects.
    fits
        Whether the labels are of the size of the picture.
    """

    stored: StoredLabels
    facts: LayerFacts
    fits: bool = True


def kept_annotations(
    identity: str, sample: str, drawn: Iterable[Drawn], project: Project
) -> dict[str, Kept]:
    """Return what the store has of the annotations of a sample, by name.

    Labels that do not fit the picture any more say so; see `fitting`.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    found = {}
    for one in drawn:
        if one.kind != "labels":
            continue
        place = (identity, sample, further_layer(one.name))
        stored = project.load_labels(*place)
        if stored is not None:
            fits = stored.labels.shape[-2:] == one.data.shape[-2:]
            found[one.name] = Kept(stored, project.object_facts(*place), fits)
    return found


def fitting(kept: Mapping[str, Kept]) -> dict[str, Kept]:
    """Return what fits the picture; other annotations are as the data set has them."""
    return {name: one for name, one in kept.items() if one.fits}


def other_picture(
    kept: Mapping[str, Kept], picture: Picture, sample: str
) -> CellsetsError | None:
    """Return what to tell where annotations were corrected on another picture."""
    changed = (picture_changed(picture, one.stored, sample) for one in kept.values())
    return next(filter(None, changed), None)


def tracked_annotation(loaded: LoadedSample, drawn: Drawn) -> Tracked:
    """Return what is to be followed of an annotation: as corrected, or as published."""
    kept = loaded.kept.get(drawn.name)
    place = (loaded.dataset.identity, loaded.sample.name, further_layer(drawn.name))
    if kept is not None:
        return Tracked(*place, kept.stored.labels, revision=kept.stored.revision)
    said: dict[str, Any] = {
        "source": "data set",
        "annotation": drawn.name,
        "files": list(loaded.sample.annotations),
    }
    if drawn.class_of:
        said[CLASSES] = said_classes(drawn.class_of)
    if loaded.picture is not None:
        said = drawn_on(loaded.picture, said)
    return Tracked(*place, own_labels(drawn), base=said, lazy=True)


def shown_as_kept(loaded: LoadedSample, drawn: Drawn) -> Drawn:
    """Return an annotation as it is to be seen: as corrected, where it was."""
    kept = loaded.kept.get(drawn.name)
    if kept is None:
        return drawn
    names = loaded.dataset.class_table.names
    return as_corrected(drawn, kept.stored.labels, kept.facts, names)


def own_labels(drawn: Drawn) -> NDArray[np.int32]:
    """Return the labels of an annotation without the axes of pictures."""
    labels: NDArray[np.int32] = flat(drawn.data, 3) if drawn.stack else drawn.data
    return labels


def around(drawn: Drawn) -> tuple[int, ...]:
    """Return the lengths of the axes of pictures through which labels are seen."""
    return tuple(drawn.data.shape[1:-2]) if drawn.stack else ()


def as_corrected(
    drawn: Drawn,
    labels: NDArray[np.int32],
    facts: LayerFacts | None,
    names: Mapping[int, str],
) -> Drawn:
    """Return an annotation with other labels.

    Parameters
    ----------
    drawn
        As the data set has it.
    labels
        What is there now, without the axes of pictures.
    facts
        What the store knows of the objects; None for nothing.
    names
        Name of each class of the data set.
    """
    numbers, counts = _counted(labels)
    ids = tuple(numbers.tolist())
    shown = replace(drawn, data=laid(labels, around(drawn)), ids=ids)
    if drawn.stack:
        shown = replace(shown, planes=len(labels))
    names = {**names, **drawn.class_names}
    shown = replace(shown, class_names=names)
    if not drawn.lines:
        classes = tuple(names.get(n) or f"class {n}" for n in ids)
        shares = dict(zip(classes, (counts / labels.size).tolist(), strict=True))
        return replace(shown, classes=classes, shares=shares)
    known = dict(zip(drawn.ids, drawn.classes, strict=True))
    of = corrected_classes(known, facts, names)
    other = _other(drawn)
    return replace(shown, classes=tuple(of.get(n, other) for n in ids))


def _counted(labels: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the labels above 0 that are there, and how many pixels each has."""
    if labels.max(initial=0) > _DENSE or labels.min(initial=0) < 0:
        sparse, areas = np.unique(labels, return_counts=True)
        return sparse[sparse > 0], areas[sparse > 0]
    # ten times as fast as sorting all pixels; in parts, as numpy lets no other thread
    # work meanwhile and takes twice the memory of a part
    flat_labels, most = labels.ravel(), int(labels.max(initial=0)) + 1
    counts = np.zeros(most, np.int64)
    for start in range(0, flat_labels.size, _PART_PX):
        part = flat_labels[start : start + _PART_PX]
        counts += np.bincount(part, minlength=most)
    counts[:1] = 0
    numbers = np.flatnonzero(counts)
    return numbers, counts[numbers]


def _other(drawn: Drawn) -> str:
    """What an object is called of which nobody told a class."""
    known = set(drawn.classes)
    if len(known) == 1:
        # all that is marked here is of one class
        return next(iter(known))
    if known:
        return NO_CLASS
    return next(iter(drawn.class_names.values()), ANY_CLASS)
