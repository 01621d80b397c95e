"""Instances for counting, out of whatever kind of outlines a set has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import LabelImage, MaskStack, Polygons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation

_MOST_PIXELS = 500_000_000
OUTLINED = (LabelImage, MaskStack, Polygons)


def instances_of(
    found: Sequence[Annotation], size: tuple[int, int] | None
) -> tuple[LabelImage | None, str]:
    """Draw outlined objects into one label image, where they do not overlap.

    Parameters
    ----------
    found
        Annotations of one entry of a row.
    size
        Height and width of the picture, None where nobody knows.

    Returns
    -------
    labels
        None where there are none, or they cannot be one label image.
    reason
        Why not, in one sentence; empty where there are labels.
    """
    from napari_cellsets.formats.containers.convert import (
        Lost,
        labels_of_stack,
        stack_of_labels,
        stack_of_polygons,
    )

    outlined = [one for one in found if isinstance(one, OUTLINED)]
    if not outlined:
        return None, "Nothing here has an outline, so there is no number to compare."
    if len(outlined) == 1 and isinstance(outlined[0], LabelImage):
        return outlined[0], ""
    if size is not None and size[0] * size[1] > _MOST_PIXELS:
        return None, "The picture is too large for one label image."
    stacks = []
    for one in outlined:
        if isinstance(one, Polygons):
            closed = _closed(one)
            if size is None:
                return None, "The size of the picture is not known."
            stacks.append(stack_of_polygons(closed, size, lossy=True))
        else:
            stacks.append(stack_of_labels(one) if isinstance(one, LabelImage) else one)
    together = _filled(_joined(stacks))
    try:
        return labels_of_stack(together), ""
    except Lost:
        return None, (
            "The objects overlap, so they are no label image;"
            " each is kept with its own outline."
        )


def drawn_from(
    found: Sequence[Annotation], size: tuple[int, int] | None
) -> list[tuple[int, int]]:
    """Tell which outline each label of `instances_of` was drawn from.

    Parameters
    ----------
    found, size
        As for `instances_of`.

    Returns
    -------
    list of (annotation, object)
        Of each label from 1 its place among `found`, and that of its outline there;
        empty where not all of them are outlines.
    """
    from napari_cellsets.formats.containers.outlines import cut_mask_of_outline

    places = []
    for which, one in enumerate(found):
        if not isinstance(one, Polygons) or size is None:
            return []
        for place, outline in enumerate(one.outlines):
            closed = one.open is None or not one.open[place]
            if closed and cut_mask_of_outline(outline, size)[0].any():
                places.append((which, place))
    return places


def _closed(found: Polygons) -> Polygons:
    from napari_cellsets.formats.containers.convert import closed_only

    return closed_only(found)


def _joined(stacks: Sequence[MaskStack]) -> MaskStack:
    """Put the objects of several stacks one behind the other."""
    import numpy as np

    first = stacks[0]
    if len(stacks) == 1:
        return first
    ids = [stack.class_ids for stack in stacks if stack.class_ids is not None]
    return MaskStack(
        [mask for stack in stacks for mask in stack.masks],
        np.concatenate([stack.corners for stack in stacks]),
        first.shape,
        first.source,
        {number: n for stack in stacks for number, n in stack.class_names.items()},
        np.concatenate(ids) if len(ids) == len(stacks) else None,
        first.class_colours,
    )


def _filled(stack: MaskStack) -> MaskStack:
    """Leave out objects without a pixel: outlines that leave the picture."""
    import numpy as np

    kept = [place for place, mask in enumerate(stack.masks) if mask.any()]
    if len(kept) == len(stack.masks):
        return MaskStack(
            stack.masks,
            stack.corners,
            stack.shape,
            stack.source,
            stack.class_names,
            stack.class_ids,
            stack.class_colours,
        )
    ids = stack.class_ids
    return MaskStack(
        [stack.masks[place] for place in kept],
        np.asarray(stack.corners)[kept],
        stack.shape,
        stack.source,
        stack.class_names,
        None if ids is None else ids[kept],
        stack.class_colours,
    )
