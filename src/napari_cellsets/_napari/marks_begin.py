"""Marking by hand: in the layer that there is for it, or in a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from napari.layers import Labels

from napari_cellsets._napari.drawn import Drawn
from napari_cellsets._napari.marks_words import NOUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cellsets._napari.annotation_layers import AnnotationLayers

_TOOLS: Final = {
    "points": "add",
    "boxes": "add_rectangle",
    "polygons": "add_polygon",
}


def layers_for(
    viewer: ViewerModel, annotations: AnnotationLayers, kind: str
) -> tuple[str, ...]:
    """Return the layers in which a person may want to go on marking.

    Parameters
    ----------
    viewer, annotations
        What is on screen.
    kind
        ``points``, ``boxes`` or ``polygons``.

    Returns
    -------
    tuple of str
        The selected one alone, where it is of this kind; else all of the kind.
    """
    marks = annotations.marks.items()
    names = tuple(name for name, (_, drawn) in marks if drawn.marks == kind)
    selected = annotations.desk.name_of(viewer.layers.selection.active)
    return (selected,) if selected in names else names


def begin_marks(
    viewer: ViewerModel,
    annotations: AnnotationLayers,
    kind: str,
    below: Sequence[Layer | None],
    name: str = "",
) -> None:
    """Let a layer be marked in, with napari's tool for that in hand.

    Parameters
    ----------
    viewer, annotations, kind
        As for `layers_for`.
    below
        Layers that must not be covered.
    name
        One of `layers_for`; empty for a new layer, in this sample and the next.
    """
    name = name or _free_name(viewer, annotations, NOUNS[kind][1])
    if name not in annotations.marks:
        if kind == "points":
            empty = Drawn("points", name, np.empty((0, 2)), (), marks=kind)
        else:
            empty = Drawn("shapes", name, [], (), marks=kind)
        annotations.begin(viewer, empty, below)
    annotations.desk.correct(viewer, name, _TOOLS[kind])


def _free_name(viewer: ViewerModel, annotations: AnnotationLayers, noun: str) -> str:
    """Return a name that no labels and no marks have."""
    labels = [layer.name for layer in viewer.layers if isinstance(layer, Labels)]
    taken = {*labels, *annotations.marks}
    names = (noun, f"{noun} by hand", *(f"{noun} by hand {n}" for n in range(2, 1000)))
    return next(name for name in names if name not in taken)
