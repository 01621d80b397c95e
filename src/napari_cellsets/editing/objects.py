"""Where each object of a label image lies, kept up to date by every edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Edit

    Box = tuple[slice, ...]
    Corners = NDArray[np.intp]

_Kind = TypeVar("_Kind", bound=np.generic)

_DENSE = 4
"""Labels up to so many times the number of pixels of a side are looked up in a list."""
_SPARSE = 1_000_000
"""So many more labels than objects are counted in a list, not object by object."""
_CHUNK_PX = 4_000_000
_MANY = 4
"""Where one object in so many has to be looked at anew, all are, in one pass."""
_UNKNOWN = -1


class KnownObjects(NamedTuple):
    """All objects of an image as it is now.

    Parameters
    ----------
    labels
        int64, (n,), all above 0.
    corners
        Of their boxes, intp, (n, 2, axes): the first pixel, and one past the last.
    areas
        int64, (n,), in pixels.
    """

    labels: NDArray[np.int64]
    corners: Corners
    areas: NDArray[np.int64]


class ObjectIndex:
    """Bounding boxes and areas of all objects of a label image.

    What is told is always true of the pixels, as long as every change of them is
    told by `update` or `changed`. A box that may have become too large is fitted
    only when somebody asks, so that no edit looks at more than it changes.

    Parameters
    ----------
    labels
        Integers, (y, x) or (z, y, x); what is not above 0 is background. Held, not
        copied: it is the image that is edited.
    taken
        Highest label that is in use elsewhere: in other planes of a stack.
    known
        What is there, where somebody has looked already; else it is looked for.
    """

    def __init__(
        self,
        labels: NDArray[np.integer],
        taken: int = 0,
        known: KnownObjects | None = None,
    ) -> None:
        self.labels = labels
        self._taken = taken
        self._fill(known)

    def __len__(self) -> int:
        self._settle()
        return len(self._row)

    def __contains__(self, label: object) -> bool:
        return isinstance(label, int) and self._known(label)

    def __iter__(self) -> Iterator[int]:
        self._settle()
        return iter(tuple(self._row))

    @property
    def highest(self) -> int:
        """No label in use is above this."""
        return max(self._taken, int(self._label[: len(self._row)].max(initial=0)))

    def box(self, label: int) -> Box:
        """Return the smallest box around an object.

        Raises
        ------
        EditError
            If there is no such object.
        """
        if not self._known(label):
            raise EditError(
                f"there is no object {label}", advice="Click on one that is there."
            )
        return _box_of(self._corners[self._row[label]])

    def mask(self, label: int) -> NDArray[np.bool_]:
        """Return the object inside its box."""
        return np.asarray(self.labels[self.box(label)] == label)

    def area(self, label: int) -> int:
        """Return how many pixels an object has.

        Raises
        ------
        EditError
            If there is no such object.
        """
        self.box(label)
        row = self._row[label]
        if self._area[row] == _UNKNOWN:
            self._area[row] = np.count_nonzero(self.mask(label))
        return int(self._area[row])

    def areas(self) -> dict[int, int]:
        """Return how many pixels each object has, by label."""
        self._settle()
        count = len(self._row)
        unknown = np.flatnonzero(self._area[:count] == _UNKNOWN)
        highest = int(self._label[:count].max(initial=0))
        if len(unknown) > count // _MANY and highest <= _MANY * count + _SPARSE:
            sizes = _counted(self.labels, highest)
            self._area[:count] = sizes[self._label[:count]]
        else:
            for row in unknown.tolist():
                self.area(int(self._label[row]))
        return {label: int(self._area[row]) for label, row in self._row.items()}

    def next_label(self, count: int = 1) -> int:
        """Return the first of `count` labels that are free.

        Raises
        ------
        EditError
            If the image's type of pixel cannot hold them.
        """
        most, highest = int(np.iinfo(self.labels.dtype).max), self.highest
        if highest + count > most:
            raise EditError(
                f"labels go up to {most:,} in this image, and all are taken",
                advice="Renumber the objects first.",
            )
        return highest + 1

    def take(self, label: int) -> None:
        """Take note that labels up to this one are in use elsewhere."""
        self._taken = max(self._taken, label)

    def update(self, edit: Edit) -> None:
        """Take note of an edit that was applied to `labels`."""
        places = np.stack(edit.coordinates, axis=1)
        for label, chosen in _grouped(edit.after):
            if label > 0:
                self._widen(label, _corners_of(places[chosen]))
                self._count(label, len(chosen))
        for label, chosen in _grouped(edit.before):
            row = self._row.get(label)
            if row is None:
                continue
            gone, known = _corners_of(places[chosen]), self._corners[row]
            # what is taken from within leaves the box as it was
            if (gone[0] <= known[0]).any() or (gone[1] >= known[1]).any():
                self._loose[row] = True
            self._count(label, -len(chosen))

    def changed(self, box: Box) -> None:
        """Take note that anything may have changed inside a box, by whoever."""
        start = np.array([side.start for side in box])
        stop = np.array([side.stop for side in box])
        known = self._corners[: len(self._row)]
        met = np.all((known[:, 0] < stop) & (start < known[:, 1]), axis=1).reshape(-1)
        self._loose[: len(met)] |= met
        self._area[: len(met)][met] = _UNKNOWN
        labels, corners = _found(self.labels[box])
        for label, part in zip(labels.tolist(), corners, strict=True):
            self._widen(label, part + start)
            self._area[self._row[label]] = _UNKNOWN

    # Inside

    def _fill(self, known: KnownObjects | None = None) -> None:
        if known is None:
            labels, corners = _found(self.labels)
            areas = np.full(len(labels), _UNKNOWN)
        else:
            labels, corners, areas = (column.copy() for column in known)
        self._label, self._corners = labels, corners
        self._loose = np.zeros(len(labels), bool)
        self._area = areas
        self._row = {label: row for row, label in enumerate(labels.tolist())}

    def _known(self, label: int) -> bool:
        row = self._row.get(label)
        if row is not None and self._loose[row]:
            self._fit(row)
        return label in self._row

    def _settle(self) -> None:
        """Fit every box that may be too large."""
        loose = np.flatnonzero(self._loose[: len(self._row)])
        if len(loose) > max(len(self._row) // _MANY, 100):
            self._fill()
            return
        # from the end: a row that goes is filled by the last one
        for row in loose[::-1].tolist():
            self._fit(row)

    def _fit(self, row: int) -> None:
        """Fit a box to what is left of its object; forget it if nothing is."""
        self._loose[row] = False
        label, corners = int(self._label[row]), self._corners[row]
        left = _extent(self.labels[_box_of(corners)] == label)
        if left is None:
            self._drop(row)
        else:
            self._corners[row] = left + corners[0]

    def _drop(self, row: int) -> None:
        last = len(self._row) - 1
        del self._row[int(self._label[row])]
        if row != last:
            for column in (self._label, self._corners, self._loose, self._area):
                column[row] = column[last]
            self._row[int(self._label[row])] = row

    def _widen(self, label: int, corners: Corners) -> None:
        row = self._row.get(label)
        if row is not None:
            known = self._corners[row]
            np.minimum(known[0], corners[0], out=known[0])
            np.maximum(known[1], corners[1], out=known[1])
            return
        row = len(self._row)
        if row == len(self._label):
            self._make_room()
        self._row[label] = row
        self._label[row], self._corners[row] = label, corners
        self._loose[row], self._area[row] = False, 0

    def _make_room(self) -> None:
        more = max(len(self._label), 64)
        self._label = _longer(self._label, more)
        self._corners = _longer(self._corners, more)
        self._loose = _longer(self._loose, more)
        self._area = _longer(self._area, more)

    def _count(self, label: int, by: int) -> None:
        row = self._row[label]
        if self._area[row] != _UNKNOWN:
            self._area[row] += by


def spread(box: Box, by: int, shape: tuple[int, ...]) -> Box:
    """Return a box with a margin on the last two axes, cut at the image's edge."""
    flat = len(shape) - 2
    return tuple(
        side
        if axis < flat
        else slice(max(side.start - by, 0), min(side.stop + by, length))
        for axis, (side, length) in enumerate(zip(box, shape, strict=True))
    )


def _found(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], Corners]:
    """Return the labels that are there, and first and last corner of each."""
    from scipy import ndimage

    highest = int(labels.max(initial=0))
    numbers: NDArray[np.int64] | None = None
    if highest > _DENSE * max(sum(labels.shape), 1_000):
        # few labels, some of them huge: a list up to the highest would not fit
        numbers = np.unique(labels)
        numbers = numbers[numbers > 0]
        dense = np.searchsorted(numbers, labels).astype(np.int32) + 1
        dense[labels <= 0] = 0
        labels, highest = dense, len(numbers)
    boxes = ndimage.find_objects(labels, highest) if highest > 0 else []
    there = [at for at, box in enumerate(boxes) if box is not None]
    corners = np.array(
        [[(side.start, side.stop) for side in boxes[at]] for at in there], np.intp
    ).reshape(-1, labels.ndim, 2)
    names = np.array(there, np.int64)
    names = names + 1 if numbers is None else numbers.astype(np.int64)[names]
    return names, np.ascontiguousarray(corners.transpose(0, 2, 1))


def _extent(mask: NDArray[np.bool_]) -> Corners | None:
    """Return first and last corner of what is true, None where nothing is."""
    sides = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        hits = np.flatnonzero(mask.any(axis=others))
        if not len(hits):
            return None
        sides.append((hits[0], hits[-1] + 1))
    return np.array(sides, np.intp).T


def _counted(labels: NDArray[np.integer], highest: int) -> NDArray[np.int64]:
    """Return how often each label up to `highest` occurs, in little memory."""
    sizes = np.zeros(highest + 1, np.int64)
    rows = labels.reshape(-1, labels.shape[-1])
    step = max(_CHUNK_PX // max(rows.shape[1], 1), 1)
    for start in range(0, len(rows), step):
        part = np.maximum(rows[start : start + step], 0).astype(np.intp)
        sizes += np.bincount(part.ravel(), minlength=highest + 1)
    return sizes


def _grouped(values: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    order = np.argsort(values, kind="stable")
    present, starts = np.unique(values[order], return_index=True)
    yield from zip(present.tolist(), np.split(order, starts[1:]), strict=True)


def _corners_of(places: Corners) -> Corners:
    return np.stack([places.min(axis=0), places.max(axis=0) + 1])


def _box_of(corners: Corners) -> Box:
    first, last = corners.tolist()
    return tuple(slice(a, b) for a, b in zip(first, last, strict=True))


def _longer(column: NDArray[_Kind], by: int) -> NDArray[_Kind]:
    more = np.zeros((by, *column.shape[1:]), column.dtype)
    return np.concatenate([column, more])
