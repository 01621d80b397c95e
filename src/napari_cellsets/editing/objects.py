"""Where each object of a label image lies, kept up to date by every edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Edit

    Box = tuple[slice, ...]

_DENSE = 4
"""Labels up to so many times the number of pixels of a side are looked up in a list."""


class ObjectIndex:
    """Bounding boxes of all objects of a label image.

    Boxes are exact after `of`; an edit that takes pixels away leaves the box it had
    until somebody asks, so that no edit looks at more than it changes.

    Parameters
    ----------
    labels
        Integers, (y, x) or (z, y, x), 0 is background. Held, not copied: it is the
        image that is edited.
    """

    def __init__(self, labels: NDArray[np.integer]) -> None:
        self.labels = labels
        self._boxes: dict[int, Box] = dict(_boxes(labels))
        self._loose: set[int] = set()
        self._highest = max(self._boxes, default=0)

    def __len__(self) -> int:
        return len(self._boxes)

    def __contains__(self, label: object) -> bool:
        return label in self._boxes

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._boxes))

    def box(self, label: int) -> Box:
        """Return the smallest box around an object.

        Raises
        ------
        EditError
            If there is no such object.
        """
        box = self._boxes.get(label)
        if box is not None and label in self._loose:
            box = self._tightened(label, box)
        if box is None:
            raise EditError(
                f"there is no object {label}", advice="Click on one that is there."
            )
        return box

    def mask(self, label: int) -> NDArray[np.bool_]:
        """Return the object inside its box."""
        return np.asarray(self.labels[self.box(label)] == label)

    def next_label(self, count: int = 1) -> int:
        """Return the first of `count` labels that are free.

        Raises
        ------
        EditError
            If the image's type of pixel cannot hold them.
        """
        most = int(np.iinfo(self.labels.dtype).max)
        if self._highest + count > most:
            raise EditError(
                f"labels go up to {most:,} in this image, and all are taken",
                advice="Renumber the objects first.",
            )
        return self._highest + 1

    def update(self, edit: Edit) -> None:
        """Take note of an edit that was applied to `labels`."""
        coordinates = edit.coordinates
        for label in np.unique(edit.before).tolist():
            if label:
                self._loose.add(label)
        for label, chosen in _grouped(edit.after):
            if not label:
                continue
            new = tuple(
                slice(int(axis[chosen].min()), int(axis[chosen].max()) + 1)
                for axis in coordinates
            )
            old = self._boxes.get(label)
            self._boxes[label] = new if old is None else _around(old, new)
            self._highest = max(self._highest, label)
        for label in np.unique(edit.before).tolist():
            if label in self._boxes:
                self._tightened(label, self._boxes[label])

    def changed(self, box: Box) -> None:
        """Take note that anything may have changed inside a box, by whoever."""
        inside = self.labels[box]
        for label, part in _boxes(inside):
            new = tuple(
                slice(one.start + whole.start, one.stop + whole.start)
                for one, whole in zip(part, box, strict=True)
            )
            old = self._boxes.get(label)
            self._boxes[label] = new if old is None else _around(old, new)
            self._highest = max(self._highest, label)
        self._loose.update(
            label for label, known in self._boxes.items() if _meet(known, box)
        )

    def _tightened(self, label: int, box: Box) -> Box | None:
        """Fit a box to what is left of its object; forget it if nothing is."""
        self._loose.discard(label)
        found = next(
            (part for one, part in _boxes(self.labels[box] == label) if one), None
        )
        if found is None:
            del self._boxes[label]
            return None
        tight = tuple(
            slice(one.start + whole.start, one.stop + whole.start)
            for one, whole in zip(found, box, strict=True)
        )
        self._boxes[label] = tight
        return tight


def spread(box: Box, by: int, shape: tuple[int, ...]) -> Box:
    """Return a box with a margin on the last two axes, cut at the image's edge."""
    flat = len(shape) - 2
    return tuple(
        side
        if axis < flat
        else slice(max(side.start - by, 0), min(side.stop + by, length))
        for axis, (side, length) in enumerate(zip(box, shape, strict=True))
    )


def _boxes(labels: NDArray[np.generic]) -> Iterable[tuple[int, Box]]:
    from scipy import ndimage

    if labels.dtype == np.bool_:
        labels = labels.view(np.uint8)
    highest = int(labels.max(initial=0))
    if highest <= _DENSE * max(sum(labels.shape), 1_000):
        found = ndimage.find_objects(labels, highest)
        return ((n, box) for n, box in enumerate(found, 1) if box is not None)
    # few labels, some of them huge: a list up to the highest would not fit
    present = np.unique(labels)
    present = present[present != 0]
    dense = np.searchsorted(present, labels).astype(np.int32) + 1
    dense[labels == 0] = 0
    found = ndimage.find_objects(dense, len(present))
    return zip(present.tolist(), found, strict=True)


def _grouped(values: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    order = np.argsort(values, kind="stable")
    present, starts = np.unique(values[order], return_index=True)
    yield from zip(present.tolist(), np.split(order, starts[1:]), strict=True)


def _around(one: Box, other: Box) -> Box:
    return tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(one, other, strict=True)
    )


def _meet(one: Box, other: Box) -> bool:
    return all(
        a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True)
    )
